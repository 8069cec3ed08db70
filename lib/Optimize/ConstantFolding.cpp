// ConstantFolding.cpp - what can be said of a node at compile time.
// SPDX-License-Identifier: Apache-2.0

#include "ConstantFolding.h"

#include "Initializers.h"
#include "NoOps.h"
#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/SchemaInterface.h"
#include "bn/Reference/Interpreter.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;

namespace bn {

//===----------------------------------------------------------------------===//
// Names of what is replaced
//===----------------------------------------------------------------------===//

/// Whether the value leaves its graph, so that its name is part of the model's face.
static bool isGraphOutput(Value value) {
  return llvm::any_of(value.getUsers(), [](Operation *user) { return user->hasTrait<OpTrait::IsTerminator>(); });
}

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

static LogicalResult foldNoOp(Operation *op, RewriterBase &rewriter) {
  if (!isNoOp(op) || !canTakeName(op->getOperand(0), op->getResult(0)))
    return failure();
  Value input = op->getOperand(0);
  takeName(input, op->getResult(0));
  rewriter.replaceAllUsesWith(op->getResult(0), input);
  rewriter.eraseOp(op);
  return success();
}

/// An If whose condition is known becomes the branch that it takes.
static LogicalResult inlineBranch(Operation *op, RewriterBase &rewriter) {
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

/// Replaces the results of `op` by constants of their names.
static LogicalResult replaceByConstants(Operation *op, ArrayRef<ElementsAttr> values, RewriterBase &rewriter) {
  rewriter.setInsertionPoint(op);
  for (auto [result, value] : llvm::zip_equal(op->getResults(), values))
    if (value)
      rewriter.replaceAllUsesWith(result, createInitializer(rewriter, op->getLoc(), value, onnx::getValueName(result)));
  rewriter.eraseOp(op);
  return success();
}

/// The number of elements; nothing where it is open, or more than a number can say.
static std::optional<int64_t> countElements(RankedTensorType type) {
  int64_t count = 1;
  for (int64_t size : type.getShape())
    if (ShapedType::isDynamic(size) || llvm::MulOverflow(count, size, count))
      return std::nullopt;
  return count;
}

/// Shape (between `start` and `end` from version 15 on) and Size of a tensor of static shape.
static LogicalResult foldShape(Operation *op, RewriterBase &rewriter) {
  auto node = dyn_cast<onnx::NodeOpInterface>(op);
  if (!node || !(node.is("Shape") || node.is("Size")) || op->getNumOperands() != 1)
    return failure();
  auto type = dyn_cast<RankedTensorType>(op->getOperand(0).getType());
  if (!type)
    return failure();
  int64_t rank = type.getRank();
  auto clamp = [&](int64_t index) { return std::clamp<int64_t>(index < 0 ? index + rank : index, 0, rank); };
  int64_t start = clamp(node.getInt("start", 0)), end = std::max(start, clamp(node.getInt("end", rank)));
  ArrayRef<int64_t> dims = type.getShape().slice(start, end - start);
  bool isShape = node.is("Shape");
  std::optional<int64_t> count = countElements(type);
  if (ShapedType::isDynamicShape(dims) || (!isShape && !count))
    return failure();
  SmallVector<int64_t> resultShape;
  if (isShape)
    resultShape.push_back(end - start);
  SmallVector<int64_t> values = isShape ? SmallVector<int64_t>(dims) : SmallVector<int64_t>{*count};
  ElementsAttr value = DenseElementsAttr::get(RankedTensorType::get(resultShape, rewriter.getI64Type()), ArrayRef(values));
  return replaceByConstants(op, value, rewriter);
}

static std::optional<int64_t> getNumBytes(RankedTensorType type) {
  Type element = type.getElementType();
  int64_t width = element.isIntOrFloat() ? llvm::divideCeil(element.getIntOrFloatBitWidth(), 8) : sizeof(std::string);
  std::optional<int64_t> count = countElements(type);
  return count && !llvm::MulOverflow(*count, width, width) ? std::optional(width) : std::nullopt;
}

/// The bytes of all results, known before they are computed; nothing where they are not.
static std::optional<int64_t> getResultBytes(Operation *op) {
  SmallVector<Type> types(op->getResultTypes());
  auto isOpen = [](Type type) {
    auto ranked = dyn_cast<RankedTensorType>(type);
    return !isa<NoneType>(type) && (!ranked || !ranked.hasStaticShape());
  };
  if (llvm::any_of(types, isOpen)) {
    auto *schema = op->getContext()->getLoadedDialect("onnx")->getRegisteredInterface<onnx::SchemaInterface>();
    auto constant = [&](unsigned i) -> ElementsAttr {
      onnx::ConstantOp defined = getConstant(op->getOperand(i));
      return defined ? defined.getValue() : ElementsAttr();
    };
    types.clear();
    if (!schema || failed(schema->inferTypes(op, constant, types)) || llvm::any_of(types, isOpen))
      return std::nullopt;
  }
  int64_t bytes = 0;
  for (Type type : types) {
    auto ranked = dyn_cast<RankedTensorType>(type);
    std::optional<int64_t> more = ranked ? getNumBytes(ranked) : 0;
    if (!more || llvm::AddOverflow(bytes, *more, bytes))
      return std::nullopt;
  }
  return bytes;
}

/// Whether computing the results now is worth their place in the file: small, or no larger than the constants that die.
static bool isWorthStoring(Operation *op) {
  constexpr int64_t small = 16 << 10, maxElements = 4 << 20; // the interpreter holds everything as doubles
  int64_t dying = 0, elements = 0;
  for (Value operand : llvm::SetVector<Value>(op->operand_begin(), op->operand_end())) {
    onnx::ConstantOp constant = getConstant(operand);
    if (!constant)
      continue;
    auto type = cast<RankedTensorType>(constant.getType());
    elements += type.getNumElements();
    if (llvm::all_of(constant->getUsers(), [&](Operation *user) { return user == op; }))
      dying += getNumBytes(type).value_or(0);
  }
  std::optional<int64_t> bytes = getResultBytes(op);
  return bytes && elements <= maxElements && *bytes <= std::max(small, dying);
}

/// Whether the value of `op` depends on its operands only, all of which are constants.
static bool isConstantExpression(Operation *op) {
  if (op->hasTrait<OpTrait::ConstantLike>() || op->getNumRegions() > 0 || op->getNumResults() == 0 || op->getNumOperands() == 0)
    return false;
  auto isKnown = [](Value operand) { return isAbsent(operand) || getConstant(operand); };
  return isMemoryEffectFree(op) && llvm::all_of(op->getOperands(), isKnown) && llvm::none_of(op->getResults(), isGraphOutput);
}

static LogicalResult evaluateNode(Operation *op, RewriterBase &rewriter) {
  if (!isConstantExpression(op) || !reference::isSupported(op) || !isWorthStoring(op))
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
  SmallVector<ElementsAttr> constants;
  for (auto [result, tensor] : llvm::zip_equal(op->getResults(), results))
    constants.push_back(tensor.elementType ? reference::toElements(tensor, onnx::getValueName(result)) : ElementsAttr());
  return replaceByConstants(op, constants, rewriter);
}

//===----------------------------------------------------------------------===//
// The walk
//===----------------------------------------------------------------------===//

/// Replaces `op`, if possible, by constants, by its input where it changes nothing, or by the branch that it takes. New
/// nodes stand before `op`.
static LogicalResult foldNode(Operation *op, RewriterBase &rewriter) {
  // A node that cannot be computed now, or never, is no error of this pass.
  ScopedDiagnosticHandler silence(op->getContext(), [](Diagnostic &) { return success(); });
  for (auto *fold : {foldNoOp, foldShape, inlineBranch, evaluateNode})
    if (succeeded(fold(op, rewriter)))
      return success();
  return failure();
}

static LogicalResult foldForwards(Region &region, RewriterBase &rewriter, function_ref<LogicalResult(Operation *)> visit) {
  for (Block &block : region) {
    Operation *op = block.empty() ? nullptr : &block.front();
    while (op) {
      Operation *next = op->getNextNode(), *previous = op->getPrevNode();
      if (succeeded(foldNode(op, rewriter))) { // what took its place is seen as well
        op = previous ? previous->getNextNode() : &block.front();
        continue;
      }
      if (isa<InferenceOp, TrainingOp, AffineOp>(op)) // a constant may have told more of the input's type
        op->getResult(0).setType(op->getOperand(0).getType());
      if (failed(visit(op)))
        return failure();
      for (Region &nested : op->getRegions())
        if (failed(foldForwards(nested, rewriter, visit)))
          return failure();
      op = next;
    }
  }
  return success();
}

LogicalResult foldFunction(func::FuncOp function, RewriterBase &rewriter, function_ref<LogicalResult(Operation *)> visit) {
  if (failed(foldForwards(function.getBody(), rewriter, visit)))
    return failure();
  Block &body = function.getBody().front();
  function.setFunctionType(
      FunctionType::get(function.getContext(), body.getArgumentTypes(), body.getTerminator()->getOperandTypes()));
  return success();
}

} // namespace bn
