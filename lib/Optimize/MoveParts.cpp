// MoveParts.cpp - an affine passes nodes that join or split values along an axis.
// SPDX-License-Identifier: Apache-2.0
//
//   a·[x, y] + b  =  [a·x + b, a·y + b]

#include "MoveRules.h"

using namespace mlir;

namespace bn {

/// Finds which elements along `axis` of `whole` each of `parts` holds. False where sizes are unknown.
static bool findParts(Value whole, ValueRange parts, int64_t &axis, SmallVectorImpl<SmallVector<int64_t>> &indices) {
  std::optional<ArrayRef<int64_t>> shape = getShape(whole);
  if (!shape)
    return false;
  axis += axis < 0 ? shape->size() : 0;
  int64_t begin = 0;
  for (Value part : parts) {
    std::optional<ArrayRef<int64_t>> partShape = getShape(part);
    if (!partShape || axis < 0 || axis >= static_cast<int64_t>(partShape->size()) || (*partShape)[axis] < 0)
      return false;
    indices.push_back(llvm::to_vector(llvm::seq(begin, begin + (*partShape)[axis])));
    begin += (*partShape)[axis];
  }
  return begin == (*shape)[axis];
}

static int64_t getConcatAxis(Operation *op) { return cast<onnx::NodeOpInterface>(op).getInt("axis", 1); }
static int64_t getSplitAxis(Operation *op) { return cast<onnx::NodeOpInterface>(op).getInt("axis", 0); }

Reason pullConcat(OpResult result, const BroadcastMap &map, MovePlan &plan) {
  Operation *op = result.getOwner();
  int64_t axis = getConcatAxis(op);
  SmallVector<SmallVector<int64_t>> indices;
  if (!map.isUniform() && !findParts(result, op->getOperands(), axis, indices))
    return Reason::UnknownShape;
  for (OpOperand &use : op->getOpOperands())
    plan.pull(use, map.isUniform() ? map : map.take(axis, indices[use.getOperandNumber()]), /*isBranch=*/true);
  return Reason::None;
}

/// The map of `whole` where its part with this number along `axis` has `map`, and the others none; nothing where sizes are unknown.
static std::optional<BroadcastMap> toWhole(const BroadcastMap &map, Value whole, ValueRange parts, int64_t axis, unsigned number) {
  SmallVector<SmallVector<int64_t>> indices;
  if (!findParts(whole, parts, axis, indices))
    return std::nullopt;
  ArrayRef<int64_t> shape = *getShape(whole);
  return map.extend(axis, shape[axis], shape.size(), indices[number]);
}

Reason pushConcat(OpOperand &use, const BroadcastMap &map, MovePlan &plan) {
  Operation *op = use.getOwner();
  Value result = op->getResult(0);
  std::optional<BroadcastMap> whole = toWhole(map, result, op->getOperands(), getConcatAxis(op), use.getOperandNumber());
  if (!whole)
    return Reason::UnknownShape;
  plan.push(result, std::move(*whole));
  return Reason::None;
}

Reason pullSplit(OpResult result, const BroadcastMap &map, MovePlan &plan) {
  Operation *op = result.getOwner();
  OpOperand &data = op->getOpOperand(0);
  std::optional<BroadcastMap> whole = toWhole(map, data.get(), op->getResults(), getSplitAxis(op), result.getResultNumber());
  if (!whole)
    return Reason::UnknownShape;
  plan.pull(data, std::move(*whole));
  return Reason::None;
}

Reason pushSplit(OpOperand &use, const BroadcastMap &map, MovePlan &plan) {
  Operation *op = use.getOwner();
  int64_t axis = getSplitAxis(op);
  SmallVector<SmallVector<int64_t>> indices;
  if (use.getOperandNumber() != 0 || (!map.isUniform() && !findParts(use.get(), op->getResults(), axis, indices)))
    return Reason::UnknownShape;
  for (OpResult result : op->getResults())
    plan.push(result, map.isUniform() ? map : map.take(axis, indices[result.getResultNumber()]));
  return Reason::None;
}

} // namespace bn
