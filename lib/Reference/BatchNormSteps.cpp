// BatchNormSteps.cpp - the formulas of the bn dialect, one function each.
// SPDX-License-Identifier: Apache-2.0

#include "BatchNormSteps.h"

#include "mlir/IR/TypeUtilities.h"

#include <cmath>

using namespace mlir;

namespace bn::reference {

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

FailureOr<Groups> Groups::get(Operation *op, const Tensor &x, ArrayRef<int64_t> axes, int64_t ghosts, GhostGrouping grouping) {
  if (axes.back() >= static_cast<int64_t>(x.shape.size()))
    return op->emitOpError("expected an input of rank above ") << axes.back() << ", got " << x.getType();
  if (ghosts > 1 && (x.shape[0] % ghosts || llvm::is_contained(axes, 0)))
    return op->emitOpError("expected a batch in multiples of ") << ghosts << " along an axis that is not kept, got " << x.getType();
  Groups groups;
  groups.shape = x.shape;
  groups.parameterShape = llvm::map_to_vector<6>(axes, [&](int64_t axis) { return x.shape[axis]; });
  groups.channelStrides.assign(x.shape.size(), 0);
  for (auto [axis, stride] : llvm::zip_equal(axes, reference::getStrides(groups.parameterShape)))
    groups.channelStrides[axis] = stride;
  groups.channels = countElements(groups.parameterShape);
  groups.ghosts = ghosts;
  groups.isInterleaved = grouping == GhostGrouping::Interleaved;
  return groups;
}

Dims Groups::getStatisticsShape() const {
  Dims statistics(parameterShape);
  if (ghosts > 1)
    statistics.insert(statistics.begin(), ghosts);
  return statistics;
}

LogicalResult checkShapes(Operation *op, ArrayRef<int64_t> shape, ArrayRef<const Tensor *> parameters) {
  for (const Tensor *parameter : parameters)
    if (parameter && parameter->shape != Dims(shape))
      return op->emitOpError("expected parameters with the input's sizes along 'axes', got ") << parameter->getType();
  return success();
}

LogicalResult checkBroadcast(Operation *op, ArrayRef<int64_t> shape, ArrayRef<const Tensor *> others) {
  for (const Tensor *other : others)
    if (other && broadcast(shape, other->shape) != Dims(shape))
      return op->emitOpError("expected adjustment and mask to broadcast to the input, got ") << other->getType();
  return success();
}

LogicalResult checkScalars(Operation *op, ArrayRef<const Tensor *> bounds) {
  for (const Tensor *bound : bounds)
    if (bound && bound->getNumElements() != 1)
      return op->emitOpError("expected bounds with one element, got ") << bound->getType();
  return success();
}

Tensor makeResult(Operation *op, unsigned i, ArrayRef<int64_t> shape, Vector values) {
  return Tensor{getElementTypeOrSelf(op->getResult(i).getType()), llvm::to_vector(shape), std::move(values)};
}

//===----------------------------------------------------------------------===//
// Formulas
//===----------------------------------------------------------------------===//

Moments takeMoments(const Groups &groups, const Tensor &x, const Tensor *mask, double maskEpsilon) {
  Vector zeros(groups.getNumGroups(), 0);
  Moments moments{zeros, zeros, zeros};
  Dims maskStrides = groups.getStrides(mask);
  auto weightAt = [&](ArrayRef<int64_t> index) { return mask ? mask->reals()[dot(index, maskStrides)] : 1; };
  double extra = mask ? maskEpsilon : 0;
  groups.forEachElement([&](int64_t at, int64_t, int64_t group, ArrayRef<int64_t> index) {
    double w = weightAt(index);
    moments.mean[group] += w * x.reals()[at];
    moments.count[group] += w;
  });
  for (auto [m, w] : llvm::zip_equal(moments.mean, moments.count))
    m /= w + extra;
  groups.forEachElement([&](int64_t at, int64_t, int64_t group, ArrayRef<int64_t> index) {
    double centred = x.reals()[at] - moments.mean[group];
    moments.variance[group] += weightAt(index) * centred * centred;
  });
  for (auto [v, w] : llvm::zip_equal(moments.variance, moments.count))
    v /= w + extra;
  return moments;
}

Vector poolGhosts(Reals byGroup, int64_t channels) {
  Vector pooled(channels);
  double ghosts = channels ? byGroup.size() / channels : 1;
  for (size_t group = 0; group < byGroup.size(); ++group)
    pooled[group % channels] += byGroup[group] / ghosts;
  return pooled;
}

Vector invertStddev(Reals variance, double epsilon) {
  Vector inverse(variance);
  for (double &v : inverse)
    v = 1 / std::sqrt(v + epsilon);
  return inverse;
}

Vector restoreVariance(Reals stddev, double epsilon) {
  Vector variance(stddev);
  for (double &v : variance)
    v = std::max(v * v - epsilon, 0.0);
  return variance;
}

Correction correct(Reals mean, Reals variance, const Renormalization &renorm, double epsilon) {
  size_t channels = mean.size();
  Correction c{Vector(channels), Vector(channels), Vector(channels)};
  for (size_t i = 0; i < channels; ++i) {
    double reference = std::max(renorm.stddev->reals()[i], std::sqrt(epsilon));
    c.stddev[i] = std::sqrt(variance[i] + epsilon);
    c.r[i] = c.stddev[i] / reference;
    c.d[i] = (mean[i] - renorm.mean->reals()[i]) / reference;
    if (renorm.rmin)
      c.r[i] = std::max(c.r[i], renorm.rmin->reals()[0]);
    if (renorm.rmax)
      c.r[i] = std::min(c.r[i], renorm.rmax->reals()[0]);
    if (renorm.dmax)
      c.d[i] = std::min(std::max(c.d[i], -renorm.dmax->reals()[0]), renorm.dmax->reals()[0]);
  }
  return c;
}

Tensor normalize(const Groups &groups, const Tensor &x, Reals mean, Reals invStddev, const Factors &factors) {
  Tensor y = makeTensor(x.elementType, x.shape);
  Dims aStrides = groups.getStrides(factors.adjustmentScale), bStrides = groups.getStrides(factors.adjustmentOffset);
  groups.forEachElement([&](int64_t at, int64_t c, int64_t group, ArrayRef<int64_t> index) {
    double z = (x.reals()[at] - mean[group]) * invStddev[group];
    double u = z * (factors.r ? factors.r[c] : 1) + (factors.d ? factors.d[c] : 0);
    double a = factors.adjustmentScale ? factors.adjustmentScale->reals()[dot(index, aStrides)] : 1;
    double b = factors.adjustmentOffset ? factors.adjustmentOffset->reals()[dot(index, bStrides)] : 0;
    double w = u * a + b;
    y.mutableReals()[at] = w * (factors.scale ? factors.scale[c] : 1) + (factors.offset ? factors.offset[c] : 0);
  });
  return y;
}

Vector updateAverage(Reals old, Reals batch, Reals count, bool bessel, double momentum) {
  Vector result(old);
  for (size_t c = 0; c < result.size(); ++c) {
    double n = count.empty() ? 1 : count[c];
    double estimate = bessel ? batch[c] * n / std::max(n - 1, 1.0) : batch[c];
    if (n != 0)
      result[c] = momentum * result[c] + (1 - momentum) * estimate;
  }
  return result;
}

} // namespace bn::reference
