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
static constexpr MoveRule makeRule(StringLiteral opType) {
  return {opType, pullAlong<transfer>, pushAlong<transfer>};
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
    makeRule<transferHomogeneous>("LeakyRelu"),
    makeRule<transferHomogeneous>("PRelu"),
    makeRule<transferHomogeneous>("Abs"),
    makeRule<transferNegation>("Neg"),
    makeRule<transferAveragePool>("AveragePool"),
    makeRule<transferAveragePool>("GlobalAveragePool"),
    makeRule<transferMaxPool>("MaxPool"),
    makeRule<transferMaxPool>("GlobalMaxPool"),
    makeRule<transferReduceMean>("ReduceMean"),
    makeRule<transferReduceExtreme>("ReduceMax"),
    makeRule<transferReduceExtreme>("ReduceMin"),
    makeRule<transferReduceSum>("ReduceSum"),
    makeRule<transferResize>("Resize"),
    makeRule<transferResize>("Upsample"),
    makeRule<transferPad>("Pad"),
    {"Add", pullSum, pushSum},
    {"Sub", pullSum, pushSum},
    {"Sum", pullSum, pushSum},
    {"Mul", pullProduct, pushProduct},
    {"Div", pullQuotient, pushQuotient},
    {"Gemm", pullGemm, nullptr},
    {"MatMul", pullMatMul, pushMatMul},
    {"Mean", pullMean, nullptr},
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
