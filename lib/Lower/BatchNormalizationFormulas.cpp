// BatchNormalizationFormulas.cpp - the formulas of normalizations on numbers, in double.
// SPDX-License-Identifier: Apache-2.0
//
// Sums are taken around a center near the mean, so that the variance keeps its digits however far the data is from zero.

#include "BatchNormalizations.h"

using namespace mlir;

namespace bn::lower {

Correction correct(Builder &b, Value mean, Value stddev, Value renormMean, Value renormStddev, const Bounds &bounds, double epsilon) {
  Value reference = atLeast(b, renormStddev, number(b, b.getF64Type(), std::sqrt(epsilon)));
  Correction c{divNumbers(b, stddev, reference), divNumbers(b, subNumbers(b, mean, renormMean), reference)};
  if (bounds.rmin)
    c.r = atLeast(b, c.r, bounds.rmin);
  if (bounds.rmax)
    c.r = atMost(b, c.r, bounds.rmax);
  if (bounds.dmax)
    c.d = atMost(b, atLeast(b, c.d, arith::NegFOp::create(b, bounds.dmax)), bounds.dmax);
  return c;
}

Value inverseStddev(Builder &b, Value variance, double epsilon) {
  return divNumbers(b, number(b, b.getF64Type(), 1), squareRoot(b, addNumbers(b, variance, number(b, b.getF64Type(), epsilon))));
}

Value restoreVariance(Builder &b, Value stddev, double epsilon) {
  Value variance = subNumbers(b, mulNumbers(b, stddev, stddev), number(b, b.getF64Type(), epsilon));
  return atLeast(b, variance, number(b, b.getF64Type(), 0));
}

/// Whether a number is neither infinite nor NaN.
static Value isFinite(Builder &b, Value x) {
  Value infinity = number(b, x.getType(), std::numeric_limits<double>::infinity());
  return arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, math::AbsFOp::create(b, x), infinity);
}

void addMoments(NormalizeKernel &kernel, bool masked) {
  auto weightOf = [masked](Builder &b, ArrayRef<Value> v) { return masked ? v[1] : number(b, v[0].getType(), 1); };
  kernel.sample = [=](Builder &b, ArrayRef<Value> v) -> SmallVector<Value> {
    Value weight = weightOf(b, v);
    return {masked ? mulNumbers(b, weight, v[0]) : v[0], weight};
  };
  kernel.center = [](Builder &b, ArrayRef<Value> v) -> SmallVector<Value> {
    Value mean = divNumbers(b, v[v.size() - 2], v.back());
    // Where the sample says nothing, any center does.
    return {arith::SelectOp::create(b, isFinite(b, mean), mean, number(b, b.getF64Type(), 0))};
  };
  kernel.terms = [=](Builder &b, ArrayRef<Value> v) -> SmallVector<Value> {
    Value difference = subNumbers(b, v[0], v.back());
    if (!masked)
      return {difference, mulNumbers(b, difference, difference)};
    Value weighted = mulNumbers(b, v[1], difference);
    return {weighted, mulNumbers(b, weighted, difference), v[1]};
  };
}

NumberMoments finishMoments(Builder &b, ArrayRef<Value> v, bool masked, int64_t count, double maskEpsilon) {
  unsigned terms = masked ? 3 : 2;
  ArrayRef<Value> sums = v.take_back(terms);
  Value center = v[v.size() - terms - 1], n = masked ? sums[2] : number(b, b.getF64Type(), count);
  Value extra = number(b, b.getF64Type(), masked ? maskEpsilon : 0), total = addNumbers(b, n, extra);
  // mean − center, and Σ w·(x − mean)² from the sums around the center
  Value shift = divNumbers(b, subNumbers(b, sums[0], mulNumbers(b, center, extra)), total);
  Value cross = mulNumbers(b, shift, subNumbers(b, addNumbers(b, sums[0], sums[0]), mulNumbers(b, shift, n)));
  Value variance = divNumbers(b, subNumbers(b, sums[1], cross), total);
  return {addNumbers(b, center, shift), atLeast(b, variance, number(b, b.getF64Type(), 0)), n, shift};
}

Value averageStep(Builder &b, Value old, Value batch, Value count, bool bessel, double momentum) {
  Type f64 = b.getF64Type();
  if (bessel)
    batch = divNumbers(b, mulNumbers(b, batch, count), atLeast(b, subNumbers(b, count, number(b, f64, 1)), number(b, f64, 1)));
  Value updated = addNumbers(b, mulNumbers(b, number(b, f64, momentum), old), mulNumbers(b, number(b, f64, 1 - momentum), batch));
  if (!count)
    return updated;
  Value isEmpty = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, count, number(b, f64, 0));
  return arith::SelectOp::create(b, isEmpty, old, updated);
}

} // namespace bn::lower
