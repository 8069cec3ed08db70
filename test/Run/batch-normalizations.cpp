// batch-normalizations.cpp - training steps and gradients in machine code, against the interpreter, in every variant.
// SPDX-License-Identifier: Apache-2.0

#include "BatchNormalizationSteps.h"
#include "Comparison.h"

#include <gtest/gtest.h>

using namespace bn::test;

namespace {

class BatchNormalization : public testing::TestWithParam<Step> {
protected:
  /// Sums of halves and of f32 data.
  static Tolerance tolerance() {
    const Step &step = GetParam();
    double error = step.element == "f64" ? 1e-12 : step.element == "f32" ? 2e-5 : 1e-2;
    bool positive = !step.mask.empty(); // weights of a mask are
    return {error, error, positive ? 0.0 : -2.0, 2.0};
  }
};

} // namespace

TEST_P(BatchNormalization, forward) { compareWithReference(GetParam().forward(), tolerance()); }

TEST_P(BatchNormalization, expanded) { compareExpanded(GetParam().forward(), tolerance()); }

TEST_P(BatchNormalization, backward) { compareWithReference(GetParam().backward(), tolerance()); }

TEST_P(BatchNormalization, expanded_backward) { compareExpanded(GetParam().backward(), tolerance()); }

static const Step steps[] = {
    // layouts: along a group, across groups, several kept axes, one element a group, tails of vectors
    plain("2x3x5x7x", "3x"),
    plain("4x6x19x13x", "6x"),
    plain("2x3x5x7x", "7x", "3"),
    plain("37x83x", "83x"),
    plain("5x150x", "150x"),
    plain("3x5x4x37x", "5x37x", "1, 3"),
    plain("1x3x", "3x"),
    plain("1x3x1x1x", "3x"),
    plain("7x", "7x", "0"),
    plain("4x3x5x", "4x3x5x", "0, 1, 2"),
    // types
    plain("2x3x5x7x", "3x", "1", "f64"),
    plain("2x3x5x7x", "3x", "1", "f16"),
    plain("6x40x", "40x", "1", "bf16"),
    // the estimator of the running variance, an absent scale
    with(plain("2x3x5x7x", "3x"),
         [](Step &s) {
           s.attributes = "variance_update = #bn.variance<bessel>";
           s.affine = false;
         }),
    // renormalization
    with(plain("2x3x5x7x", "3x"),
         [](Step &s) {
           s.renorm = true;
           s.attributes = "renorm_momentum = 0.8";
         }),
    with(plain("9x40x", "40x"), [](Step &s) { s.renorm = s.clip = true; }),
    // ghosts, with renormalization too
    with(plain("6x3x5x", "3x"),
         [](Step &s) {
           s.statistics = "2x3x";
           s.attributes = "ghosts = 2 : i64";
         }),
    with(plain("6x5x3x", "3x", "2"),
         [](Step &s) {
           s.statistics = "3x3x";
           s.attributes = "ghosts = 3 : i64, grouping = #bn.grouping<contiguous>";
         }),
    with(plain("6x3x5x", "3x"),
         [](Step &s) {
           s.statistics = "2x3x";
           s.attributes = "ghosts = 2 : i64";
           s.renorm = s.clip = true;
         }),
    // masks of both Kerases, adjustments
    with(plain("4x5x3x", "3x", "2"), [](Step &s) { s.mask = "4x5x1x"; }),
    with(plain("4x3x5x7x", "3x"),
         [](Step &s) {
           s.mask = "4x1x5x7x";
           s.attributes = "mask_epsilon = 1.0e-7 : f64";
         }),
    with(plain("4x3x5x7x", "3x"), [](Step &s) { s.adjustment = "3x1x1x"; }),
    with(plain("4x3x5x7x", "3x"),
         [](Step &s) {
           s.adjustment = "4x3x5x7x";
           s.mask = "4x1x1x1x";
           s.renorm = true;
           s.affine = false;
         }),
    // groups of more elements than a slab holds: summed in parts
    plain("1x2x300x500x", "2x"),
    plain("150001x3x", "3x"),
};

INSTANTIATE_TEST_SUITE_P(Variants, BatchNormalization, testing::ValuesIn(steps));
