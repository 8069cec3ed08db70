// MoveLayouts.cpp - an affine passes nodes that only rearrange elements, where their new place tells the channel.
// SPDX-License-Identifier: Apache-2.0

#include "MoveRules.h"
#include "SliceRanges.h"

#include "mlir/IR/TypeUtilities.h"

#include <algorithm>

using namespace mlir;

namespace bn {

std::optional<ArrayRef<int64_t>> getShape(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type ? std::optional(type.getShape()) : std::nullopt;
}

/// Shapes of the tensors that the map comes from and goes to.
static bool getShapes(onnx::NodeOpInterface node, Direction direction, ArrayRef<int64_t> &from, ArrayRef<int64_t> &to) {
  std::optional<ArrayRef<int64_t>> input = getShape(node->getOperand(0)), result = getShape(node->getResult(0));
  if (!input || !result)
    return false;
  from = direction == Direction::ToInput ? *result : *input;
  to = direction == Direction::ToInput ? *input : *result;
  return true;
}

Reason transferIdentity(onnx::NodeOpInterface, Direction, BroadcastMap &, MovePlan &) { return Reason::None; }

/// The affine may come to compute in more bits, never in fewer.
Reason transferCast(onnx::NodeOpInterface node, Direction direction, BroadcastMap &, MovePlan &) {
  auto input = dyn_cast<FloatType>(getElementTypeOrSelf(node->getOperand(0).getType()));
  auto result = dyn_cast<FloatType>(getElementTypeOrSelf(node->getResult(0).getType()));
  if (!input || !result)
    return Reason::ProducerNotLinear;
  FloatType now = direction == Direction::ToInput ? result : input, later = direction == Direction::ToInput ? input : result;
  bool isWider = later.getWidth() >= now.getWidth() && later.getFPMantissaWidth() >= now.getFPMantissaWidth();
  return isWider && (later == now || later.getWidth() > 16) ? Reason::None : Reason::ProducerNotLinear;
}

/// How many dimensions at the front a Reshape copies.
static int64_t countCopiedDims(onnx::NodeOpInterface node) {
  if (!node.is("Reshape") || node.getInt("allowzero", 0))
    return 0;
  std::optional<SmallVector<int64_t>> shape = getIntegers(node, 1, "shape");
  return shape ? llvm::find_if(*shape, [](int64_t dim) { return dim != 0; }) - shape->begin() : 0;
}

Reason transferReshape(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &) {
  if (map.isUniform())
    return Reason::None;
  ArrayRef<int64_t> from, to;
  if (!getShapes(node, direction, from, to))
    return Reason::UnknownShape;
  int64_t copied = std::min<int64_t>({countCopiedDims(node), static_cast<int64_t>(from.size()), static_cast<int64_t>(to.size())});
  std::optional<BroadcastMap> moved = map.reshape(from, to, copied);
  if (!moved)
    return Reason::ChannelAxisLost;
  map = std::move(*moved);
  return Reason::None;
}

/// Whether the unit dimensions that the node names could appear in a map over `shape` without them, or vanish from one over all of it.
static bool changeUnitAxes(onnx::NodeOpInterface node, std::optional<ArrayRef<int64_t>> shape, bool appear, BroadcastMap &map) {
  std::optional<SmallVector<int64_t>> axes = getIntegers(node, 1, "axes");
  if (!shape || !axes)
    return false;
  for (int64_t &axis : *axes) {
    int64_t rank = shape->size();
    axis += axis < 0 ? rank : 0;
    if (axis < 0 || axis >= rank || (!appear && map.variesAlong(axis)))
      return false;
  }
  map = appear ? map.insertAxes(*axes) : map.removeAxes(*axes);
  return true;
}

Reason transferSqueeze(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &plan) {
  if (map.isUniform() || changeUnitAxes(node, getShape(node->getOperand(0)), direction == Direction::ToInput, map))
    return Reason::None;
  return transferReshape(node, direction, map, plan);
}

Reason transferUnsqueeze(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &plan) {
  if (map.isUniform() || changeUnitAxes(node, getShape(node->getResult(0)), direction == Direction::ToResult, map))
    return Reason::None;
  return transferReshape(node, direction, map, plan);
}

Reason transferTranspose(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &) {
  if (map.isUniform())
    return Reason::None;
  std::optional<ArrayRef<int64_t>> given = node.getInts("perm");
  auto reversed = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, map.getShape().size())));
  SmallVector<int64_t> perm = given ? llvm::to_vector(*given) : reversed;
  if (perm.size() != map.getShape().size())
    return Reason::UnknownShape;
  if (direction == Direction::ToInput) {
    SmallVector<int64_t> inverse(perm.size());
    for (auto [i, axis] : llvm::enumerate(perm))
      inverse[axis] = i;
    perm = inverse;
  }
  map = map.transpose(perm);
  return Reason::None;
}

/// The elements that a Slice takes along an axis of known size.
static SmallVector<int64_t> getSliced(int64_t start, int64_t end, int64_t step, int64_t size) {
  auto clamp = [&](int64_t at, int64_t low, int64_t high) { return std::clamp(at < 0 ? std::max(at + size, low) : at, low, high); };
  SmallVector<int64_t> indices;
  if (step > 0)
    for (int64_t i = clamp(start, 0, size), stop = clamp(end, 0, size); i < stop; i += step)
      indices.push_back(i);
  else
    for (int64_t i = clamp(start, 0, size - 1), stop = clamp(end, -1, size - 1); i > stop; i += step)
      indices.push_back(i);
  return indices;
}

/// What a Slice leaves out may become anything, so it stays as it is.
Reason transferSlice(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &) {
  if (map.isUniform())
    return Reason::None;
  std::optional<ArrayRef<int64_t>> shape = getShape(node->getOperand(0));
  std::optional<SmallVector<SliceRange>> ranges = getSliceRanges(node);
  if (!shape || !ranges)
    return Reason::UnknownShape;
  for (auto [axis, start, end, step] : *ranges) {
    if (!map.variesAlong(axis))
      continue;
    if ((*shape)[axis] < 0)
      return Reason::UnknownShape;
    SmallVector<int64_t> indices = getSliced(start, end, step, (*shape)[axis]);
    map = direction == Direction::ToInput ? map.extend(axis, (*shape)[axis], shape->size(), indices) : map.take(axis, indices);
  }
  return Reason::None;
}

/// A Gather along one axis puts the axes of its indices there.
Reason transferGather(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &) {
  if (map.isUniform())
    return Reason::None;
  std::optional<ArrayRef<int64_t>> data = getShape(node->getOperand(0)), indices = getShape(node->getOperand(1));
  if (!data || !indices)
    return Reason::UnknownShape;
  int64_t axis = node.getInt("axis", 0);
  axis += axis < 0 ? data->size() : 0;
  SmallVector<int64_t> gathered = llvm::to_vector(llvm::seq<int64_t>(axis, axis + indices->size())), taken = {axis};
  if (direction == Direction::ToInput)
    std::swap(gathered, taken);
  if (llvm::any_of(taken, [&](int64_t from) { return map.variesAlong(from); }))
    return Reason::ChannelAxisLost;
  map = map.removeAxes(taken).insertAxes(gathered);
  return Reason::None;
}

Reason transferUniform(onnx::NodeOpInterface, Direction, BroadcastMap &map, MovePlan &) {
  return map.isUniform() ? Reason::None : Reason::ChannelAxisLost;
}

/// Repeats elements along axes where nothing varies: the sizes along those where it does are the same on both sides.
Reason transferRepeat(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &) {
  if (map.isUniform())
    return Reason::None;
  ArrayRef<int64_t> from, to;
  if (!getShapes(node, direction, from, to))
    return Reason::UnknownShape;
  int64_t shift = static_cast<int64_t>(to.size()) - static_cast<int64_t>(from.size());
  for (int64_t axis = 0; axis < static_cast<int64_t>(from.size()); ++axis)
    if (map.variesAlong(axis) && (axis + shift < 0 || to[axis + shift] != from[axis] || from[axis] < 0))
      return Reason::ChannelAxisLost;
  map = shift > 0 ? map.insertAxes(llvm::to_vector(llvm::seq<int64_t>(0, shift)))
                  : map.removeAxes(llvm::to_vector(llvm::seq<int64_t>(0, -shift)));
  return Reason::None;
}

} // namespace bn
