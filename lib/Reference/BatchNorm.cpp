// BatchNorm.cpp - the ops of the bn dialect, as BNOps.td states them.
// SPDX-License-Identifier: Apache-2.0
//
// A *channel* is an index of the kept axes, flat; a *group* is a channel of one ghost batch. Statistics are vectors over
// groups, parameters and state vectors over channels.

#include "BatchNorm.h"

#include "Index.h"
#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Names.h"
#include "mlir/IR/TypeUtilities.h"

#include <cmath>

using namespace mlir;

namespace bn::reference {

using Vector = std::vector<double>;

bool isBatchNorm(Operation *op) { return isa<InferenceOp, AffineOp, TrainingOp>(op); }

/// The shape of a parameter: the input's at the kept axes.
static Dims getParameterShape(const Tensor &x, ArrayRef<int64_t> axes) {
  return llvm::map_to_vector<6>(axes, [&](int64_t axis) { return x.shape[axis]; });
}

/// Strides that lead from an index of the input to its channel.
static Dims getChannelStrides(const Tensor &x, ArrayRef<int64_t> axes) {
  Dims strides(x.shape.size(), 0), own = getStrides(getParameterShape(x, axes));
  for (auto [axis, stride] : llvm::zip_equal(axes, own))
    strides[axis] = stride;
  return strides;
}

/// What the static verifier could not see in types of unknown shape.
static LogicalResult checkRuntimeShapes(Operation *op, const Tensor &x, ArrayRef<int64_t> axes, ArrayRef<const Tensor *> parameters) {
  if (axes.back() >= static_cast<int64_t>(x.shape.size()))
    return op->emitOpError("expected an input of rank above ") << axes.back() << ", got " << x.getType();
  for (const Tensor *parameter : parameters)
    if (parameter && parameter->shape != getParameterShape(x, axes))
      return op->emitOpError("expected parameters with the input's sizes along 'axes', got ") << parameter->getType();
  return success();
}

/// The operand of an op by its position in the op's definition, null where it is not given.
template <typename Op> static const Tensor *getOperand(Op op, ArrayRef<const Tensor *> operands, unsigned position) {
  auto [start, size] = op.getODSOperandIndexAndLength(position);
  return size ? operands[start] : nullptr;
}

static LogicalResult evaluateOp(InferenceOp op, ArrayRef<const Tensor *> operands, SmallVectorImpl<Tensor> &results) {
  auto get = [&](unsigned position) { return getOperand(op, operands, position); };
  const Tensor &x = *get(0), *scale = get(1), *offset = get(2), &mean = *get(3), &variance = *get(4);
  if (failed(checkRuntimeShapes(op, x, op.getAxes(), {scale, offset, &mean, &variance})))
    return failure();
  double epsilon = op.getEpsilon().convertToDouble();
  Dims channelStrides = getChannelStrides(x, op.getAxes());
  Tensor y = makeTensor(x.elementType, x.shape);
  size_t at = 0;
  forEachIndex(x.shape, [&](ArrayRef<int64_t> index) {
    int64_t c = dot(index, channelStrides);
    double z = (x.reals()[at] - mean.reals()[c]) / std::sqrt(variance.reals()[c] + epsilon);
    y.mutableReals()[at++] = z * (scale ? scale->reals()[c] : 1) + (offset ? offset->reals()[c] : 0);
  });
  results.push_back(std::move(y));
  return success();
}

static LogicalResult evaluateOp(AffineOp op, ArrayRef<const Tensor *> operands, SmallVectorImpl<Tensor> &results) {
  const Tensor &x = *operands[0];
  int64_t axis = op.getAxis();
  if (axis >= static_cast<int64_t>(x.shape.size()) || x.shape[axis] != static_cast<int64_t>(op.getScale().size()))
    return op.emitOpError("expected ") << op.getScale().size() << " elements along axis " << axis << ", got " << x.getType();
  AxisView view(x.shape, axis);
  Tensor y = makeTensor(x.elementType, x.shape);
  for (int64_t o = 0; o < view.outer; ++o)
    for (int64_t c = 0; c < view.size; ++c)
      for (int64_t n = 0; n < view.inner; ++n) {
        int64_t at = view.offset(o, c, n);
        y.mutableReals()[at] = op.getScale()[c] * x.reals()[at] + op.getOffset()[c];
      }
  results.push_back(std::move(y));
  return success();
}

//===----------------------------------------------------------------------===//
// Training
//===----------------------------------------------------------------------===//

namespace {
/// One training step, in the order of the formulas in BNOps.td.
class Step {
public:
  Step(TrainingOp op, ArrayRef<const Tensor *> operands);
  LogicalResult check() const;
  void run(SmallVectorImpl<Tensor> &results);

private:
  /// Calls `visit(offset, channel, group, weight, index)` for every element of the input.
  template <typename Visit> void forEachElement(Visit visit) const;
  void takeStatistics();
  void averageGhosts();
  void correct();
  Tensor normalize() const;
  void addState(SmallVectorImpl<Tensor> &results) const;
  Tensor makeResult(unsigned result, ArrayRef<int64_t> shape, Vector values) const;
  bool renormalizes() const { return renormMean; }

  mutable TrainingOp op; ///< mutable because MLIR's ops are values that know no const
  const Tensor &x;
  const Tensor *scale, *offset, *runningMean, *runningVariance, *renormMean, *renormStddev, *movingStddev, *rmin, *rmax, *dmax,
      *adjustmentScale, *adjustmentOffset, *mask;
  double epsilon;
  int64_t ghosts, channels;
  Dims parameterShape, channelStrides;
  Vector mean, variance, weight;          ///< by group
  Vector batchMean, batchVariance, count; ///< by channel: averages over the ghosts
  Vector r, d;                            ///< by channel
};
} // namespace

Step::Step(TrainingOp op, ArrayRef<const Tensor *> operands)
    : op(op), x(*operands[0]), epsilon(op.getEpsilon().convertToDouble()), ghosts(op.getGhosts()) {
  const Tensor **fields[] = {&scale, &offset, &runningMean, &runningVariance, &renormMean,       &renormStddev, &movingStddev,
                             &rmin,  &rmax,   &dmax,        &adjustmentScale, &adjustmentOffset, &mask};
  for (auto [i, field] : llvm::enumerate(fields))
    *field = getOperand(op, operands, i + 1);
}

LogicalResult Step::check() const {
  if (failed(
          checkRuntimeShapes(op, x, op.getAxes(), {scale, offset, runningMean, runningVariance, renormMean, renormStddev, movingStddev})))
    return failure();
  if (ghosts > 1 && (x.shape[0] % ghosts || llvm::is_contained(op.getAxes(), 0)))
    return op.emitOpError("expected a batch in multiples of ") << ghosts << " along an axis that is not kept, got " << x.getType();
  for (const Tensor *bound : {rmin, rmax, dmax})
    if (bound && bound->getNumElements() != 1)
      return op.emitOpError("expected bounds with one element, got ") << bound->getType();
  for (const Tensor *other : {adjustmentScale, adjustmentOffset, mask})
    if (other && broadcast(x.shape, other->shape) != x.shape)
      return op.emitOpError("expected adjustment and mask to broadcast to the input, got ") << other->getType();
  return success();
}

template <typename Visit> void Step::forEachElement(Visit visit) const {
  int64_t perGhost = ghosts > 1 ? x.shape[0] / ghosts : 0, offset = 0;
  bool isInterleaved = op.getGrouping() == GhostGrouping::Interleaved;
  Dims maskStrides = mask ? getBroadcastStrides(mask->shape, x.shape) : Dims();
  forEachIndex(x.shape, [&](ArrayRef<int64_t> index) {
    int64_t channel = dot(index, channelStrides);
    int64_t ghost = ghosts == 1 ? 0 : isInterleaved ? index[0] % ghosts : index[0] / perGhost;
    double w = mask ? mask->reals()[dot(index, maskStrides)] : 1;
    visit(offset++, channel, ghost * channels + channel, w, index);
  });
}

/// μ and v of every group, in two passes.
void Step::takeStatistics() {
  for (Vector *statistic : {&mean, &variance, &weight})
    statistic->assign(ghosts * channels, 0);
  double maskEpsilon = mask ? op.getMaskEpsilon().convertToDouble() : 0;
  forEachElement([&](int64_t at, int64_t, int64_t group, double w, ArrayRef<int64_t>) {
    mean[group] += w * x.reals()[at];
    weight[group] += w;
  });
  for (auto [m, w] : llvm::zip_equal(mean, weight))
    m /= w + maskEpsilon;
  forEachElement([&](int64_t at, int64_t, int64_t group, double w, ArrayRef<int64_t>) {
    double centred = x.reals()[at] - mean[group];
    variance[group] += w * centred * centred;
  });
  for (auto [v, w] : llvm::zip_equal(variance, weight))
    v /= w + maskEpsilon;
}

/// What the state follows: the mean of the ghosts' statistics.
void Step::averageGhosts() {
  auto average = [&](const Vector &byGroup) {
    Vector result(channels);
    for (size_t group = 0; group < byGroup.size(); ++group)
      result[group % channels] += byGroup[group] / ghosts;
    return result;
  };
  batchMean = average(mean), batchVariance = average(variance), count = average(weight);
}

/// r and d of the renormalization, from the state before the step.
void Step::correct() {
  r.assign(channels, 1), d.assign(channels, 0);
  if (!renormalizes())
    return;
  for (int64_t c = 0; c < channels; ++c) {
    double stddev = std::max(renormStddev->reals()[c], std::sqrt(epsilon));
    r[c] = std::sqrt(batchVariance[c] + epsilon) / stddev;
    d[c] = (batchMean[c] - renormMean->reals()[c]) / stddev;
    if (rmin)
      r[c] = std::max(r[c], rmin->reals()[0]);
    if (rmax)
      r[c] = std::min(r[c], rmax->reals()[0]);
    if (dmax)
      d[c] = std::min(std::max(d[c], -dmax->reals()[0]), dmax->reals()[0]);
  }
}

Tensor Step::normalize() const {
  Tensor y = makeTensor(x.elementType, x.shape);
  Dims aStrides = adjustmentScale ? getBroadcastStrides(adjustmentScale->shape, x.shape) : Dims();
  Dims bStrides = adjustmentOffset ? getBroadcastStrides(adjustmentOffset->shape, x.shape) : Dims();
  forEachElement([&](int64_t at, int64_t c, int64_t group, double, ArrayRef<int64_t> index) {
    double z = (x.reals()[at] - mean[group]) / std::sqrt(variance[group] + epsilon);
    double u = z * r[c] + d[c];
    double a = adjustmentScale ? adjustmentScale->reals()[dot(index, aStrides)] : 1;
    double b = adjustmentOffset ? adjustmentOffset->reals()[dot(index, bStrides)] : 0;
    double w = u * a + b;
    y.mutableReals()[at] = w * (scale ? scale->reals()[c] : 1) + (offset ? offset->reals()[c] : 0);
  });
  return y;
}

Tensor Step::makeResult(unsigned result, ArrayRef<int64_t> shape, Vector values) const {
  return Tensor{getElementTypeOrSelf(op->getResult(result).getType()), llvm::to_vector(shape), std::move(values)};
}

/// old·momentum + batch·(1 − momentum); an empty batch changes nothing.
static Vector follow(const Tensor &old, const Vector &batch, const Vector &count, double momentum) {
  Vector result(old.reals());
  for (size_t c = 0; c < result.size(); ++c)
    if (count[c] != 0)
      result[c] = momentum * result[c] + (1 - momentum) * batch[c];
  return result;
}

void Step::addState(SmallVectorImpl<Tensor> &results) const {
  double momentum = op.getMomentum().convertToDouble(), renormMomentum = op.getRenormMomentum().convertToDouble();
  auto add = [&](Vector values) { results.push_back(makeResult(results.size(), parameterShape, std::move(values))); };
  Vector stddev = batchVariance, estimate = batchVariance;
  for (double &v : stddev)
    v = std::sqrt(v + epsilon);
  if (op.getVarianceUpdate() == VarianceUpdate::Bessel)
    for (auto [v, n] : llvm::zip_equal(estimate, count))
      v *= n / std::max(n - 1, 1.0);
  if (runningMean)
    add(follow(*runningMean, batchMean, count, momentum));
  if (!renormalizes()) {
    if (runningVariance)
      add(follow(*runningVariance, estimate, count, momentum));
    return;
  }
  Vector newMovingStddev = follow(*movingStddev, stddev, count, momentum), newVariance = newMovingStddev;
  for (double &v : newVariance)
    v = std::max(v * v - epsilon, 0.0);
  add(newVariance);
  add(follow(*renormMean, batchMean, count, renormMomentum));
  add(follow(*renormStddev, stddev, count, renormMomentum));
  add(newMovingStddev);
}

void Step::run(SmallVectorImpl<Tensor> &results) {
  parameterShape = getParameterShape(x, op.getAxes());
  channelStrides = getChannelStrides(x, op.getAxes());
  channels = countElements(parameterShape);
  takeStatistics();
  averageGhosts();
  correct();
  results.push_back(normalize());
  Dims statisticsShape(parameterShape);
  if (ghosts > 1)
    statisticsShape.insert(statisticsShape.begin(), ghosts);
  Vector invStddev(variance);
  for (double &v : invStddev)
    v = 1 / std::sqrt(v + epsilon);
  results.push_back(makeResult(1, statisticsShape, mean));
  results.push_back(makeResult(2, statisticsShape, std::move(invStddev)));
  addState(results);
}

static LogicalResult evaluateOp(TrainingOp op, ArrayRef<const Tensor *> operands, SmallVectorImpl<Tensor> &results) {
  Step step(op, operands);
  if (failed(step.check()))
    return failure();
  step.run(results);
  return success();
}

LogicalResult evaluateBatchNorm(Operation *op, ArrayRef<const Tensor *> operands, SmallVectorImpl<Tensor> &results) {
  for (auto [i, operand] : llvm::enumerate(operands))
    if (!operand || !isa<FloatType>(operand->elementType))
      return op->emitOpError("expected operand ") << i << " to be real";
  if (auto inference = dyn_cast<InferenceOp>(op))
    return evaluateOp(inference, operands, results);
  if (auto affine = dyn_cast<AffineOp>(op))
    return evaluateOp(affine, operands, results);
  return evaluateOp(cast<TrainingOp>(op), operands, results);
}

} // namespace bn::reference
