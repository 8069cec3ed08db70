// MoveRules.cpp - the table of operators that an affine passes.
// SPDX-License-Identifier: Apache-2.0

#include "MoveRules.h"

using namespace mlir;

namespace bn {

/// From the first result to the first operand.
template <Transfer transfer>
static Reason pullAlong(OpResult result, const BroadcastMap &map, MovePlan &plan) {
  Operation *op = result.getOwner();
  if (result.getResultNumber() != 0 || llvm::any_of(op->getResults().drop_front(), [](Value other) { return !other.use_empty(); }))
    return Reason::ProducerNotLinear;
  BroadcastMap moved = map;
  if (Reason why = transfer(cast<onnx::NodeOpInterface>(op), Direction::ToInput, moved, plan); why != Reason::None)
    return why;
  plan.pull(op->getOpOperand(0), std::move(moved));
  return Reason::None;
}

/// From the first operand to the first result.
template <Transfer transfer>
static Reason pushAlong(OpOperand &use, const BroadcastMap &map, MovePlan &plan) {
  Operation *op = use.getOwner();
  if (use.getOperandNumber() != 0 || llvm::any_of(op->getResults().drop_front(), [](Value other) { return !other.use_empty(); }))
    return Reason::ConsumerNotLinear;
  BroadcastMap moved = map;
  if (Reason why = transfer(cast<onnx::NodeOpInterface>(op), Direction::ToResult, moved, plan); why != Reason::None)
    return why;
  plan.push(op->getResult(0), std::move(moved));
  return Reason::None;
}

template <Transfer transfer>
static constexpr MoveRule makeRule(StringLiteral opType, Change change = Change::None) {
  return {opType, pullAlong<transfer>, pushAlong<transfer>, change};
}

static constexpr MoveRule rules[] = {
    makeRule<transferIdentity>("Identity"),
    makeRule<transferCast>("Cast"),
    makeRule<transferReshape>("Reshape"),
    makeRule<transferReshape>("Flatten"),
    makeRule<transferSqueeze>("Squeeze"),
    makeRule<transferUnsqueeze>("Unsqueeze"),
    makeRule<transferTranspose>("Transpose"),
    makeRule<transferSlice>("Slice"),
    makeRule<transferGather>("Gather"),
    makeRule<transferRepeat>("Expand"),
    makeRule<transferRepeat>("Tile"),
    makeRule<transferUniform>("DepthToSpace"),
    makeRule<transferUniform>("SpaceToDepth"),
    makeRule<transferHomogeneous>("Relu"),
    makeRule<transferHomogeneous>("LeakyRelu", Change::Shrinks),
    makeRule<transferHomogeneous>("PRelu", Change::Shrinks),
    makeRule<transferHomogeneous>("Abs"),
    makeRule<transferNegation>("Neg"),
    makeRule<transferAveragePool>("AveragePool", Change::Shrinks),
    makeRule<transferAveragePool>("GlobalAveragePool", Change::Shrinks),
    makeRule<transferMaxPool>("MaxPool"),
    makeRule<transferMaxPool>("GlobalMaxPool"),
    makeRule<transferReduceMean>("ReduceMean", Change::Shrinks),
    makeRule<transferReduceExtreme>("ReduceMax"),
    makeRule<transferReduceExtreme>("ReduceMin"),
    makeRule<transferReduceSum>("ReduceSum", Change::Both),
    makeRule<transferResize>("Resize", Change::Shrinks),
    makeRule<transferResize>("Upsample", Change::Shrinks),
    makeRule<transferPad>("Pad"),
    {"Add", pullSum, pushSum, Change::Both},
    {"Sub", pullSum, pushSum, Change::Both},
    {"Sum", pullSum, pushSum, Change::Both},
    {"Mul", pullProduct, pushProduct, Change::Both},
    {"Div", pullQuotient, pushQuotient, Change::Both},
    {"Gemm", pullGemm, nullptr, Change::Both},
    {"MatMul", pullMatMul, pushMatMul, Change::Both},
    {"Mean", pullMean, nullptr, Change::Shrinks},
    {"Max", pullMax, nullptr},
    {"Min", pullMax, nullptr},
    {"Where", pullWhere, nullptr},
    {"Concat", pullConcat, pushConcat},
    {"Split", pullSplit, pushSplit},
};

const MoveRule *findMoveRule(onnx::NodeOpInterface node) {
  const MoveRule *rule = llvm::find_if(rules, [&](const MoveRule &rule) { return node.is(rule.opType); });
  return rule == std::end(rules) ? nullptr : rule;
}

} // namespace bn
