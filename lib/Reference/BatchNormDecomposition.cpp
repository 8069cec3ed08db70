// BatchNormDecomposition.cpp - the ops that bn.training decomposes into, as BNDecomposition.td states them.
// SPDX-License-Identifier: Apache-2.0

#include "BatchNormOps.h"

using namespace mlir;

namespace bn::reference {

/// Fails where the operands, null ones apart, do not have one shape.
static LogicalResult checkOneShape(Operation *op, Operands operands) { return checkShapes(op, operands[0]->shape, operands); }

LogicalResult evaluateOp(MomentsOp op, Operands operands, Results &results) {
  const Tensor &x = *operands[0], *mask = getOperand(op, operands, 1);
  FailureOr<Groups> groups = Groups::get(op, x, op.getAxes(), op.getGhosts(), op.getGrouping());
  if (failed(groups) || failed(checkBroadcast(op, x.shape, mask)))
    return failure();
  Moments moments = takeMoments(*groups, x, mask, op.getMaskEpsilon().convertToDouble());
  for (Vector *statistic : {&moments.mean, &moments.variance, &moments.count})
    results.push_back(makeResult(op, results.size(), groups->getStatisticsShape(), std::move(*statistic)));
  return success();
}

LogicalResult evaluateOp(PoolGhostsOp op, Operands operands, Results &results) {
  const Tensor &input = *operands[0];
  if (input.shape.empty())
    return op.emitOpError("expected an input with a leading dimension, got ") << input.getType();
  ArrayRef<int64_t> shape = ArrayRef(input.shape).drop_front();
  results.push_back(makeResult(op, 0, shape, poolGhosts(input.reals(), countElements(shape))));
  return success();
}

LogicalResult evaluateOp(InvStddevOp op, Operands operands, Results &results) {
  Vector inverse = invertStddev(operands[0]->reals(), op.getEpsilon().convertToDouble());
  results.push_back(makeResult(op, 0, operands[0]->shape, std::move(inverse)));
  return success();
}

LogicalResult evaluateOp(RestoreVarianceOp op, Operands operands, Results &results) {
  Vector variance = restoreVariance(operands[0]->reals(), op.getEpsilon().convertToDouble());
  results.push_back(makeResult(op, 0, operands[0]->shape, std::move(variance)));
  return success();
}

LogicalResult evaluateOp(RenormCorrectionOp op, Operands operands, Results &results) {
  auto get = [&](unsigned position) { return getOperand(op, operands, position); };
  Renormalization renorm{get(2), get(3), get(4), get(5), get(6)};
  if (failed(checkOneShape(op, operands.take_front(4))) || failed(checkScalars(op, {renorm.rmin, renorm.rmax, renorm.dmax})))
    return failure();
  Correction correction = correct(operands[0]->reals(), operands[1]->reals(), renorm, op.getEpsilon().convertToDouble());
  for (Vector *values : {&correction.r, &correction.d, &correction.stddev})
    results.push_back(makeResult(op, results.size(), operands[0]->shape, std::move(*values)));
  return success();
}

LogicalResult evaluateOp(NormalizeOp op, Operands operands, Results &results) {
  auto get = [&](unsigned position) { return getOperand(op, operands, position); };
  const Tensor &x = *get(0), &mean = *get(1), &inverse = *get(2), *r = get(3), *d = get(4), *scale = get(7), *offset = get(8);
  FailureOr<Groups> groups = Groups::get(op, x, op.getAxes(), op.getGhosts(), op.getGrouping());
  if (failed(groups) || failed(checkShapes(op, groups->parameterShape, {r, d, scale, offset})) ||
      failed(checkShapes(op, groups->getStatisticsShape(), {&mean, &inverse})) || failed(checkBroadcast(op, x.shape, {get(5), get(6)})))
    return failure();
  auto data = [](const Tensor *t) { return t ? t->reals().data() : nullptr; };
  results.push_back(
      normalize(*groups, x, mean.reals(), inverse.reals(), {data(r), data(d), data(scale), data(offset), get(5), get(6)}));
  return success();
}

LogicalResult evaluateOp(UpdateAverageOp op, Operands operands, Results &results) {
  if (failed(checkOneShape(op, operands)))
    return failure();
  Reals count = operands.size() > 2 ? operands[2]->reals() : Reals();
  Vector updated = updateAverage(operands[0]->reals(), operands[1]->reals(), count, op.getBessel(), op.getMomentum().convertToDouble());
  results.push_back(makeResult(op, 0, operands[0]->shape, std::move(updated)));
  return success();
}

LogicalResult evaluateOp(MergeMomentsOp op, Operands operands, Results &results) {
  if (failed(checkOneShape(op, operands)))
    return failure();
  auto at = [&](unsigned operand, size_t i) { return operands[operand]->reals()[i]; };
  Moments merged;
  for (size_t i = 0; i < operands[0]->reals().size(); ++i) {
    double meanA = at(0, i), varianceA = at(1, i), a = at(2, i), meanB = at(3, i), varianceB = at(4, i), b = at(5, i);
    double n = a + b, difference = meanB - meanA;
    merged.mean.push_back(b == 0 ? meanA : a == 0 ? meanB : meanA + difference * b / n);
    double variance = (a * varianceA + b * varianceB + difference * difference * a * b / n) / n;
    merged.variance.push_back(b == 0 ? varianceA : a == 0 ? varianceB : variance);
    merged.count.push_back(n);
  }
  for (Vector *values : {&merged.mean, &merged.variance, &merged.count})
    results.push_back(makeResult(op, results.size(), operands[0]->shape, std::move(*values)));
  return success();
}

} // namespace bn::reference
