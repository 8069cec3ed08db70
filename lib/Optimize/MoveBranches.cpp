// MoveBranches.cpp - an affine passes nodes that compute with several values.
// SPDX-License-Identifier: Apache-2.0
//
//   a·(x + y) + b  =  (a·x + b) + a·y          a·(x · y)  =  (a·x) · y
//
// A sum hands its shift to one operand, a product its scale; each operand only what fits its shape.

#include "MoveRules.h"

using namespace mlir;

namespace bn {

//===----------------------------------------------------------------------===//
// Broadcasting
//===----------------------------------------------------------------------===//

/// The map of the result as one of an operand that is broadcast to it; nothing where the operand lacks the axis.
static std::optional<BroadcastMap> toOperand(const BroadcastMap &map, OpOperand &use) {
  if (map.isUniform() || getConstant(use.get())) // a constant may grow
    return map;
  std::optional<ArrayRef<int64_t>> shape = getShape(use.get());
  int64_t missing = shape ? map.getShape().size() - shape->size() : 0;
  if (!shape || missing < 0)
    return std::nullopt;
  for (auto [axis, size] : llvm::enumerate(map.getShape()))
    if (size != 1 && (static_cast<int64_t>(axis) < missing || (*shape)[axis - missing] != size))
      return std::nullopt;
  return map.removeAxes(llvm::to_vector(llvm::seq<int64_t>(0, missing)));
}

/// The map of an operand as one of the result that it is broadcast to.
static std::optional<BroadcastMap> toResult(const BroadcastMap &map, Value result) {
  if (map.isUniform())
    return map;
  std::optional<ArrayRef<int64_t>> shape = getShape(result);
  int64_t missing = shape ? shape->size() - map.getShape().size() : -1;
  if (missing < 0)
    return std::nullopt;
  for (auto [axis, size] : llvm::enumerate(map.getShape()))
    if (size != 1 && (*shape)[axis + missing] != size)
      return std::nullopt;
  return map.insertAxes(llvm::to_vector(llvm::seq<int64_t>(0, missing)));
}

/// Before version 7 dimensions align where an attribute says.
static bool alignsAtEnd(Operation *op) { return cast<onnx::NodeOpInterface>(op).getSchemaVersion() >= 7; }

/// The operand that takes what only one can: a constant, or else what the plan prefers among those where it fits.
static std::optional<unsigned> chooseOperand(MutableArrayRef<OpOperand> operands, const BroadcastMap &map, const MovePlan &plan) {
  SmallVector<unsigned> fitting;
  for (OpOperand &use : operands) {
    if (!toOperand(map, use))
      continue;
    if (getConstant(use.get()))
      return use.getOperandNumber();
    fitting.push_back(use.getOperandNumber());
  }
  return fitting.empty() ? std::nullopt : std::optional(fitting[plan.choose(fitting.size())]);
}

//===----------------------------------------------------------------------===//
// Sums and products
//===----------------------------------------------------------------------===//

/// Whether the operand is subtracted.
static bool isNegated(OpOperand &use) {
  return cast<onnx::NodeOpInterface>(use.getOwner()).is("Sub") && use.getOperandNumber() == 1;
}

Reason pullSum(OpResult result, const BroadcastMap &map, MovePlan &plan) {
  Operation *op = result.getOwner();
  BroadcastMap scale = map.onlyScale(), offset = map.onlyOffset();
  std::optional<unsigned> taker = chooseOperand(op->getOpOperands(), map, plan);
  if (!alignsAtEnd(op) || !taker)
    return Reason::ChannelAxisLost;
  for (OpOperand &use : op->getOpOperands()) {
    bool takesOffset = use.getOperandNumber() == *taker;
    std::optional<BroadcastMap> share = toOperand(!takesOffset ? scale : isNegated(use) ? map.withNegatedOffset() : map, use);
    if (!share)
      return Reason::ChannelAxisLost;
    plan.pull(use, std::move(*share), /*isBranch=*/!scale.isIdentity());
  }
  return Reason::None;
}

/// A shift of one operand is one of the result; a scale is none.
Reason pushSum(OpOperand &use, const BroadcastMap &map, MovePlan &plan) {
  Operation *op = use.getOwner();
  std::optional<BroadcastMap> whole = toResult(isNegated(use) ? map.withNegatedOffset() : map, op->getResult(0));
  if (!alignsAtEnd(op) || !whole || !whole->hasUnitScale())
    return Reason::ConsumerNotLinear;
  plan.push(op->getResult(0), std::move(*whole));
  return Reason::None;
}

Reason pullProduct(OpResult result, const BroadcastMap &map, MovePlan &plan) {
  Operation *op = result.getOwner();
  if (!map.hasZeroOffset())
    return Reason::NonlinearBetween;
  std::optional<unsigned> taker = chooseOperand(op->getOpOperands(), map, plan);
  if (!alignsAtEnd(op) || !taker)
    return Reason::ChannelAxisLost;
  OpOperand &use = op->getOpOperand(*taker);
  plan.pull(use, *toOperand(map, use));
  return Reason::None;
}

Reason pushProduct(OpOperand &use, const BroadcastMap &map, MovePlan &plan) {
  Operation *op = use.getOwner();
  std::optional<BroadcastMap> whole = toResult(map, op->getResult(0));
  if (!alignsAtEnd(op) || !whole || !whole->hasZeroOffset())
    return Reason::ConsumerNotLinear;
  OpOperand &other = op->getOpOperand(1 - use.getOperandNumber());
  if (getConstant(other.get()))
    return plan.changeConstant(other, *whole);
  plan.push(op->getResult(0), std::move(*whole));
  return Reason::None;
}

Reason pullQuotient(OpResult result, const BroadcastMap &map, MovePlan &plan) {
  OpOperand &dividend = result.getOwner()->getOpOperand(0);
  if (!map.hasZeroOffset())
    return Reason::NonlinearBetween;
  std::optional<BroadcastMap> share = toOperand(map, dividend);
  if (!alignsAtEnd(result.getOwner()) || !share)
    return Reason::ChannelAxisLost;
  plan.pull(dividend, std::move(*share));
  return Reason::None;
}

Reason pushQuotient(OpOperand &use, const BroadcastMap &map, MovePlan &plan) {
  Operation *op = use.getOwner();
  std::optional<BroadcastMap> whole = toResult(map, op->getResult(0));
  if (use.getOperandNumber() != 0 || !alignsAtEnd(op) || !whole || !whole->hasZeroOffset())
    return Reason::ConsumerNotLinear;
  plan.push(op->getResult(0), std::move(*whole));
  return Reason::None;
}

/// A product of two values takes the scale of its rows from the left operand, of its columns from the right one.
Reason pullMatMul(OpResult result, const BroadcastMap &map, MovePlan &plan) {
  Operation *op = result.getOwner();
  if (!map.hasZeroOffset())
    return Reason::WeightsNotConstant;
  int64_t rank = map.getShape().size();
  bool variesInRows = rank >= 2 && map.variesAlong(rank - 2), variesInColumns = rank >= 2 && map.variesAlong(rank - 1);
  if (variesInRows && variesInColumns)
    return Reason::SeveralAxes;
  OpOperand &use = op->getOpOperand(variesInRows ? 0 : variesInColumns ? 1 : plan.choose(2));
  std::optional<BroadcastMap> share = toOperand(map, use);
  if (!share || getConstant(use.get()))
    return Reason::WeightsNotConstant;
  plan.pull(use, std::move(*share));
  return Reason::None;
}

/// A product whose right side is no constant takes the scale of its columns from there, and a shift in its bias.
Reason pullGemm(OpResult result, const BroadcastMap &map, MovePlan &plan) {
  auto gemm = dyn_cast<onnx::GemmOp>(result.getOwner());
  if (!gemm || getConstant(gemm.getB()) || (!map.isUniform() && map.getShape().size() != 2))
    return Reason::WeightsNotConstant;
  if (map.variesAlong(0) || gemm.getAlpha().convertToDouble() == 0)
    return Reason::AxisMismatch;
  bool hasBias = !isAbsent(gemm.getC());
  if (!map.hasZeroOffset() && !hasBias)
    return Reason::NoBias;
  if (hasBias) { // beta·(map of c): the shift reaches c before beta does
    double beta = gemm.getBeta().convertToDouble();
    std::optional<ArrayRef<int64_t>> shape = getShape(gemm.getC());
    if (beta != 1 || !shape || shape->empty())
      return Reason::BiasNotPerChannel;
    BroadcastMap share = map.removeAxes(shape->size() < 2 ? ArrayRef<int64_t>(0) : ArrayRef<int64_t>());
    if (Reason why = plan.changeConstant(gemm.getCMutable(), share); why != Reason::None)
      return why;
  }
  plan.pull(gemm.getBMutable(), gemm.getTransB() ? map.onlyScale().transpose({1, 0}) : map.onlyScale());
  return Reason::None;
}

Reason pushMatMul(OpOperand &use, const BroadcastMap &map, MovePlan &plan) {
  Operation *op = use.getOwner();
  int64_t rank = map.getShape().size(), summed = rank - (use.getOperandNumber() == 0 ? 1 : 2);
  std::optional<BroadcastMap> whole = toResult(map, op->getResult(0));
  if (!map.hasZeroOffset() || !whole || (rank > 0 && (rank < 2 || map.variesAlong(summed))))
    return Reason::ConsumerNotLinear;
  plan.push(op->getResult(0), std::move(*whole));
  return Reason::None;
}

//===----------------------------------------------------------------------===//
// All branches alike
//===----------------------------------------------------------------------===//

static Reason pullAll(MutableArrayRef<OpOperand> operands, const BroadcastMap &map, MovePlan &plan) {
  for (OpOperand &use : operands) {
    std::optional<BroadcastMap> share = toOperand(map, use);
    if (!share)
      return Reason::ChannelAxisLost;
    plan.pull(use, std::move(*share), /*isBranch=*/true);
  }
  return Reason::None;
}

Reason pullMean(OpResult result, const BroadcastMap &map, MovePlan &plan) {
  Operation *op = result.getOwner();
  return alignsAtEnd(op) ? pullAll(op->getOpOperands(), map, plan) : Reason::UnknownShape;
}

Reason pullMax(OpResult result, const BroadcastMap &map, MovePlan &plan) {
  return map.hasNegativeScale() ? Reason::NegativeScale : pullMean(result, map, plan);
}

Reason pullWhere(OpResult result, const BroadcastMap &map, MovePlan &plan) {
  return pullAll(result.getOwner()->getOpOperands().drop_front(), map, plan);
}

} // namespace bn
