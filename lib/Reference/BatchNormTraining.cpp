// BatchNormTraining.cpp - one training step, in the order of the formulas in BNOps.td.
// SPDX-License-Identifier: Apache-2.0

#include "BatchNormOps.h"

#include <cmath>

using namespace mlir;

namespace bn::reference {

namespace {
/// The operands of the op by name.
struct Step {
  Step(TrainingOp op, ArrayRef<const Tensor *> operands) : op(op), x(*operands[0]), epsilon(op.getEpsilon().convertToDouble()) {
    const Tensor **fields[] = {&scale,       &offset,      &runningMean, &runningVariance, &renorm.mean,      &renorm.stddev, &movingStddev,
                               &renorm.rmin, &renorm.rmax, &renorm.dmax, &adjustmentScale, &adjustmentOffset, &mask};
    for (auto [i, field] : llvm::enumerate(fields))
      *field = getOperand(op, operands, i + 1);
  }
  LogicalResult check(const Groups &groups);
  void run(const Groups &groups, SmallVectorImpl<Tensor> &results);

private:
  /// Appends the state after the step; statistics are by channel.
  void addState(const Groups &groups, const Moments &batch, const Correction &correction, SmallVectorImpl<Tensor> &results);

  TrainingOp op;
  const Tensor &x;
  const Tensor *scale, *offset, *runningMean, *runningVariance, *movingStddev, *adjustmentScale, *adjustmentOffset, *mask;
  Renormalization renorm;
  double epsilon;
};
} // namespace

LogicalResult Step::check(const Groups &groups) {
  return success(succeeded(checkShapes(op, groups.parameterShape,
                                       {scale, offset, runningMean, runningVariance, renorm.mean, renorm.stddev, movingStddev})) &&
                 succeeded(checkScalars(op, {renorm.rmin, renorm.rmax, renorm.dmax})) &&
                 succeeded(checkBroadcast(op, x.shape, {adjustmentScale, adjustmentOffset, mask})));
}

void Step::addState(const Groups &groups, const Moments &batch, const Correction &correction, SmallVectorImpl<Tensor> &results) {
  double momentum = op.getMomentum().convertToDouble(), renormMomentum = op.getRenormMomentum().convertToDouble();
  auto add = [&](Vector values) { results.push_back(makeResult(op, results.size(), groups.parameterShape, std::move(values))); };
  if (!runningMean)
    return;
  add(updateAverage(runningMean->reals(), batch.mean, batch.count, false, momentum));
  if (!renorm.mean) {
    bool bessel = op.getVarianceUpdate() == VarianceUpdate::Bessel;
    return add(updateAverage(runningVariance->reals(), batch.variance, batch.count, bessel, momentum));
  }
  Vector moved = updateAverage(movingStddev->reals(), correction.stddev, batch.count, false, momentum);
  add(restoreVariance(moved, epsilon));
  add(updateAverage(renorm.mean->reals(), batch.mean, batch.count, false, renormMomentum));
  add(updateAverage(renorm.stddev->reals(), correction.stddev, batch.count, false, renormMomentum));
  add(moved);
}

void Step::run(const Groups &groups, SmallVectorImpl<Tensor> &results) {
  Moments moments = takeMoments(groups, x, mask, op.getMaskEpsilon().convertToDouble());
  // What the state and the renormalization follow: the mean of the ghosts' statistics.
  Moments batch{poolGhosts(moments.mean, groups.channels), poolGhosts(moments.variance, groups.channels),
                poolGhosts(moments.count, groups.channels)};
  Vector inverse = invertStddev(moments.variance, epsilon);
  Correction correction;
  Factors factors;
  if (renorm.mean) {
    correction = correct(batch.mean, batch.variance, renorm, epsilon);
    factors.r = correction.r.data(), factors.d = correction.d.data();
  }
  factors.scale = scale ? scale->reals().data() : nullptr;
  factors.offset = offset ? offset->reals().data() : nullptr;
  factors.adjustmentScale = adjustmentScale, factors.adjustmentOffset = adjustmentOffset;
  results.push_back(normalize(groups, x, moments.mean, inverse, factors));
  results.push_back(makeResult(op, 1, groups.getStatisticsShape(), moments.mean));
  results.push_back(makeResult(op, 2, groups.getStatisticsShape(), inverse));
  addState(groups, batch, correction, results);
}

LogicalResult evaluateOp(TrainingOp op, ArrayRef<const Tensor *> operands, SmallVectorImpl<Tensor> &results) {
  FailureOr<Groups> groups = Groups::get(op, *operands[0], op.getAxes(), op.getGhosts(), op.getGrouping());
  Step step(op, operands);
  if (failed(groups) || failed(step.check(*groups)))
    return failure();
  step.run(*groups, results);
  return success();
}

} // namespace bn::reference
