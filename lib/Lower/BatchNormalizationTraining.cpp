// BatchNormalizationTraining.cpp - bn.training: statistics, normalization and output in one kernel, then the state.
// SPDX-License-Identifier: Apache-2.0
//
// The kernel sums around a center c near the mean, so that the variance keeps its digits however far the data is from zero, and maps
// (x − c)·a + b with a and b computed in double. Renormalization with ghosts needs the statistics of all ghosts before
// the first element is normalized; it takes them in a kernel of its own. The state's few numbers are linalg.

#include "BatchNormalizations.h"

using namespace mlir;

namespace bn::lower {

namespace {
/// bn.training on its way to kernel form.
class Step {
public:
  explicit Step(NodeLowering &n)
      : n(n), b(n.b), op(cast<TrainingOp>(n.op)), domain(n.inShape(0), op.getAxes(), op.getGhosts(), op.getGrouping()),
        epsilon(op.getEpsilon().convertToDouble()) {}
  void lower();

private:
  Value in(unsigned position) { return operandAt(n, op, position); }
  bool renormalizes() { return in(kRenormMean) != nullptr; }
  bool isMasked() { return in(kMask) != nullptr; }
  bool adjusts() { return in(kAdjustmentScale) != nullptr; }
  void correctGhosts();

  /// What the kernel reads by parameter, in its order; r and d or what they are computed from.
  struct Parameters {
    OptionalArgument scale, offset, r, d, renormMean, renormStddev, rmin, rmax, dmax;
  };
  Parameters addParameters(NormalizeKernel &kernel);
  /// r and d, inside the kernel; 1 and 0 without renormalization.
  Correction findCorrection(Builder &b, ArrayRef<Value> v, const Parameters &given, const NumberMoments &moments);
  /// The statistics of a group, and the factor and summand of its elements.
  SmallVector<Value> finish(Builder &b, ArrayRef<Value> v, const Parameters &given);
  Value mapElement(Builder &b, ArrayRef<Value> v, const Parameters &given);
  void normalize();

  void addState();
  Value updateAverage(unsigned position, Value batch, bool bessel, double momentum);
  Value average(Value byGroup) { return domain.ghosts > 1 ? reduceMean(b, byGroup, 0) : byGroup; }

  // Positions of operands in the op's definition.
  enum : unsigned {
    kScale = 1,
    kOffset,
    kRunningMean,
    kRunningVariance,
    kRenormMean,
    kRenormStddev,
    kMovingStddev,
    kRmin,
    kRmax,
    kDmax,
    kAdjustmentScale,
    kAdjustmentOffset,
    kMask
  };

  NodeLowering &n;
  Builder &b;
  TrainingOp op;
  NormalizeDomain domain;
  double epsilon;
  Value r, d;                  ///< of renormalization with ghosts, by parameter, in f64
  Value mean, variance, count; ///< what the state follows, by parameter, in f64; count only with a mask
};
} // namespace

/// r and d from the statistics of all ghosts, which a kernel without a map takes.
void Step::correctGhosts() {
  NormalizeKernel kernel;
  kernel.elements = {domain.element(b, n.in(0), n.inShape(0))};
  addMoments(kernel, /*masked=*/false);
  kernel.statistics = {b.getF64Type(), b.getF64Type()};
  kernel.finish = [&](Builder &b, ArrayRef<Value> v) -> SmallVector<Value> {
    NumberMoments moments = finishMoments(b, v, false, domain.count, 0);
    return {moments.mean, moments.variance};
  };
  SmallVector<Value> statistics = kernel.build(b, domain, {});
  SmallVector<Value> operands = {average(statistics[0]), average(statistics[1]), in(kRenormMean), in(kRenormStddev)};
  SmallVector<int> bounds;
  for (unsigned position : {kRmin, kRmax, kDmax}) {
    bounds.push_back(in(position) ? operands.size() : -1);
    if (in(position))
      operands.push_back(in(position));
  }
  auto wide = RankedTensorType::get(domain.parameters, b.getF64Type());
  auto correction = [&](Builder &b, ValueRange v) {
    SmallVector<Value> w = llvm::map_to_vector(v, [&](Value x) { return convertFloat(b, x, b.getF64Type()); });
    auto bound = [&](int i) { return bounds[i] < 0 ? Value() : w[bounds[i]]; };
    Value stddev = squareRoot(b, addNumbers(b, w[1], number(b, b.getF64Type(), epsilon)));
    return correct(b, w[0], stddev, w[2], w[3], {bound(0), bound(1), bound(2)}, epsilon);
  };
  r = map(b, wide, operands, [&](Builder &b, ValueRange v) { return correction(b, v).r; });
  d = map(b, wide, operands, [&](Builder &b, ValueRange v) { return correction(b, v).d; });
}

Step::Parameters Step::addParameters(NormalizeKernel &kernel) {
  auto add = [&](Value value, Shape shape) { return OptionalArgument(b, kernel.groups, value, shape); };
  auto renorm = [&](unsigned position) { return r ? Value() : in(position); };
  SmallVector<int64_t> one(domain.shape.size(), 1);
  Shape each = domain.parameterShape;
  return {add(in(kScale), each),
          add(in(kOffset), each),
          add(r, each),
          add(d, each),
          add(renorm(kRenormMean), each),
          add(renorm(kRenormStddev), each),
          add(renorm(kRmin), one),
          add(renorm(kRmax), one),
          add(renorm(kDmax), one)};
}

Correction Step::findCorrection(Builder &b, ArrayRef<Value> v, const Parameters &given, const NumberMoments &moments) {
  Type f64 = b.getF64Type();
  if (!given.renormMean)
    return {given.r.get(b, v, 0, f64, 1), given.d.get(b, v, 0, f64, 0)};
  Value stddev = squareRoot(b, addNumbers(b, moments.variance, number(b, f64, epsilon)));
  auto bound = [&](const OptionalArgument &bound) { return bound ? bound.get(b, v, 0, f64, 0) : Value(); };
  return correct(b, moments.mean, stddev, given.renormMean.get(b, v, 0, f64, 0), given.renormStddev.get(b, v, 0, f64, 1),
                 {bound(given.rmin), bound(given.rmax), bound(given.dmax)}, epsilon);
}

SmallVector<Value> Step::finish(Builder &b, ArrayRef<Value> v, const Parameters &given) {
  NumberMoments moments = finishMoments(b, v, isMasked(), domain.count, op.getMaskEpsilon().convertToDouble());
  Value inverse = inverseStddev(b, moments.variance, epsilon);
  Correction c = findCorrection(b, v, given, moments);
  // z·r + d = (x − center)·factor + summand
  Value factor = mulNumbers(b, inverse, c.r), summand = subNumbers(b, c.d, mulNumbers(b, moments.shift, factor));
  SmallVector<Value> results = {moments.mean, inverse, moments.mean, moments.variance};
  if (isMasked())
    results.push_back(moments.count);
  if (!adjusts()) {
    Value g = given.scale.get(b, v, 0, b.getF64Type(), 1);
    factor = mulNumbers(b, factor, g);
    summand = addNumbers(b, mulNumbers(b, summand, g), given.offset.get(b, v, 0, b.getF64Type(), 0));
  }
  results.append({factor, summand});
  return results;
}

Value Step::mapElement(Builder &b, ArrayRef<Value> v, const Parameters &given) {
  Value centred = subNumbers(b, v[0], v[v.size() - 3]);
  Value y = fma(b, centred, v[v.size() - 2], v.back());
  if (!adjusts())
    return y;
  unsigned firstExtra = isMasked() ? 2 : 1, firstGroup = firstExtra + 2;
  Type type = y.getType();
  y = fma(b, y, v[firstExtra], v[firstExtra + 1]);
  return fma(b, y, given.scale.get(b, v, firstGroup, type, 1), given.offset.get(b, v, firstGroup, type, 0));
}

void Step::normalize() {
  NormalizeKernel kernel;
  kernel.elements = {domain.element(b, n.in(0), n.inShape(0))};
  if (isMasked())
    kernel.elements.push_back(domain.element(b, in(kMask), n.inShape(0)));
  if (adjusts())
    for (unsigned position : {kAdjustmentScale, kAdjustmentOffset})
      kernel.extras.push_back(domain.element(b, in(position), n.inShape(0)));
  Parameters given = addParameters(kernel);
  addMoments(kernel, isMasked());
  kernel.statistics = {n.outType(1).getElementType(), n.outType(2).getElementType(), b.getF64Type(), b.getF64Type()};
  if (isMasked())
    kernel.statistics.push_back(b.getF64Type());
  kernel.finish = [&](Builder &b, ArrayRef<Value> v) { return finish(b, v, given); };
  kernel.output = n.outType(0).getElementType();
  kernel.map = [&](Builder &b, ArrayRef<Value> v) -> SmallVector<Value> { return {mapElement(b, v, given)}; };
  SmallVector<Value> results = kernel.build(b, domain, n.inShape(0));
  n.results.append(results.begin(), results.begin() + 3);
  mean = average(results[3]), variance = average(results[4]);
  if (isMasked())
    count = results[5];
}

/// The average at operand `position` after the step.
Value Step::updateAverage(unsigned position, Value batch, bool bessel, double momentum) {
  Value old = in(position);
  SmallVector<Value> operands = {old, batch};
  if (count)
    operands.push_back(count);
  if (domain.count == 0)
    return old;
  return map(b, typeOf(old), operands, [&](Builder &b, ValueRange v) -> Value {
    Value counted = count ? v[2] : number(b, b.getF64Type(), domain.count);
    return averageStep(b, convertFloat(b, v[0], b.getF64Type()), v[1], count || bessel ? counted : Value(), bessel, momentum);
  });
}

void Step::addState() {
  double momentum = op.getMomentum().convertToDouble(), renormMomentum = op.getRenormMomentum().convertToDouble();
  if (!in(kRunningMean))
    return;
  n.results.push_back(updateAverage(kRunningMean, mean, false, momentum));
  if (!renormalizes()) {
    n.results.push_back(updateAverage(kRunningVariance, variance, op.getVarianceUpdate() == VarianceUpdate::Bessel, momentum));
    return;
  }
  Value stddev = map(b, typeOf(variance), variance, [&](Builder &b, ValueRange v) -> Value {
    return squareRoot(b, addNumbers(b, v[0], number(b, b.getF64Type(), epsilon)));
  });
  Value moved = updateAverage(kMovingStddev, stddev, false, momentum);
  n.results.push_back(map(b, typeOf(in(kRunningVariance)), moved, [&](Builder &b, ValueRange v) -> Value {
    return restoreVariance(b, convertFloat(b, v[0], b.getF64Type()), epsilon);
  }));
  n.results.push_back(updateAverage(kRenormMean, mean, false, renormMomentum));
  n.results.push_back(updateAverage(kRenormStddev, stddev, false, renormMomentum));
  n.results.push_back(moved);
}

void Step::lower() {
  if (renormalizes() && domain.ghosts > 1)
    correctGhosts();
  normalize();
  addState();
}

LogicalResult lowerTraining(NodeLowering &n) {
  Step(n).lower();
  return success();
}

} // namespace bn::lower
