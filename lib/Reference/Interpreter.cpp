// Interpreter.cpp - runs a function of graph form op by op.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Reference/Interpreter.h"

#include "BatchNorm.h"
#include "Operator.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Unsupported.h"
#include "bn/Reference/ControlFlow.h"
#include "mlir/IR/TypeUtilities.h"

#include <unordered_map>

using namespace mlir;

namespace bn::reference {

/// Whether a tensor holds complex numbers, which the interpreter has not.
static bool isComplex(Type type) { return isa<ComplexType>(getElementTypeOrSelf(type)); }

/// The operator's name in the tables: behind its domain, where that is not the default one.
static std::string getKey(onnx::NodeOpInterface node) {
  StringRef domain = node.getDomain();
  return domain.empty() ? node.getOpType().str() : (domain + "." + node.getOpType()).str();
}

bool isSupported(Operation *op) {
  if (llvm::any_of(op->getOperandTypes(), isComplex) || llvm::any_of(op->getResultTypes(), isComplex))
    return false;
  if (isa<onnx::ConstantOp>(op) || isBatchNorm(op))
    return true;
  auto node = dyn_cast<onnx::NodeOpInterface>(op);
  return node && findOperator(getKey(node));
}

/// An error on an op that the interpreter does not know.
static LogicalResult rejectUnsupported(Operation *op) {
  auto node = dyn_cast<onnx::NodeOpInterface>(op);
  InFlightDiagnostic error = markUnsupported(op->emitError()) << "the interpreter does not support " << onnx::getOperatorName(op);
  if (node && !node.getDomain().empty())
    error << " of domain '" << node.getDomain() << "'";
  return error;
}

LogicalResult evaluate(Operation *op, ArrayRef<const Tensor *> operands, SmallVectorImpl<Tensor> &results) {
  if (!isSupported(op))
    return rejectUnsupported(op);
  results.clear();
  results.reserve(op->getNumResults());
  if (auto constant = dyn_cast<onnx::ConstantOp>(op)) {
    results.push_back(fromElements(constant.getValue()));
    return success();
  }
  if (isBatchNorm(op))
    return evaluateBatchNorm(op, operands, results);
  Call call{cast<onnx::NodeOpInterface>(op), operands, results};
  const Operator &known = *findOperator(getKey(call.node));
  if (failed(checkOperands(call, known)) || failed(known.evaluate(call)))
    return failure();
  if (results.size() < op->getNumResults() && call.wantsResult(results.size()))
    return call.error() << "expected at most " << results.size() << " outputs, got " << op->getNumResults();
  results.resize(op->getNumResults());
  return success();
}

namespace {
/// One run of one function.
class Run {
public:
  explicit Run(function_ref<void(Value, const Tensor &)> observe) : observe(observe) {}

  /// Runs a block whose arguments are bound, up to its terminator; appends the terminator's operands to `outputs`.
  LogicalResult runBlock(Block &block, std::vector<Tensor> &outputs);
  void bind(Value value, Tensor tensor);

private:
  LogicalResult runOp(Operation *op);
  FailureOr<std::vector<Tensor>> runRegion(Region &region, ArrayRef<Tensor> arguments);
  const Tensor *lookUp(Value value) const;
  LogicalResult readTerminator(Operation *terminator, std::vector<Tensor> &outputs) const;

  function_ref<void(Value, const Tensor &)> observe;
  std::unordered_map<void *, Tensor> values; ///< by value; references stay valid while others are added
};
} // namespace

void Run::bind(Value value, Tensor tensor) {
  if (observe)
    observe(value, tensor);
  values[value.getAsOpaquePointer()] = std::move(tensor);
}

const Tensor *Run::lookUp(Value value) const {
  auto found = values.find(value.getAsOpaquePointer());
  return found == values.end() ? nullptr : &found->second;
}

LogicalResult Run::runOp(Operation *op) {
  if (isa<onnx::AbsentOp>(op))
    return success();
  SmallVector<const Tensor *> operands = llvm::map_to_vector(op->getOperands(), [&](Value value) { return lookUp(value); });
  SmallVector<Tensor> results;
  auto runRegion = [this](Region &region, ArrayRef<Tensor> arguments) { return this->runRegion(region, arguments); };
  if (failed(isControlFlow(op) ? evaluateControlFlow(op, operands, runRegion, results) : evaluate(op, operands, results)))
    return failure();
  for (auto [result, tensor] : llvm::zip_equal(op->getResults(), results))
    if (tensor.elementType)
      bind(result, std::move(tensor));
  return success();
}

FailureOr<std::vector<Tensor>> Run::runRegion(Region &region, ArrayRef<Tensor> arguments) {
  for (auto [argument, tensor] : llvm::zip_equal(region.getArguments(), arguments))
    bind(argument, tensor);
  std::vector<Tensor> outputs;
  if (failed(runBlock(region.front(), outputs)))
    return failure();
  return outputs;
}

/// The values of `block` by the op after which nobody needs them.
static DenseMap<Operation *, SmallVector<Value>> findLastUses(Block &block) {
  DenseMap<Operation *, SmallVector<Value>> lastUses;
  auto add = [&](Value value) {
    Operation *last = value.getDefiningOp();
    for (Operation *user : value.getUsers()) {
      Operation *here = block.findAncestorOpInBlock(*user);
      last = !last || last->isBeforeInBlock(here) ? here : last;
    }
    if (last)
      lastUses[last].push_back(value);
  };
  llvm::for_each(block.getArguments(), add);
  for (Operation &op : block)
    llvm::for_each(op.getResults(), add);
  return lastUses;
}

LogicalResult Run::readTerminator(Operation *terminator, std::vector<Tensor> &outputs) const {
  for (Value value : terminator->getOperands()) {
    const Tensor *tensor = lookUp(value);
    if (!tensor)
      return terminator->emitError() << "expected a value for every output, got none for '" << onnx::getValueName(value) << "'";
    outputs.push_back(*tensor);
  }
  return success();
}

LogicalResult Run::runBlock(Block &block, std::vector<Tensor> &outputs) {
  DenseMap<Operation *, SmallVector<Value>> lastUses = findLastUses(block);
  for (Operation &op : block.without_terminator()) {
    if (failed(runOp(&op)))
      return failure();
    for (Value dead : lastUses.lookup(&op))
      values.erase(dead.getAsOpaquePointer());
  }
  return readTerminator(block.getTerminator(), outputs);
}

FailureOr<std::vector<Tensor>> interpret(func::FuncOp function, ArrayRef<Tensor> inputs,
                                         function_ref<void(Value, const Tensor &)> observe) {
  if (function.isDeclaration() || inputs.size() != function.getNumArguments())
    return function.emitError() << "expected " << function.getNumArguments() << " inputs, got " << inputs.size();
  Run run(observe);
  for (auto [argument, input] : llvm::zip_equal(function.getArguments(), inputs))
    run.bind(argument, input);
  std::vector<Tensor> outputs;
  if (failed(run.runBlock(function.getBody().front(), outputs)))
    return failure();
  return outputs;
}

} // namespace bn::reference
