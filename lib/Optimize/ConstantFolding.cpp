// ConstantFolding.cpp - what can be said of a node at compile time.
// SPDX-License-Identifier: Apache-2.0

#include "ConstantFolding.h"

#include "ConstantExpressions.h"
#include "Initializers.h"
#include "NoOps.h"
#include "ShapeArithmetic.h"
#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/Reference/Interpreter.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;

namespace bn {

//===----------------------------------------------------------------------===//
// Names of what is replaced
//===----------------------------------------------------------------------===//

/// Whether `value` may take the name of `output`, a result of the op that it replaces.
static bool canTakeName(Value value, Value output) {
  if (!isGraphOutput(output))
    return true;
  Operation *producer = value.getDefiningOp();
  return producer && producer->getBlock() == output.getDefiningOp()->getBlock() && !isGraphOutput(value) &&
         !producer->hasTrait<OpTrait::ConstantLike>();
}

/// Gives `value` the name of `output` where somebody outside the graph knows that name.
static void takeName(Value value, Value output) {
  auto result = dyn_cast<OpResult>(value);
  if (!isGraphOutput(output) || !result)
    return;
  Operation *producer = result.getOwner();
  std::string name = onnx::getValueName(output).str();
  SmallVector<std::string> names;
  for (Value other : producer->getResults())
    names.push_back(other == value ? name : onnx::getValueName(other).str());
  onnx::setOutputNames(producer, SmallVector<StringRef>(names.begin(), names.end()));
}

//===----------------------------------------------------------------------===//
// Nodes that do nothing, and branches
//===----------------------------------------------------------------------===//

static LogicalResult foldNoOp(Operation *op, RewriterBase &rewriter, ResultStore &) {
  if (!isNoOp(op) || !canTakeName(op->getOperand(0), op->getResult(0)))
    return failure();
  Value input = op->getOperand(0);
  takeName(input, op->getResult(0));
  rewriter.replaceAllUsesWith(op->getResult(0), input);
  rewriter.eraseOp(op);
  return success();
}

/// An If whose condition is known becomes the branch that it takes.
static LogicalResult inlineBranch(Operation *op, RewriterBase &rewriter, ResultStore &) {
  auto node = dyn_cast<onnx::GenericNodeOp>(op);
  bool isIf = node && node.is("If") && node.getInputs().size() == 1 && node.getGraphs();
  onnx::ConstantOp condition = isIf ? getConstant(node.getInputs().front()) : onnx::ConstantOp();
  auto value = condition ? dyn_cast<DenseElementsAttr>(condition.getValue()) : DenseElementsAttr();
  if (!value || !value.getElementType().isInteger(1) || value.getNumElements() != 1)
    return failure();
  StringRef wanted = *value.value_begin<bool>() ? "then_branch" : "else_branch";
  for (auto [region, graph] : llvm::zip_equal(node.getBodies(), node.getGraphs()->getAsRange<DictionaryAttr>())) {
    if (graph.getAs<StringAttr>("attribute").getValue() != wanted)
      continue;
    Block &block = region.front();
    Operation *yield = block.getTerminator();
    SmallVector<Value> outputs(yield->getOperands());
    if (block.getNumArguments() || outputs.size() != node.getNumResults())
      return failure();
    for (auto [output, result] : llvm::zip_equal(outputs, node.getResults()))
      if (isGraphOutput(result) && (!output.getDefiningOp() || output.getDefiningOp()->getBlock() != &block ||
                                    output.getDefiningOp()->hasTrait<OpTrait::ConstantLike>() || llvm::count(outputs, output) > 1))
        return failure(); // nobody in the branch could take the name
    rewriter.eraseOp(yield);
    for (auto [output, result] : llvm::zip_equal(outputs, node.getResults()))
      takeName(output, result);
    rewriter.inlineBlockBefore(&block, op, {});
    rewriter.replaceOp(op, outputs);
    return success();
  }
  return failure();
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

/// Sizes as the constant in the place of a scalar or list of integers.
static ElementsAttr makeSizes(ArrayRef<int64_t> sizes, Value replaced) {
  auto type = cast<RankedTensorType>(replaced.getType());
  SmallVector<int64_t> shape(type.getRank(), sizes.size());
  auto integer = cast<IntegerType>(type.getElementType());
  SmallVector<APInt> values = llvm::map_to_vector(sizes, [&](int64_t size) { return APInt(integer.getWidth(), size, /*isSigned=*/true); });
  return DenseElementsAttr::get(RankedTensorType::get(shape, integer), values);
}

/// Sizes that the types of tensors tell: Shape and Size of a tensor of static shape, or static parts of other shapes.
static LogicalResult foldSizes(Operation *op, RewriterBase &rewriter, ResultStore &store) {
  if (!isa<onnx::NodeOpInterface>(op) || op->getNumResults() != 1 || op->getNumOperands() == 0)
    return failure();
  std::optional<SmallVector<int64_t>> sizes = getKnownSizes(op->getResult(0));
  if (!sizes)
    return failure();
  store.replace(op, makeSizes(*sizes, op->getResult(0)), rewriter);
  return success();
}

/// The list of a Reshape, or of several, becomes a constant where 0 and -1 say what the graph computes.
static LogicalResult foldReshapeList(Operation *op, RewriterBase &rewriter, ResultStore &store) {
  auto node = dyn_cast<onnx::NodeOpInterface>(op);
  if (!node || !node.is("Reshape") || op->getNumOperands() != 2 || getConstant(op->getOperand(1)))
    return failure();
  Operation *list = op->getOperand(1).getDefiningOp();
  std::optional<SmallVector<int64_t>> sizes = list && list->getNumResults() == 1 ? getReshapeList(node) : std::nullopt;
  auto reshapesAlike = [&](OpOperand &use) {
    auto other = dyn_cast<onnx::NodeOpInterface>(use.getOwner());
    return other == node || (other && other.is("Reshape") && use.getOperandNumber() == 1 && getReshapeList(other) == sizes);
  };
  if (!sizes || !llvm::all_of(op->getOperand(1).getUses(), reshapesAlike))
    return failure();
  store.replace(list, makeSizes(*sizes, list->getResult(0)), rewriter);
  return success();
}

/// Whether all operands of `op` are constants, and so its results.
static bool isConstantExpression(Operation *op) {
  auto isKnown = [](Value operand) { return isAbsent(operand) || getConstant(operand); };
  return isComputable(op) && llvm::all_of(op->getOperands(), isKnown) && llvm::none_of(op->getResults(), isGraphOutput);
}

static LogicalResult evaluateNode(Operation *op, RewriterBase &rewriter, ResultStore &store) {
  if (!isConstantExpression(op) || !store.admits(op))
    return failure();
  std::vector<reference::Tensor> values(op->getNumOperands());
  SmallVector<const reference::Tensor *> operands(op->getNumOperands());
  for (auto [i, operand] : llvm::enumerate(op->getOperands()))
    if (!isAbsent(operand)) {
      values[i] = reference::fromElements(getConstant(operand).getValue());
      operands[i] = &values[i];
    }
  SmallVector<reference::Tensor> results;
  if (failed(reference::evaluate(op, operands, results)))
    return failure();
  if (llvm::any_of(results, [](const reference::Tensor &result) { return result.isHolder(); })) // no attribute holds sequences
    return failure();
  SmallVector<ElementsAttr> constants;
  for (auto [result, tensor] : llvm::zip_equal(op->getResults(), results))
    constants.push_back(tensor.elementType ? reference::toElements(tensor, onnx::getValueName(result)) : ElementsAttr());
  store.replace(op, constants, rewriter);
  return success();
}

//===----------------------------------------------------------------------===//
// The walk
//===----------------------------------------------------------------------===//

namespace {
/// One walk over a function.
struct Folder {
  RewriterBase &rewriter;
  ResultStore &store;
  function_ref<LogicalResult(Operation *)> visit;

  LogicalResult foldNode(Operation *op);
  LogicalResult foldForwards(Region &region);
};
} // namespace

/// Replaces `op`, if possible, by constants, by its input where it changes nothing, or by the branch that it takes. New
/// nodes stand before `op`.
LogicalResult Folder::foldNode(Operation *op) {
  // A node that cannot be computed now, or never, is no error of this pass.
  ScopedDiagnosticHandler silence(op->getContext(), [](Diagnostic &) { return success(); });
  for (auto *fold : {foldNoOp, foldSizes, foldReshapeList, inlineBranch, evaluateNode})
    if (!store.isReplaced(op) && succeeded(fold(op, rewriter, store)))
      return success();
  return failure();
}

LogicalResult Folder::foldForwards(Region &region) {
  for (Block &block : region) {
    Operation *op = block.empty() ? nullptr : &block.front();
    while (op) {
      Operation *next = op->getNextNode(), *previous = op->getPrevNode();
      if (succeeded(foldNode(op))) { // what took its place is seen as well
        op = previous ? previous->getNextNode() : &block.front();
        continue;
      }
      if (isa<InferenceOp, NormalizeOp, TrainingOp, AffineOp>(op)) // a constant may have told more of the input's type
        op->getResult(0).setType(op->getOperand(0).getType());
      if (failed(visit(op)))
        return failure();
      for (Region &nested : op->getRegions())
        if (failed(foldForwards(nested)))
          return failure();
      op = next;
    }
  }
  return success();
}

LogicalResult foldFunction(func::FuncOp function, RewriterBase &rewriter, ResultStore &store,
                           function_ref<LogicalResult(Operation *)> visit) {
  if (failed(Folder{rewriter, store, visit}.foldForwards(function.getBody())))
    return failure();
  store.settle(function, rewriter);
  Block &body = function.getBody().front();
  function.setFunctionType(
      FunctionType::get(function.getContext(), body.getArgumentTypes(), body.getTerminator()->getOperandTypes()));
  return success();
}

} // namespace bn
