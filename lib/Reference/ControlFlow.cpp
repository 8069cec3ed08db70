// ControlFlow.cpp - If, Loop and Scan: ONNX category controlflow; and SequenceMap, which runs a body as well.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Reference/ControlFlow.h"

#include "SliceStack.h"

using namespace mlir;

namespace bn::reference {

/// The first version of Scan without a batch dimension of its own.
static constexpr int64_t firstScan = 9;

bool isControlFlow(Operation *op) {
  auto node = dyn_cast<onnx::GenericNodeOp>(op);
  if (!node || !node.getDomain().empty() || node.getNumRegions() == 0)
    return false;
  StringRef type = node.getOpType();
  return type == "If" || type == "Loop" || type == "SequenceMap" || (type == "Scan" && node.getVersion() >= firstScan);
}

/// The region that is the attribute `name` of the node.
static Region *findBody(onnx::GenericNodeOp node, StringRef name) {
  for (auto [graph, region] : llvm::zip_equal(node.getGraphsAttr(), node.getBodies()))
    if (auto entry = dyn_cast<DictionaryAttr>(graph); entry && entry.getAs<StringAttr>("attribute") == name)
      return &region;
  return nullptr;
}

static Tensor makeScalar(Type type, int64_t value) { return {type, {}, std::vector<int64_t>{value}}; }

/// Runs a region and checks how many values it takes and yields.
static FailureOr<std::vector<Tensor>> runBody(Call &call, Region &body, ArrayRef<Tensor> arguments, size_t yields, RunRegion run) {
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

/// The values that go around; fails where one is absent.
static FailureOr<std::vector<Tensor>> getState(Call &call, ArrayRef<const Tensor *> operands) {
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

/// Entry `i` of a list attribute; 0 where the node has no such list.
static int64_t getEntry(Call &call, StringRef name, size_t i) {
  std::optional<ArrayRef<int64_t>> list = call.node.getInts(name);
  return list && i < list->size() ? (*list)[i] : 0;
}

/// The number of steps: the common size of the scanned inputs along their axes, which `axes` gets.
static FailureOr<int64_t> countSteps(Call &call, ArrayRef<Tensor> scanned, Dims &axes) {
  for (auto [i, input] : llvm::enumerate(scanned)) {
    FailureOr<int64_t> axis = call.getAxis(getEntry(call, "scan_input_axes", i), input.shape.size());
    if (failed(axis))
      return failure();
    axes.push_back(*axis);
    if (input.shape[*axis] != scanned[0].shape[axes[0]])
      return call.error() << "expected " << scanned[0].shape[axes[0]] << " slices of every scanned input, got " << input.shape[*axis];
  }
  return scanned[0].shape[axes[0]];
}

/// Body: (state…, slices…) to (state…, slices…).
static LogicalResult evaluateScan(Call &call, onnx::GenericNodeOp node, RunRegion run) {
  Region *body = findBody(node, "body");
  int64_t scannedCount = call.node.getInt("num_scan_inputs", 0), stateCount = call.operands.size() - scannedCount;
  if (!body || scannedCount < 1 || stateCount < 0 || stateCount > node.getNumResults())
    return call.error() << "expected a body, scanned inputs, and a result for every value that goes around";
  FailureOr<std::vector<Tensor>> state = getState(call, call.operands.take_front(stateCount));
  FailureOr<std::vector<Tensor>> scanned = getState(call, call.operands.drop_front(stateCount));
  if (failed(state) || failed(scanned))
    return failure();
  Dims axes;
  FailureOr<int64_t> steps = countSteps(call, *scanned, axes);
  if (failed(steps))
    return failure();
  std::vector<std::vector<Tensor>> stacks(node.getNumResults() - stateCount);
  for (int64_t step = 0; step < *steps; ++step) {
    std::vector<Tensor> arguments = *state;
    for (auto [i, input] : llvm::enumerate(*scanned))
      arguments.push_back(takeSlice(input, axes[i], getEntry(call, "scan_input_directions", i) ? *steps - 1 - step : step));
    FailureOr<std::vector<Tensor>> outputs = runBody(call, *body, arguments, node.getNumResults(), run);
    if (failed(outputs))
      return failure();
    std::move(outputs->begin(), outputs->begin() + stateCount, state->begin());
    for (size_t s = 0; s < stacks.size(); ++s)
      stacks[s].push_back(std::move((*outputs)[stateCount + s]));
  }
  llvm::append_range(call.results, std::move(*state));
  for (auto [s, stack] : llvm::enumerate(stacks)) {
    if (getEntry(call, "scan_output_directions", s))
      std::reverse(stack.begin(), stack.end());
    if (failed(addStack(call, std::move(stack), getEntry(call, "scan_output_axes", s))))
      return failure();
  }
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
