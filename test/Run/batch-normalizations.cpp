// batch-normalizations.cpp - training steps and gradients in machine code, against the interpreter, in every variant.
// SPDX-License-Identifier: Apache-2.0

#include "Comparison.h"

#include <gtest/gtest.h>

using namespace bn::test;

namespace {

/// A training step or its gradients; an empty type leaves the operand out.
struct Step {
  std::string shape, parameter, axes = "1", element = "f32", statistics;
  std::string mask, adjustment; ///< shapes
  bool affine = true, running = false, renorm = false, clip = false;
  std::string attributes;

  std::string x() const { return "tensor<" + shape + element + ">"; }
  std::string wide() const { return element == "f64" ? "f64>" : "f32>"; }
  std::string p() const { return "tensor<" + parameter + wide(); }
  std::string s() const { return "tensor<" + (statistics.empty() ? parameter : statistics) + wide(); }
  std::string attributeList() const { return attributes.empty() ? "" : " {" + attributes + "}"; }

  std::string forward() const;
  std::string backward() const;
};

/// Arguments of a function and of the op in it, side by side.
struct Operands {
  std::string arguments, types;
  std::string add(const std::string &name, const std::string &type) {
    arguments += (arguments.empty() ? "%" : ", %") + name + ": " + type;
    types += (types.empty() ? "" : ", ") + type;
    return "%" + name;
  }
};

std::string Step::forward() const {
  Operands o;
  std::string op = "bn.training " + o.add("x", x());
  if (affine) {
    op += " scale " + o.add("g", p());
    op += " offset " + o.add("b", p());
  }
  unsigned state = 0;
  if (running) {
    std::string mean = o.add("m", p()), variance = o.add("v", p());
    op += " running(" + mean + ", " + variance + ")", state = 2;
  }
  if (renorm) {
    std::string mean = o.add("rm", p()), stddev = o.add("rs", p()), moving = o.add("ms", p());
    op += " renorm(" + mean + ", " + stddev + ", " + moving + ")", state = 5;
  }
  if (clip) {
    op += " rmin " + o.add("rmin", "tensor<" + wide());
    op += " rmax " + o.add("rmax", "tensor<" + wide());
    op += " dmax " + o.add("dmax", "tensor<" + wide());
  }
  if (!adjustment.empty()) {
    std::string a = o.add("a", "tensor<" + adjustment + wide()), c = o.add("c", "tensor<" + adjustment + wide());
    op += " adjustment(" + a + ", " + c + ")";
  }
  if (!mask.empty())
    op += " mask " + o.add("w", "tensor<" + mask + element + ">");
  std::string results = x() + ", " + s() + ", " + s(), names = "%y#0, %y#1, %y#2";
  for (unsigned i = 0; i < state; ++i)
    results += ", " + p(), names += ", %y#" + std::to_string(3 + i);
  return "func.func @main(" + o.arguments + ") -> (" + results + ") {\n  %y:" + std::to_string(3 + state) + " = " + op + " axes [" + axes +
         "] epsilon 1.0e-3 momentum 0.9" + attributeList() + " : (" + o.types + ") -> (" + results + ")\n  return " + names + " : " +
         results + "\n}\n";
}

std::string Step::backward() const {
  Operands o;
  std::string dy = o.add("dy", x()), op = "bn.training_grad " + dy + ", " + o.add("x", x());
  if (affine)
    op += " scale " + o.add("g", p());
  op += " mean " + o.add("m", s());
  op += " inv_stddev " + o.add("s", s());
  if (renorm) {
    std::string r = o.add("r", p()), d = o.add("d", p());
    op += " correction(" + r + ", " + d + ")";
  }
  std::string results = x() + ", " + p() + ", " + p(), names = "%y#0, %y#1, %y#2";
  if (!adjustment.empty()) {
    std::string type = "tensor<" + adjustment + wide(), a = o.add("a", type), c = o.add("c", type);
    op += " adjustment(" + a + ", " + c + ")";
    results += ", " + type + ", " + type, names += ", %y#3, %y#4";
  }
  if (!mask.empty())
    op += " mask " + o.add("w", "tensor<" + mask + element + ">");
  return "func.func @main(" + o.arguments + ") -> (" + results + ") {\n  %y:" + (adjustment.empty() ? "3" : "5") + " = " + op + " axes [" +
         axes + "]" + attributeList() + " : (" + o.types + ") -> (" + results + ")\n  return " + names + " : " + results + "\n}\n";
}

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

static Step plain(const char *shape, const char *parameter, const char *axes = "1", const char *element = "f32") {
  Step step{shape, parameter, axes, element};
  step.running = true;
  return step;
}

static Step with(Step step, void (*change)(Step &)) {
  change(step);
  return step;
}

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

// The variance keeps its digits far from zero.
TEST(BatchNormalizationNumbers, offsets) {
  for (const char *axes : {"1", "3"}) {
    Step step{"8x16x12x16x", "16x", axes};
    step.affine = false; // which would be as far from zero
    compareWithReference(step.forward(), {1e-4, 1e-4, 1e4, 1e4 + 7});
    compareWithReference(step.forward(), {1e-4, 1e-4, 1e6, 1e6 + 7});
  }
}

// A NaN or an infinity is its own channel's affair. The sum with a constant brings it into the data.
TEST(BatchNormalizationNumbers, nan_poisons_its_channel) {
  compareWithReference(R"(func.func @main(%x: tensor<2x3x2xf32>, %p: tensor<3xf32>) -> (tensor<2x3x2xf32>, tensor<3xf32>) {
  %k = onnx.constant dense<[[[0.0, 0.0], [0x7FC00000, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0], [0.0, 0x7F800000]]]> : tensor<2x3x2xf32>
  %z = onnx.add %x, %k {version = 14 : i64} : (tensor<2x3x2xf32>, tensor<2x3x2xf32>) -> tensor<2x3x2xf32>
  %y, %m, %s, %state:2 = bn.training %z scale %p running(%p, %p) axes [1] epsilon 1.0e-3 momentum 0.9
    : (tensor<2x3x2xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x2xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %y, %state#0 : tensor<2x3x2xf32>, tensor<3xf32>
})");
}

// An empty batch changes no state and has gradients of zero.
TEST(BatchNormalizationNumbers, empty_batch) {
  Step step = plain("0x3x5x", "3x");
  compareWithReference(step.forward());
  compareWithReference(step.backward());
}

// Results larger than the cache are stored past it, from any address on.
TEST(BatchNormalizationNumbers, streamed) {
  compareWithReference(plain("3x7x331x313x", "7x").forward(), {2e-5, 2e-5});
  compareWithReference(plain("70000x32x", "32x").forward(), {2e-5, 2e-5});
  compareWithReference(plain("3x24x150x313x", "24x").forward(), {2e-5, 2e-5});
  compareWithReference(plain("3x17x150x313x", "17x").backward(), {2e-4, 2e-4});
}

// Rows of whole vectors: a slab is mapped while the next is summed, whatever shares the rows.
TEST(BatchNormalizationNumbers, overlapped) {
  Step step = plain("22x35x56x56x", "35x");
  compareWithReference(step.forward(), {2e-5, 2e-5});
  compareWithReference(step.backward(), {2e-4, 2e-4});
  compareWithReference(plain("4x33x128x136x", "33x").forward(), {2e-5, 2e-5});  // rows in pieces
  compareWithReference(plain("3x70x5x56x48x", "70x").backward(), {2e-4, 2e-4});
  compareWithReference(plain("300x33x240x", "33x").forward(), {2e-5, 2e-5});    // slabs of several groups
  compareWithReference(plain("32x352x14x14x", "352x").backward(), {2e-4, 2e-4}); // a quarter of a vector
  compareWithReference(plain("33x40x32x56x", "40x32x", "1, 2").forward(), {2e-5, 2e-5}); // half a vector, short rows
  step.renorm = step.clip = true;
  step.mask = "22x1x56x56x";
  compareWithReference(step.forward(), {2e-5, 2e-5, 0, 2});
  step.adjustment = "35x1x1x";
  compareWithReference(step.backward(), {2e-4, 2e-4, 0, 2});
  step = plain("22x35x56x56x", "35x");
  step.statistics = "2x35x";
  step.attributes = "ghosts = 2 : i64";
  compareWithReference(step.forward(), {2e-5, 2e-5});
  compareWithReference(step.backward(), {2e-4, 2e-4});
}

// The order of sums is that of the data, whoever adds: one worker's slabs, parts of all workers', and what is stored past the cache.
TEST(BatchNormalizationNumbers, threads) {
  for (Step step : {plain("8x16x30x31x", "16x"), plain("4000x70x", "70x"), plain("1x2x300x500x", "2x"), plain("150001x3x", "3x"),
                    plain("3x24x150x313x", "24x"), plain("70000x32x", "32x"), plain("22x35x56x56x", "35x"),
                    plain("33x40x32x56x", "40x32x", "1, 2"), plain("32x352x14x14x", "352x")}) {
    compareThreads(step.forward());
    compareThreads(step.backward());
  }
  Step ghosts = with(plain("6x16x30x31x", "16x"), [](Step &s) {
    s.statistics = "2x16x";
    s.attributes = "ghosts = 2 : i64";
  });
  compareThreads(ghosts.forward());
  compareThreads(ghosts.backward());
  ghosts.renorm = ghosts.clip = true;
  compareThreads(ghosts.forward());
  compareThreads(with(plain("8x16x30x31x", "16x"), [](Step &s) { s.renorm = s.clip = true; }).forward());
  compareThreads(with(plain("8x16x30x31x", "16x"), [](Step &s) { s.mask = "8x1x30x31x"; }).forward(), {0, 0, 0, 2});
}

// Two reductions of one shape, both results.
TEST(BatchNormalizationNumbers, threads_of_two_reductions) {
  compareThreads(R"(func.func @main(%x: tensor<64x9x40x40xf32>, %y: tensor<64x9x40x40xf32>) -> (tensor<9xf32>, tensor<9xf32>, tensor<9xf32>, tensor<9xf32>) {
  %mx, %vx, %nx = bn.moments %x axes [1] : (tensor<64x9x40x40xf32>) -> (tensor<9xf32>, tensor<9xf32>, tensor<9xf32>)
  %my, %vy, %ny = bn.moments %y axes [1] : (tensor<64x9x40x40xf32>) -> (tensor<9xf32>, tensor<9xf32>, tensor<9xf32>)
  return %mx, %vx, %my, %vy : tensor<9xf32>, tensor<9xf32>, tensor<9xf32>, tensor<9xf32>
})");
  compareThreads(R"(func.func @main(%x: tensor<64x9x40x40xf32>, %y: tensor<64x9x40x40xf32>) -> (tensor<1x9x1x1xf32>, tensor<1x9x1x1xf32>) {
  %s = onnx.node "ReduceMean"(%x) version 13 {axes = array<i64: 0, 2, 3>, keepdims = 1 : i64} : (tensor<64x9x40x40xf32>) -> tensor<1x9x1x1xf32>
  %t = onnx.node "ReduceMean"(%y) version 13 {axes = array<i64: 0, 2, 3>, keepdims = 1 : i64} : (tensor<64x9x40x40xf32>) -> tensor<1x9x1x1xf32>
  return %s, %t : tensor<1x9x1x1xf32>, tensor<1x9x1x1xf32>
})");
}

// One element a group, groups of equal elements, and one that a mask hides altogether.
TEST(BatchNormalizationNumbers, degenerate_groups) {
  const char *step = R"(func.func @main(%x: tensor<SHAPExf32>, %p: tensor<3xf32>) -> (tensor<SHAPExf32>, tensor<3xf32>, tensor<3xf32>) {
  %z = onnx.mul %x, %x {version = 14 : i64} : (tensor<SHAPExf32>, tensor<SHAPExf32>) -> tensor<SHAPExf32>
  %c = onnx.constant dense<VALUE> : tensor<3x1xf32>
  %k = onnx.node "Max"(%z, %c) version 13 : (tensor<SHAPExf32>, tensor<3x1xf32>) -> tensor<SHAPExf32>
  %y, %m, %s, %state:2 = bn.training %k scale %p offset %p running(%p, %p) axes [1] epsilon 1.0e-3 momentum 0.9 {variance_update = #bn.variance<bessel>}
    : (tensor<SHAPExf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
    -> (tensor<SHAPExf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %y, %state#0, %state#1 : tensor<SHAPExf32>, tensor<3xf32>, tensor<3xf32>
})";
  auto compare = [&](const std::string &shape, const std::string &value) {
    std::string text = step;
    for (size_t at; (at = text.find("SHAPE")) != std::string::npos;)
      text.replace(at, 5, shape);
    text.replace(text.find("VALUE"), 5, value);
    compareWithReference(text);
  };
  compare("1x3x1", "0.0");
  compare("5x3x7", "12345.678"); // above every square: constant channels
}

// All of a channel is masked: statistics of 0 with an epsilon (Keras 3), NaN without (Keras 2), and the state as it was.
TEST(BatchNormalizationNumbers, masks_of_a_channel) {
  for (std::string attributes : {"", " {mask_epsilon = 1.0e-7 : f64}"})
    compareWithReference(R"(func.func @main(%x: tensor<4x3x5xf32>, %p: tensor<3xf32>) -> (tensor<4x3x5xf32>, tensor<3xf32>, tensor<3xf32>) {
  %w = onnx.constant dense<[[[1.0], [0.0], [1.0]]]> : tensor<1x3x1xf32>
  %y, %m, %s, %state:2 = bn.training %x scale %p running(%p, %p) mask %w axes [1] epsilon 1.0e-3 momentum 0.9)" +
                             attributes + R"( : (tensor<4x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<1x3x1xf32>)
    -> (tensor<4x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %y, %state#0, %state#1 : tensor<4x3x5xf32>, tensor<3xf32>, tensor<3xf32>
})");
}

// The variance of f32 data at offsets up to a million standard deviations, to 1e-5: f32 still tells the data apart.
TEST(BatchNormalizationNumbers, far_from_zero) {
  for (std::string shape : {"8x3x1", "1048576x3x1", "64x3x4096"})
    for (double offset : {0.0, 100.0, 1e4, 1e6})
      compareWithReference("func.func @main(%x: tensor<" + shape + "xf32>) -> tensor<3xf32> {\n" +
                               "  %m, %v, %n = bn.moments %x axes [1] : (tensor<" + shape +
                               "xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)\n  return %v : tensor<3xf32>\n}\n",
                           {0, 1e-5, offset - 2, offset + 2});
}

TEST(BatchNormalizationNumbers, inference_streamed) {
  compareWithReference(R"(func.func @main(%x: tensor<3x7x331x313xf32>, %p: tensor<7xf32>) -> tensor<3x7x331x313xf32> {
  %y = bn.inference %x scale %p offset %p mean %p variance %p axes [1] epsilon 1.0e-3
    : (tensor<3x7x331x313xf32>, tensor<7xf32>, tensor<7xf32>, tensor<7xf32>, tensor<7xf32>) -> tensor<3x7x331x313xf32>
  return %y : tensor<3x7x331x313xf32>
})",
                       {1e-5, 1e-5, 0.5, 2});
}

// Activation and residual become part of the kernel, also when the state is updated between.
TEST(BatchNormalizationNumbers, epilogue) {
  compareWithReference(R"(func.func @main(%x: tensor<2x3x5x7xf32>, %p: tensor<3xf32>, %s: tensor<2x1x5x7xf32>) -> (tensor<2x3x5x7xf32>, tensor<3xf32>) {
  %y, %m, %i, %state:2 = bn.training %x scale %p running(%p, %p) axes [1] epsilon 1.0e-3 momentum 0.9
    : (tensor<2x3x5x7xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x5x7xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  %t = onnx.node "Exp"(%s) version 13 : (tensor<2x1x5x7xf32>) -> tensor<2x1x5x7xf32>
  %a = onnx.add %y, %t {version = 14 : i64} : (tensor<2x3x5x7xf32>, tensor<2x1x5x7xf32>) -> tensor<2x3x5x7xf32>
  %r = onnx.relu %a {version = 14 : i64} : (tensor<2x3x5x7xf32>) -> tensor<2x3x5x7xf32>
  return %r, %state#1 : tensor<2x3x5x7xf32>, tensor<3xf32>
})", {2e-5, 2e-5});
}

// The steps of the decomposition, each by itself.
TEST(BatchNormalizationNumbers, decomposition) {
  compareWithReference(
      R"(func.func @main(%x: tensor<6x3x5xf32>, %g: tensor<3xf32>, %rm: tensor<3xf32>, %rs: tensor<3xf32>, %rmax: tensor<f32>)
      -> (tensor<6x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<2x3xf32>) {
  %means, %variances, %counts = bn.moments %x axes [1] {ghosts = 2 : i64} : (tensor<6x3x5xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>)
  %mean = bn.pool_ghosts %means : tensor<2x3xf32> -> tensor<3xf32>
  %variance = bn.pool_ghosts %variances : tensor<2x3xf32> -> tensor<3xf32>
  %count = bn.pool_ghosts %counts : tensor<2x3xf32> -> tensor<3xf32>
  %s = bn.inv_stddev %variances epsilon 1.0e-3 : tensor<2x3xf32>
  %r, %d, %stddev = bn.renorm_correction %mean, %variance, %rm, %rs rmax %rmax epsilon 1.0e-3
    : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<f32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  %y = bn.normalize %x mean %means inv_stddev %s correction(%r, %d) scale %g axes [1] {ghosts = 2 : i64}
    : (tensor<6x3x5xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<6x3x5xf32>
  %new = bn.update_average %rs, %stddev count %count bessel momentum 0.9 : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %restored = bn.restore_variance %new epsilon 1.0e-3 : tensor<3xf32>
  %ma, %va, %na = bn.merge_moments (%means, %variances, %counts), (%s, %variances, %counts) : tensor<2x3xf32>
  return %y, %new, %restored, %va : tensor<6x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<2x3xf32>
})",
      {2e-5, 2e-5});
}

// A set without elements says nothing, whatever its moments are.
TEST(BatchNormalizationNumbers, merge_of_empty_sets) {
  compareWithReference(R"(func.func @main(%m: tensor<4xf32>, %v: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %na = onnx.constant dense<[0.0, 3.0, 0.0, 2.0]> : tensor<4xf32>
  %nb = onnx.constant dense<[0.0, 0.0, 5.0, 4.0]> : tensor<4xf32>
  %mb = onnx.constant dense<[0x7FC00000, 0x7FC00000, 1.0, 2.0]> : tensor<4xf32>
  %ma = onnx.constant dense<[1.0, 2.0, 0x7FC00000, 3.0]> : tensor<4xf32>
  %mean, %variance, %n = bn.merge_moments (%ma, %v, %na), (%mb, %m, %nb) : tensor<4xf32>
  return %mean, %variance, %n : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
})");
}

TEST(BatchNormalizationNumbers, inference_grad) {
  const char *text = R"(func.func @main(%dy: tensor<2x3x5xf32>, %x: tensor<2x3x5xf32>, %p: tensor<3xf32>)
      -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) {
  %r:5 = bn.inference_grad %dy, %x scale %p mean %p variance %p axes [1] epsilon 1.0e-3
    : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
    -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %r#0, %r#1, %r#2, %r#3, %r#4 : tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
})";
  compareWithReference(text, {2e-5, 2e-5, 0.5, 2});
  compareExpanded(text, {2e-5, 2e-5, 0.5, 2});
}
