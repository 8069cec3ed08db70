// ControlFlow.cpp - If and Loop: ONNX category controlflow; and SequenceMap, which runs a body as well.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Reference/ControlFlow.h"

#include "Bodies.h"
#include "SliceStack.h"

using namespace mlir;

namespace bn::reference {

bool isControlFlow(Operation *op) {
  auto node = dyn_cast<onnx::GenericNodeOp>(op);
  if (!node || !node.getDomain().empty() || node.getNumRegions() == 0)
    return false;
  StringRef type = node.getOpType();
  return type == "If" || type == "Loop" || type == "SequenceMap" || type == "Scan";
}

Region *findBody(onnx::GenericNodeOp node, StringRef name) {
  for (auto [graph, region] : llvm::zip_equal(node.getGraphsAttr(), node.getBodies()))
    if (auto entry = dyn_cast<DictionaryAttr>(graph); entry && entry.getAs<StringAttr>("attribute") == name)
      return &region;
  return nullptr;
}

static Tensor makeScalar(Type type, int64_t value) { return {type, {}, std::vector<int64_t>{value}}; }

FailureOr<std::vector<Tensor>> runBody(Call &call, Region &body, ArrayRef<Tensor> arguments, size_t yields, RunRegion run) {
  if (body.getNumArguments() != arguments.size())
    return call.error() << "expected a body with " << arguments.size() << " inputs, got " << body.getNumArguments();
  FailureOr<std::vector<Tensor>> outputs = run(body, arguments);
  if (succeeded(outputs) && outputs->size() != yields)
    return call.error() << "expected a body with " << yields << " outputs, got " << outputs->size();
  return outputs;
}

/// Fails unless operand `i` is one integer or boolean.
static LogicalResult checkScalar(Call &call, unsigned i) {
  const Tensor *operand = call.get(i);
  if (!operand || isa<FloatType, onnx::StringType>(operand->elementType) || operand->getNumElements() != 1)
    return call.error() << "expected input " << i << " to be one integer or boolean";
  return success();
}

static LogicalResult evaluateIf(Call &call, onnx::GenericNodeOp node, RunRegion run) {
  if (failed(checkScalar(call, 0)))
    return failure();
  Region *body = findBody(node, call[0].integers()[0] ? "then_branch" : "else_branch");
  if (!body)
    return call.error() << "expected a branch for each value of the condition";
  FailureOr<std::vector<Tensor>> outputs = runBody(call, *body, {}, node.getNumResults(), run);
  if (failed(outputs))
    return failure();
  llvm::append_range(call.results, std::move(*outputs));
  return success();
}

FailureOr<std::vector<Tensor>> getState(Call &call, ArrayRef<const Tensor *> operands) {
  std::vector<Tensor> state;
  for (const Tensor *operand : operands) {
    if (!operand)
      return call.error() << "expected a value for every input of the body, got none";
    state.push_back(*operand);
  }
  return state;
}

/// Body: (iteration, condition, state…) to (condition, state…, slices…).
static LogicalResult evaluateLoop(Call &call, onnx::GenericNodeOp node, RunRegion run) {
  Region *body = findBody(node, "body");
  if (!body || call.operands.size() < 2 || node.getNumResults() + 2 < call.operands.size())
    return call.error() << "expected a body, and a result for every value that goes around";
  for (unsigned i : {0, 1})
    if (call.get(i) && failed(checkScalar(call, i)))
      return failure();
  FailureOr<std::vector<Tensor>> state = getState(call, call.operands.drop_front(2));
  if (failed(state))
    return failure();
  Builder builder(node.getContext());
  bool goesOn = !call.get(1) || call[1].integers()[0];
  std::vector<std::vector<Tensor>> stacks(node.getNumResults() - state->size());
  for (int64_t i = 0; goesOn && (!call.get(0) || i < call[0].integers()[0]); ++i) {
    std::vector<Tensor> arguments{makeScalar(builder.getI64Type(), i), makeScalar(builder.getI1Type(), goesOn)};
    llvm::append_range(arguments, *state);
    FailureOr<std::vector<Tensor>> outputs = runBody(call, *body, arguments, 1 + node.getNumResults(), run);
    if (failed(outputs))
      return failure();
    auto *condition = std::get_if<std::vector<int64_t>>(&outputs->front().values);
    if (!condition || condition->size() != 1)
      return call.error() << "expected a condition of one boolean, got " << outputs->front().getType();
    goesOn = condition->front();
    std::move(outputs->begin() + 1, outputs->begin() + 1 + state->size(), state->begin());
    for (size_t s = 0; s < stacks.size(); ++s)
      stacks[s].push_back(std::move((*outputs)[1 + state->size() + s]));
  }
  llvm::append_range(call.results, std::move(*state));
  for (std::vector<Tensor> &stack : stacks)
    if (failed(addStack(call, std::move(stack), 0)))
      return failure();
  return success();
}

/// Body: an element of every sequence, and the tensors, to an element of every result.
static LogicalResult evaluateSequenceMap(Call &call, onnx::GenericNodeOp node, RunRegion run) {
  Region *body = findBody(node, "body");
  FailureOr<std::vector<Tensor>> operands = getState(call, call.operands);
  if (!body || failed(operands) || operands->empty() || !isa<onnx::SequenceType>(operands->front().elementType))
    return call.error() << "expected a body, and a sequence as first input";
  std::vector<Tensor> results;
  for (Type type : node.getResultTypes())
    results.push_back(makeHolder(type, {}));
  for (size_t i = 0; i < operands->front().elements.size(); ++i) {
    std::vector<Tensor> arguments;
    for (const Tensor &operand : *operands) {
      if (operand.isHolder() && i >= operand.elements.size())
        return call.error() << "expected sequences of " << operands->front().elements.size() << " elements, got "
                            << operand.elements.size();
      arguments.push_back(operand.isHolder() ? operand.elements[i] : operand);
    }
    FailureOr<std::vector<Tensor>> outputs = runBody(call, *body, arguments, results.size(), run);
    if (failed(outputs))
      return failure();
    for (auto [result, output] : llvm::zip_equal(results, *outputs)) {
      result.elementType = onnx::SequenceType::get(node.getContext(), UnrankedTensorType::get(output.elementType));
      result.elements.push_back(std::move(output));
    }
  }
  llvm::append_range(call.results, std::move(results));
  return success();
}

LogicalResult evaluateControlFlow(Operation *op, ArrayRef<const Tensor *> operands, RunRegion run, SmallVectorImpl<Tensor> &results) {
  auto node = cast<onnx::GenericNodeOp>(op);
  results.reserve(op->getNumResults());
  Call call{cast<onnx::NodeOpInterface>(op), operands, results};
  if (node.getOpType() == "If")
    return evaluateIf(call, node, run);
  if (node.getOpType() == "SequenceMap")
    return evaluateSequenceMap(call, node, run);
  return node.getOpType() == "Loop" ? evaluateLoop(call, node, run) : evaluateScan(call, node, run);
}

} // namespace bn::reference
