// MovePlan.cpp - follows an affine to where it is absorbed.
// SPDX-License-Identifier: Apache-2.0

#include "MovePlan.h"

#include "AffineCost.h"
#include "MoveRules.h"
#include "NonFinite.h"
#include "mlir/IR/TypeUtilities.h"

#include <cmath>

using namespace mlir;

namespace bn {

bool readsOnlyShape(Operation *op) {
  auto node = dyn_cast<onnx::NodeOpInterface>(op);
  return node && (node.is("Shape") || node.is("Size"));
}

Reason MovePlan::checkSoleReader(OpOperand &use) const {
  for (OpOperand &other : use.get().getUses()) {
    if (&other == &use || readsOnlyShape(other.getOwner()) || companions.contains(other.getOwner()))
      continue;
    return other.getOwner()->hasTrait<OpTrait::IsTerminator>() ? Reason::GraphOutput : Reason::ProducerHasOtherUsers;
  }
  return Reason::None;
}

//===----------------------------------------------------------------------===//
// Demands
//===----------------------------------------------------------------------===//

void MovePlan::pull(OpOperand &use, BroadcastMap map, bool isBranch) {
  if (!map.isIdentity())
    pulls.push_back({&use, std::move(map), isBranch});
}

void MovePlan::push(Value value, BroadcastMap map) {
  if (!map.isIdentity())
    pushes.push_back({value, std::move(map)});
}

Reason MovePlan::changeConstant(OpOperand &use, const BroadcastMap &map) {
  onnx::ConstantOp constant = getConstant(use.get());
  std::optional<SmallVector<double>> values = getConstantReals(use.get());
  auto type = constant ? dyn_cast<RankedTensorType>(constant.getType()) : RankedTensorType();
  if (!values || !type)
    return Reason::WeightsNotConstant;
  SmallVector<int64_t> shape(type.getShape());
  if (static_cast<int64_t>(map.getShape().size()) > type.getRank())
    shape.insert(shape.begin(), map.getShape().size() - type.getRank(), 1);
  if (!map.isUniform() && map.getShape().size() != shape.size())
    return Reason::AxisMismatch;
  std::optional<SmallVector<double>> result = map.apply(*values, shape);
  if (!result)
    return Reason::SeveralAxes;
  constants.push_back({&use, RankedTensorType::get(shape, type.getElementType()), std::move(*result), {}, 1});
  for (double a : map.getNumbers().scale)
    constants.back().growth = std::max(constants.back().growth, std::abs(a));
  return Reason::None;
}

Reason MovePlan::changeAffine(AffineOp affine, std::optional<BroadcastMap> map) {
  if (!map)
    return Reason::AxisMismatch;
  ChannelMap numbers;
  if (Reason why = map->getAlong(affine.getAxis(), affine.getScale().size(), numbers); why != Reason::None)
    return why;
  addedNodes += countNodes(*map) - countNodes(affine);
  affines.push_back({affine, std::move(*map)});
  return Reason::None;
}

//===----------------------------------------------------------------------===//
// Following them
//===----------------------------------------------------------------------===//

bool MovePlan::compensate(OpOperand &use, const BroadcastMap &map) {
  // beyond that, or in half precision, scaled numbers might leave the range
  constexpr double largest = 1024;
  bool isUsual = llvm::all_of(map.getNumbers().scale, [](double a) { return std::abs(a) <= largest && std::abs(a) >= 1 / largest; });
  if (!map.hasZeroOffset() || !isUsual || getElementTypeOrSelf(use.get().getType()).isF16())
    return false;
  for (OpOperand &other : use.get().getUses())
    if (&other != &use && !readsOnlyShape(other.getOwner()) && !companions.contains(other.getOwner()))
      compensations.push_back({&other, map.inverseScale(), /*isBranch=*/false});
  return true;
}

Reason MovePlan::trace() {
  entered.insert(mover);
  while (!pulls.empty()) {
    Pull step = pulls.pop_back_val();
    Reason why = follow(step);
    bool isDeadEnd = why == Reason::NoProducer || why == Reason::ProducerNotLinear || why == Reason::NonlinearBetween;
    if (why != Reason::None)
      return step.isBranch && isDeadEnd ? Reason::BranchNotLinear : why;
  }
  for (const Pull &step : compensations)
    if (followUse(*step.use, step.map) != Reason::None)
      return Reason::ProducerHasOtherUsers;
  while (!pushes.empty()) {
    Push step = pushes.pop_back_val();
    if (Reason why = follow(step); why != Reason::None)
      return why;
  }
  return Reason::None;
}

/// Whether infinities may meet a scale of zero, before the move or after it: 0·relu(-inf) is no number, relu(0·-inf) may be one.
static bool losesNonFinite(Operation *op, const BroadcastMap &map) { return readsNonFinite(op) && map.hasZeroScale(); }

/// Whether numbers of `value` that did not exist before may be too large for half precision: those that an operator makes smaller
/// get a scale above 1 earlier, or those that it makes larger get one below 1 later.
static bool mayOverflow(Value value, const BroadcastMap &map, Change change, Change risk) {
  if (!getElementTypeOrSelf(value.getType()).isF16() || (change != risk && change != Change::Both))
    return false;
  return llvm::any_of(map.getNumbers().scale, [&](double a) { return risk == Change::Shrinks ? std::abs(a) > 1 : std::abs(a) < 1; });
}

Reason MovePlan::follow(const Pull &step) {
  Value value = step.use->get();
  if (getConstant(value))
    return changeConstant(*step.use, step.map);
  Operation *producer = value.getDefiningOp();
  bool goTogether = step.use->getOwner() == mover && !companions.empty(); // from whatever subgraphs
  if (!producer || (producer->getBlock() != step.use->getOwner()->getBlock() && !goTogether))
    return Reason::NoProducer;
  LinearChange change;
  BroadcastMap left = BroadcastMap::uniform(1, 0);
  auto inner = dyn_cast<AffineOp>(producer);
  Reason notLinear = inner ? Reason::ProducerNotLinear : LinearChange::planResult(producer, step.map, change, left);
  auto node = dyn_cast<onnx::NodeOpInterface>(producer);
  const MoveRule *rule = node && notLinear != Reason::None ? findMoveRule(node) : nullptr;
  if (rule && losesNonFinite(producer, step.map))
    return Reason::InputNotFinite;
  if (notLinear != Reason::None && !(rule && rule->pull) && !inner)
    return notLinear;
  if (Reason why = checkSoleReader(*step.use); why != Reason::None)
    if (why != Reason::ProducerHasOtherUsers || !compensate(*step.use, step.map))
      return why;
  if (!enter(producer))
    return Reason::ProducerHasOtherUsers;
  if (inner)
    return pullThrough(inner, step.map);
  if (notLinear != Reason::None) {
    Reason why = rule->pull(cast<OpResult>(value), step.map, *this);
    if (why == Reason::None && mayOverflow(value, step.map, rule->change, Change::Shrinks))
      return Reason::Overflow;
    bool isOther = notLinear == Reason::ProducerNotLinear || notLinear == Reason::NonlinearBetween;
    return why == Reason::None || isOther ? why : notLinear;
  }
  if (!left.isIdentity()) {
    shiftsBehind.push_back({producer, change.getForm().axis, change.getForm().layout.getNumChannels(), left});
    ++addedNodes;
    shiftsLeft = true;
  }
  linears.push_back(std::move(change));
  return Reason::None;
}

/// a·(c·x + d) + b is c·(a·x) + (a·d + b): the scale goes on, the shift stays.
Reason MovePlan::pullThrough(AffineOp affine, const BroadcastMap &map) {
  auto addOffsets = [](const ChannelMap &outer, const ChannelMap &inner) {
    ChannelMap result = compose(outer, inner);
    result.scale = inner.scale;
    return result;
  };
  if (Reason why = changeAffine(affine, BroadcastMap::combine(map, getBroadcastMap(affine), addOffsets)); why != Reason::None)
    return why;
  bool shrinks = llvm::any_of(affine.getScale(), [](double c) { return std::abs(c) < 1; });
  if (mayOverflow(affine.getInput(), map, shrinks ? Change::Shrinks : Change::None, Change::Shrinks))
    return Reason::Overflow;
  pull(affine.getInputMutable(), map.onlyScale());
  return Reason::None;
}

Reason MovePlan::follow(const Push &step) {
  for (OpOperand &use : step.value.getUses())
    if (use.getOwner() != mover && !readsOnlyShape(use.getOwner()))
      if (Reason why = followUse(use, step.map); why != Reason::None)
        return why;
  return Reason::None;
}

Reason MovePlan::followUse(OpOperand &use, const BroadcastMap &map) {
  Operation *reader = use.getOwner();
  if (reader->hasTrait<OpTrait::IsTerminator>())
    return Reason::GraphOutput;
  if (!enter(reader))
    return Reason::ConsumerNotLinear;
  if (auto outer = dyn_cast<AffineOp>(reader))
    return changeAffine(outer, BroadcastMap::combine(getBroadcastMap(outer), map, compose));
  LinearChange change;
  BroadcastMap left = BroadcastMap::uniform(1, 0);
  Reason why = LinearChange::planInput(use, map, change, left);
  if (why == Reason::None) {
    linears.push_back(std::move(change));
    push(reader->getResult(0), std::move(left));
    return Reason::None;
  }
  auto node = dyn_cast<onnx::NodeOpInterface>(reader);
  const MoveRule *rule = node ? findMoveRule(node) : nullptr;
  if (rule && losesNonFinite(reader, map))
    return Reason::InputNotFinite;
  if (!rule || !rule->push)
    return why;
  why = rule->push(use, map, *this);
  bool overflows = why == Reason::None && mayOverflow(reader->getResult(0), map, rule->change, Change::Grows);
  return overflows ? Reason::Overflow : why;
}

} // namespace bn
