// MoveThroughMeans.cpp - an affine passes nodes that compute: pools, reductions, interpolation, padding, positive activations.
// SPDX-License-Identifier: Apache-2.0
//
// A mean keeps scale and shift, a maximum both where the scale is not negative, a ReLU the scale where it is not negative.

#include "MoveRules.h"

#include <cmath>

using namespace mlir;

namespace bn {

/// f(a·x) = a·f(x) for a that is not negative: ReLU and its like.
Reason transferHomogeneous(onnx::NodeOpInterface, Direction, BroadcastMap &map, MovePlan &) {
  if (!map.hasZeroOffset())
    return Reason::NonlinearBetween;
  return map.hasNegativeScale() ? Reason::NegativeScale : Reason::None;
}

Reason transferNegation(onnx::NodeOpInterface, Direction, BroadcastMap &map, MovePlan &) {
  map = map.withNegatedOffset();
  return Reason::None;
}

/// Pools join elements along all axes but batch and channels.
static Reason checkPooled(const BroadcastMap &map) {
  for (int64_t axis = 2; axis < static_cast<int64_t>(map.getShape().size()); ++axis)
    if (map.variesAlong(axis))
      return Reason::ChannelAxisLost;
  return Reason::None;
}

static bool mayPad(onnx::NodeOpInterface node) {
  StringRef autoPad = node.getString("auto_pad", "NOTSET");
  if (autoPad != "NOTSET")
    return autoPad != "VALID";
  return llvm::any_of(node.getInts("pads").value_or(ArrayRef<int64_t>()), [](int64_t pad) { return pad != 0; });
}

Reason transferAveragePool(onnx::NodeOpInterface node, Direction, BroadcastMap &map, MovePlan &) {
  if (Reason why = checkPooled(map); why != Reason::None)
    return why;
  bool countsZeros = node.getInt("count_include_pad", 0) && mayPad(node);
  return countsZeros && !map.hasZeroOffset() ? Reason::ZeroPadding : Reason::None;
}

Reason transferMaxPool(onnx::NodeOpInterface, Direction, BroadcastMap &map, MovePlan &) {
  if (map.hasNegativeScale())
    return Reason::NegativeScale;
  return checkPooled(map);
}

/// Takes the map across the reduced axes, along which it must not vary.
static Reason transferReduction(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map) {
  if (map.isUniform())
    return Reason::None;
  std::optional<ArrayRef<int64_t>> input = getShape(node->getOperand(0));
  std::optional<SmallVector<int64_t>> axes = getIntegers(node, 1, "axes");
  if (!input || !axes || axes->empty()) // all axes, or none
    return input ? Reason::ChannelAxisLost : Reason::UnknownShape;
  for (int64_t &axis : *axes) {
    axis += axis < 0 ? input->size() : 0;
    if (axis < 0 || axis >= static_cast<int64_t>(input->size()))
      return Reason::UnknownShape;
  }
  bool keeps = node.getInt("keepdims", 1);
  if (direction == Direction::ToInput && !keeps)
    map = map.insertAxes(*axes);
  if (llvm::any_of(*axes, [&](int64_t axis) { return map.variesAlong(axis); }))
    return Reason::ChannelAxisLost;
  if (direction == Direction::ToResult && !keeps)
    map = map.removeAxes(*axes);
  return Reason::None;
}

Reason transferReduceMean(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &) {
  return transferReduction(node, direction, map);
}

Reason transferReduceExtreme(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &) {
  return map.hasNegativeScale() ? Reason::NegativeScale : transferReduction(node, direction, map);
}

Reason transferReduceSum(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &) {
  return map.hasZeroOffset() ? transferReduction(node, direction, map) : Reason::NonlinearBetween;
}

/// The weights of an interpolation add up to 1, unless it reads beyond the border.
Reason transferResize(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &plan) {
  StringRef mode = node.getString("mode", "nearest");
  if ((mode != "nearest" && mode != "linear" && mode != "bilinear") ||
      node.getString("coordinate_transformation_mode", "half_pixel") == "tf_crop_and_resize")
    return Reason::ProducerNotLinear;
  return transferRepeat(node, direction, map, plan);
}

/// The value that a Pad inserts: an operand from version 11 on, an attribute before.
static std::optional<double> getPadValue(onnx::NodeOpInterface node) {
  if (node.getSchemaVersion() < 11)
    return node.getFloat("value", 0);
  if (node->getNumOperands() < 3 || isAbsent(node->getOperand(2)))
    return 0;
  std::optional<SmallVector<double>> values = getConstantReals(node->getOperand(2));
  return values && values->size() == 1 ? std::optional(values->front()) : std::nullopt;
}

/// How many times larger than an inserted number the terms may be whose sum it becomes: each costs the sum half a unit of its own.
constexpr double cancellationLimit = 16;

/// The inserted number v becomes a·v + b where the affine goes to the input, and x with a·x + b = v where it goes to the result:
/// it has to be the same in all channels, one that the node can be given, and one from which the affine gets v back.
Reason transferPad(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &plan) {
  if (Reason why = transferRepeat(node, direction, map, plan); why != Reason::None)
    return why;
  if (node.getString("mode", "constant") != "constant")
    return Reason::None;
  std::optional<double> old = getPadValue(node);
  if (!old)
    return Reason::ParametersNotConstant;
  SmallVector<double> inserted;
  for (auto [a, b] : llvm::zip_equal(map.getNumbers().scale, map.getNumbers().offset)) {
    double mapped = a * *old + b;
    bool isInverse = direction == Direction::ToResult && mapped != *old;
    if (isInverse && std::abs(*old - b) > cancellationLimit * std::abs(*old))
      return Reason::Cancellation;
    inserted.push_back(isInverse ? (*old - b) / a : mapped);
  }
  if (!llvm::all_equal(inserted) || !std::isfinite(inserted.front()))
    return Reason::ZeroPadding;
  if (inserted.front() == *old)
    return Reason::None;
  if (node.getSchemaVersion() < 11 || node->getNumOperands() < 3 || isAbsent(node->getOperand(2)))
    return Reason::ZeroPadding;
  return plan.changeConstant(node->getOpOperand(2), BroadcastMap::uniform(0, inserted.front()));
}

} // namespace bn
