// BatchNormGradients.cpp - the gradients of the bn dialect, as BNGradients.td and BNGradientSteps.td state them.
// SPDX-License-Identifier: Apache-2.0

#include "BatchNormOps.h"

#include <cmath>

using namespace mlir;

namespace bn::reference {

LogicalResult evaluateOp(InferenceGradOp op, Operands operands, Results &results) {
  auto get = [&](unsigned position) { return getOperand(op, operands, position); };
  const Tensor &dy = *get(0), &x = *get(1), *scale = get(2), &mean = *get(3), &variance = *get(4);
  FailureOr<Groups> groups = Groups::get(op, x, op.getAxes());
  if (failed(groups) || failed(checkShapes(op, x.shape, &dy)) ||
      failed(checkShapes(op, groups->parameterShape, {scale, &mean, &variance})))
    return failure();
  Vector s = invertStddev(variance.reals(), op.getEpsilon().convertToDouble());
  Vector sum(groups->channels), centredSum(groups->channels); // Σdy and Σdy·(x − μ)
  Tensor dx = makeTensor(x.elementType, x.shape);
  auto scaleOf = [&](int64_t c) { return scale ? scale->reals()[c] : 1; };
  groups->forEachElement([&](int64_t at, int64_t c, int64_t, ArrayRef<int64_t>) {
    double g = dy.reals()[at];
    sum[c] += g;
    centredSum[c] += g * (x.reals()[at] - mean.reals()[c]);
    dx.mutableReals()[at] = g * scaleOf(c) * s[c];
  });
  results.push_back(std::move(dx));
  Vector scaleGrad, meanGrad, varianceGrad;
  for (int64_t c = 0; c < groups->channels; ++c) {
    scaleGrad.push_back(s[c] * centredSum[c]);
    meanGrad.push_back(-scaleOf(c) * s[c] * sum[c]);
    varianceGrad.push_back(-0.5 * scaleOf(c) * s[c] * s[c] * s[c] * centredSum[c]);
  }
  for (Vector *gradient : {&scaleGrad, &sum, &meanGrad, &varianceGrad})
    results.push_back(makeResult(op, results.size(), groups->parameterShape, std::move(*gradient)));
  return success();
}

namespace {
/// The gradients of a normalization: first the sums, then the gradient of the input, which reads them where statistics are the input's.
class Backward {
public:
  /// Operands by their position in the definition of `op`, whose mask comes last if it has one.
  template <typename OpT> Backward(OpT op, Operands operands, const Groups &groups);
  LogicalResult check();
  /// Of a whole step.
  void run(double maskEpsilon, Results &results);
  /// With statistics that are given.
  void runDirect(Results &results);

private:
  /// What one element meets on its way through the step.
  struct Element {
    double centred, u, w, g, weight; ///< x − μ, the values after correction and adjustment, ∂L/∂z, the mask
  };
  Element getElement(int64_t at, int64_t c, int64_t group, ArrayRef<int64_t> index) const;
  double scaleOf(int64_t c) const { return scale ? scale->reals()[c] : 1; }
  void takeSums();
  Tensor getInputGrad(double maskEpsilon) const;
  void addParameterGrads(Results &results);

  Operation *op;
  const Groups &groups;
  const Tensor *dy, *x, *scale, *mean, *inverse, *r, *d, *a, *b, *mask;
  Dims aStrides, bStrides, maskStrides;
  Vector scaleGrad, offsetGrad, aGrad, bGrad;
  Vector sum, centredSum, weightSum, weightedCentredSum; ///< by group: Σg, Σg·(x − μ), Σm, Σm·(x − μ)
};
} // namespace

template <typename OpT> Backward::Backward(OpT op, Operands operands, const Groups &groups) : op(op), groups(groups), mask(nullptr) {
  const Tensor **fields[] = {&dy, &x, &scale, &mean, &inverse, &r, &d, &a, &b, &mask};
  for (auto [i, field] : llvm::enumerate(ArrayRef(fields).take_front(std::is_same_v<OpT, TrainingGradOp> ? 10 : 9)))
    *field = getOperand(op, operands, i);
}

LogicalResult Backward::check() {
  return success(succeeded(checkShapes(op, groups.shape, dy)) && succeeded(checkShapes(op, groups.parameterShape, {scale, r, d})) &&
                 succeeded(checkShapes(op, groups.getStatisticsShape(), {mean, inverse})) &&
                 succeeded(checkBroadcast(op, groups.shape, {a, b, mask})));
}

Backward::Element Backward::getElement(int64_t at, int64_t c, int64_t group, ArrayRef<int64_t> index) const {
  double centred = x->reals()[at] - mean->reals()[group], ratio = r ? r->reals()[c] : 1;
  double u = centred * inverse->reals()[group] * ratio + (d ? d->reals()[c] : 0);
  double factor = a ? a->reals()[dot(index, aStrides)] : 1;
  double w = u * factor + (b ? b->reals()[dot(index, bStrides)] : 0);
  double weight = mask ? mask->reals()[dot(index, maskStrides)] : 1;
  return {centred, u, w, dy->reals()[at] * scaleOf(c) * factor * ratio, weight};
}

void Backward::takeSums() {
  aStrides = groups.getStrides(a), bStrides = groups.getStrides(b), maskStrides = groups.getStrides(mask);
  for (Vector *sums : {&sum, &centredSum, &weightSum, &weightedCentredSum})
    sums->assign(groups.getNumGroups(), 0);
  scaleGrad.assign(groups.channels, 0), offsetGrad.assign(groups.channels, 0);
  aGrad.assign(a ? a->getNumElements() : 0, 0), bGrad.assign(b ? b->getNumElements() : 0, 0);
  groups.forEachElement([&](int64_t at, int64_t c, int64_t group, ArrayRef<int64_t> index) {
    Element e = getElement(at, c, group, index);
    offsetGrad[c] += dy->reals()[at];
    scaleGrad[c] += dy->reals()[at] * e.w;
    if (a)
      aGrad[dot(index, aStrides)] += dy->reals()[at] * scaleOf(c) * e.u;
    if (b)
      bGrad[dot(index, bStrides)] += dy->reals()[at] * scaleOf(c);
    sum[group] += e.g;
    centredSum[group] += e.g * e.centred;
    weightSum[group] += e.weight;
    weightedCentredSum[group] += e.weight * e.centred;
  });
}

Tensor Backward::getInputGrad(double maskEpsilon) const {
  Tensor dx = makeTensor(x->elementType, x->shape);
  groups.forEachElement([&](int64_t at, int64_t c, int64_t group, ArrayRef<int64_t> index) {
    Element e = getElement(at, c, group, index);
    double s = inverse->reals()[group], count = weightSum[group] + maskEpsilon;
    double varianceGrad = -0.5 * s * s * s * centredSum[group];
    double meanGrad = -s * sum[group] - 2 / count * varianceGrad * weightedCentredSum[group];
    dx.mutableReals()[at] = e.g * s + e.weight * (meanGrad + 2 * e.centred * varianceGrad) / count;
  });
  return dx;
}

void Backward::addParameterGrads(Results &results) {
  results.push_back(makeResult(op, results.size(), groups.parameterShape, std::move(scaleGrad)));
  results.push_back(makeResult(op, results.size(), groups.parameterShape, std::move(offsetGrad)));
  if (a) {
    results.push_back(makeResult(op, results.size(), a->shape, std::move(aGrad)));
    results.push_back(makeResult(op, results.size(), b->shape, std::move(bGrad)));
  }
}

void Backward::run(double maskEpsilon, Results &results) {
  takeSums();
  results.push_back(getInputGrad(mask ? maskEpsilon : 0));
  addParameterGrads(results);
}

void Backward::runDirect(Results &results) {
  takeSums();
  Tensor dx = makeTensor(x->elementType, x->shape);
  groups.forEachElement([&](int64_t at, int64_t c, int64_t group, ArrayRef<int64_t> index) {
    dx.mutableReals()[at] = getElement(at, c, group, index).g * inverse->reals()[group];
  });
  results.push_back(std::move(dx));
  Vector meanGrad;
  for (auto [s, g] : llvm::zip_equal(inverse->reals(), sum))
    meanGrad.push_back(-s * g);
  results.push_back(makeResult(op, 1, groups.getStatisticsShape(), std::move(meanGrad)));
  results.push_back(makeResult(op, 2, groups.getStatisticsShape(), std::move(centredSum)));
  addParameterGrads(results);
}

/// Calls `run` with the gradients of an op whose operands fit.
template <typename OpT> static LogicalResult runBackward(OpT op, Operands operands, llvm::function_ref<void(Backward &)> run) {
  FailureOr<Groups> groups = Groups::get(op, *operands[1], op.getAxes(), op.getGhosts(), op.getGrouping());
  if (failed(groups))
    return failure();
  Backward backward(op, operands, *groups);
  if (failed(backward.check()))
    return failure();
  run(backward);
  return success();
}

LogicalResult evaluateOp(TrainingGradOp op, Operands operands, Results &results) {
  return runBackward(op, operands, [&](Backward &backward) { backward.run(op.getMaskEpsilon().convertToDouble(), results); });
}

LogicalResult evaluateOp(NormalizeGradOp op, Operands operands, Results &results) {
  return runBackward(op, operands, [&](Backward &backward) { backward.runDirect(results); });
}

LogicalResult evaluateOp(InvStddevGradOp op, Operands operands, Results &results) {
  if (failed(checkShapes(op, operands[0]->shape, operands)))
    return failure();
  Vector varianceGrad;
  for (auto [g, s] : llvm::zip_equal(operands[0]->reals(), operands[1]->reals()))
    varianceGrad.push_back(-0.5 * s * s * s * g);
  results.push_back(makeResult(op, 0, operands[0]->shape, std::move(varianceGrad)));
  return success();
}

LogicalResult evaluateOp(MomentsGradOp op, Operands operands, Results &results) {
  auto get = [&](unsigned position) { return getOperand(op, operands, position); };
  const Tensor &direct = *get(0), &x = *get(1), &mean = *get(2), &meanGrad = *get(3), &varianceGrad = *get(4), *mask = get(5);
  FailureOr<Groups> groups = Groups::get(op, x, op.getAxes(), op.getGhosts(), op.getGrouping());
  if (failed(groups) || failed(checkShapes(op, x.shape, &direct)) ||
      failed(checkShapes(op, groups->getStatisticsShape(), {&mean, &meanGrad, &varianceGrad})) ||
      failed(checkBroadcast(op, x.shape, mask)))
    return failure();
  Dims maskStrides = groups->getStrides(mask);
  auto weightAt = [&](ArrayRef<int64_t> index) { return mask ? mask->reals()[dot(index, maskStrides)] : 1; };
  Vector count(groups->getNumGroups(), mask ? op.getMaskEpsilon().convertToDouble() : 0), centredSum(groups->getNumGroups(), 0);
  groups->forEachElement([&](int64_t at, int64_t, int64_t group, ArrayRef<int64_t> index) {
    count[group] += weightAt(index);
    centredSum[group] += weightAt(index) * (x.reals()[at] - mean.reals()[group]);
  });
  Tensor dx = makeTensor(x.elementType, x.shape);
  groups->forEachElement([&](int64_t at, int64_t, int64_t group, ArrayRef<int64_t> index) {
    double dv = varianceGrad.reals()[group], n = count[group], centred = x.reals()[at] - mean.reals()[group];
    double through = meanGrad.reals()[group] - 2 / n * dv * centredSum[group] + 2 * centred * dv;
    dx.mutableReals()[at] = direct.reals()[at] + weightAt(index) * through / n;
  });
  results.push_back(std::move(dx));
  return success();
}

} // namespace bn::reference
