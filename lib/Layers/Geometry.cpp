// Geometry.cpp - resolves axes and shapes, and decides whether Keras would take its fused implementation.
// SPDX-License-Identifier: Apache-2.0
//
// The fused implementation differs in numbers: its running variance has Bessel's correction, and its epsilon is at least 1.001e-5.

#include "Geometry.h"

#include "Errors.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace bn::layers {

std::string formatShape(ArrayRef<int64_t> shape) {
  return "(" + join(map_range(shape, [](int64_t dim) { return mlir::ShapedType::isDynamic(dim) ? "?" : std::to_string(dim); }), ", ") + ")";
}

std::string getFusedObstacle(const Arguments &arguments) {
  if (arguments.renorm)
    return "'renorm'";
  if (arguments.axis.size() != 1)
    return "more than one axis";
  if (!is_contained({-4, -3, -1, 1, 3, 4}, arguments.axis[0])) // as given: it is asked before the rank is known
    return "axis " + std::to_string(arguments.axis[0]);
  if (arguments.virtualBatchSize)
    return "'virtual_batch_size'";
  if (arguments.adjustment)
    return "'adjustment'";
  if (arguments.dtype == "float64")
    return "dtype 'float64'";
  return "";
}

static Expected<bool> decideFused(const Arguments &arguments, int64_t rank, int64_t axis) {
  if (arguments.api == Api::Keras3 || arguments.synchronized || arguments.fused == false || !getFusedObstacle(arguments).empty())
    return false;
  constexpr int64_t imageRank = 4, volumeRank = 5;
  if (rank != imageRank && rank != volumeRank) {
    if (arguments.api == Api::Keras2 && arguments.fused == true)
      return invalid("'fused' cannot be True with an input of rank " + Twine(rank) + ", expected 4 or 5");
    return false;
  }
  bool isLayout = axis == 1 || axis == rank - 1;
  if (rank == imageRank && !isLayout)
    return invalid("the fused implementation expects axis 1 or 3 of an input of rank 4, got " + Twine(axis));
  return isLayout;
}

static Expected<SmallVector<int64_t>> resolveAxes(ArrayRef<int64_t> axes, ArrayRef<int64_t> shape) {
  int64_t rank = shape.size();
  SmallVector<int64_t> resolved;
  for (int64_t axis : axes) {
    if (axis < -rank || axis >= rank)
      return invalid("axis " + Twine(axis) + " is out of range for an input of rank " + Twine(rank));
    resolved.push_back(axis < 0 ? axis + rank : axis);
  }
  llvm::sort(resolved);
  if (std::adjacent_find(resolved.begin(), resolved.end()) != resolved.end())
    return invalid("duplicate axis in " + formatShape(axes));
  for (int64_t axis : resolved)
    if (mlir::ShapedType::isDynamic(shape[axis]))
      return invalid("the input's size along axis " + Twine(axis) + " must be known, got shape " + formatShape(shape));
  return resolved;
}

static Error checkVirtualBatches(const Arguments &arguments, ArrayRef<int64_t> axes) {
  if (!arguments.virtualBatchSize)
    return Error::success();
  if (*arguments.virtualBatchSize <= 0)
    return invalid("'virtual_batch_size' must be positive, got " + Twine(*arguments.virtualBatchSize));
  if (axes.front() == 0)
    return invalid("'virtual_batch_size' cannot be combined with the batch axis in 'axis'");
  if (arguments.adjustment)
    return invalid("'virtual_batch_size' cannot be combined with 'adjustment'");
  return Error::success();
}

/// One axis makes vectors; several, or ghosts, variables of full rank. Ghosts have an axis behind the batch.
static SmallVector<int64_t> getVariableShape(const Arguments &arguments, ArrayRef<int64_t> axes, ArrayRef<int64_t> shape) {
  if (axes.size() == 1 && !arguments.virtualBatchSize)
    return {shape[axes[0]]};
  SmallVector<int64_t> result(shape.size(), 1);
  for (int64_t axis : axes)
    result[axis] = shape[axis];
  if (arguments.virtualBatchSize)
    result.insert(result.begin() + 1, 1);
  return result;
}

Expected<Geometry> makeGeometry(const Arguments &arguments, ArrayRef<int64_t> inputShape) {
  Expected<SmallVector<int64_t>> axes = resolveAxes(arguments.axis, inputShape);
  if (!axes)
    return axes.takeError();
  if (Error error = checkVirtualBatches(arguments, *axes))
    return error;
  Geometry geometry;
  geometry.axes = *axes;
  geometry.rank = inputShape.size();
  for (int64_t axis : *axes)
    geometry.channels.push_back(inputShape[axis]);
  geometry.variableShape = getVariableShape(arguments, *axes, inputShape);
  Expected<bool> fused = decideFused(arguments, geometry.rank, axes->front());
  if (!fused)
    return fused.takeError();
  constexpr double fusedMinEpsilon = 1.001e-5;
  geometry.fused = *fused;
  geometry.epsilon = *fused ? std::max(arguments.epsilon, fusedMinEpsilon) : arguments.epsilon;
  return geometry;
}

Expected<int64_t> countGhosts(const Arguments &arguments, int64_t batch) {
  if (!arguments.virtualBatchSize || batch == 0)
    return 1;
  if (batch % *arguments.virtualBatchSize)
    return invalid("'virtual_batch_size' " + Twine(*arguments.virtualBatchSize) + " does not divide the batch of " + Twine(batch));
  return batch / *arguments.virtualBatchSize;
}

} // namespace bn::layers
