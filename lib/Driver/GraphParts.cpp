// GraphParts.cpp - a graph cut into what can be compiled now, what the host does, and what is left for later.
// SPDX-License-Identifier: Apache-2.0
//
// Compiled code has static shapes. What depends on a value that the running model computes - a shape, an axis, the way that
// an If takes - waits until that value is there and is compiled then. Nodes that no kernel stands for, because the result's shape
// is their result or because their values are no tensors of numbers, run on the host, in the interpreter.

#include "GraphParts.h"

#include "bn/Driver/Elements.h"
#include "bn/Driver/ExitCode.h"
#include "bn/Driver/Inputs.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Lower/Lowerable.h"
#include "bn/Reference/ControlFlow.h"
#include "bn/Reference/Interpreter.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"

#include <unistd.h>

using namespace mlir;
using llvm::Expected;

namespace bn::driver {

namespace {
/// When a node's results are there.
enum class Place { Known, Compiled, Hosted, Later };

/// Sorts the nodes of a graph.
class Sorter {
public:
  explicit Sorter(func::FuncOp main) : block(main.getBody().front()) {}
  llvm::Error sort();
  SmallVector<Operation *> get(Place place) const {
    return llvm::filter_to_vector(llvm::make_pointer_range(block.without_terminator()),
                                  [&](Operation *op) { return !isConstant(op) && places.lookup(op) == place; });
  }
  static bool isConstant(Operation *op) { return op->hasTrait<OpTrait::ConstantLike>(); }

private:
  Place placeOf(Value value) const {
    Operation *producer = value.getDefiningOp();
    return !producer || isConstant(producer) ? Place::Known : places.lookup(producer);
  }
  Expected<Place> decide(Operation *op);

  Block &block;
  bool isWhole = true; ///< everything can be compiled
  DenseMap<Operation *, Place> places;
};
} // namespace

SmallVector<Value> getCaptures(Operation *op) {
  llvm::SetVector<Value> values;
  for (Region &region : op->getRegions())
    getUsedValuesDefinedAbove(region, values);
  return llvm::filter_to_vector(values.takeVector(), [](Value value) { return !matchPattern(value, m_Constant()); });
}

/// Whether the interpreter has values of this type; it has no complex numbers.
static bool isHeld(Type type) {
  if (auto sequence = dyn_cast<onnx::SequenceType>(type))
    return isHeld(sequence.getElementType());
  if (auto optional = dyn_cast<onnx::OptionalType>(type))
    return isHeld(optional.getElementType());
  auto tensor = dyn_cast<TensorType>(type);
  return !tensor || isa<FloatType, IntegerType, onnx::StringType>(tensor.getElementType());
}

/// Whether the interpreter can run a node on values of these types.
static bool isHostable(Operation *op) {
  return (reference::isControlFlow(op) || reference::isSupported(op)) && llvm::all_of(op->getOperandTypes(), isHeld) &&
         llvm::all_of(op->getResultTypes(), isHeld);
}

/// Whether a parameter is still to be computed.
static bool waitsForParameter(Operation *op) {
  return llvm::any_of(lower::getParameters(op), [](OpOperand *parameter) {
    Value value = parameter->get();
    return value.getDefiningOp() && !matchPattern(value, m_Constant());
  });
}

/// A few integers, as sizes and conditions are: not worth compiled code.
static bool isShapeArithmetic(Operation *op) {
  constexpr int64_t few = 64;
  auto isFew = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return isa<NoneType>(type) ||
           (tensor && tensor.hasStaticShape() && tensor.getNumElements() <= few && tensor.getElementType().isInteger());
  };
  return isHostable(op) && llvm::all_of(op->getResultTypes(), isFew) && llvm::all_of(op->getOperandTypes(), isFew);
}

/// Nodes that are worth waiting for the shapes of their operands: the interpreter would take too long.
static bool isHeavy(Operation *op) {
  constexpr StringLiteral heavy[] = {"Attention", "Conv", "ConvTranspose", "Einsum", "GRU", "Gemm", "LSTM", "MatMul", "RNN"};
  auto node = dyn_cast<onnx::NodeOpInterface>(op);
  return node && llvm::is_contained(heavy, node.getOpType()) && lower::hasLowering(op);
}

/// Fails where a result does not fit into the machine.
static llvm::Error checkSizes(Operation *op) {
  double memory = double(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  for (Type type : op->getResultTypes()) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    double bytes = 1;
    for (int64_t size : tensor ? tensor.getShape() : ArrayRef<int64_t>())
      bytes *= std::max<int64_t>(size, 0);
    if (bytes > memory)
      return makeError(std::errc::not_enough_memory, "node '" + onnx::getDisplayName(op) + "' (" + onnx::getOperatorName(op) +
                                                         "): a result of " + formatType(type) + " does not fit into memory");
  }
  return llvm::Error::success();
}

Expected<Place> Sorter::decide(Operation *op) {
  if (llvm::Error error = checkSizes(op))
    return error;
  Place operands = Place::Known;
  for (Value operand : op->getOperands())
    operands = std::max(operands, placeOf(operand));
  for (Value capture : getCaptures(op))
    operands = std::max(operands, placeOf(capture));
  std::string obstacle = lower::findObstacle(op);
  if (obstacle.empty()) {
    if (operands == Place::Known && !isWhole && isShapeArithmetic(op))
      return Place::Hosted;
    return operands <= Place::Compiled ? Place::Compiled : Place::Later;
  }
  if (operands == Place::Later || waitsForParameter(op) || (operands == Place::Hosted && isHeavy(op)))
    return Place::Later;
  if (isHostable(op))
    return Place::Hosted;
  return makeError(std::errc::not_supported,
                   "node '" + onnx::getDisplayName(op) + "' (" + onnx::getOperatorName(op) + "): " + obstacle);
}

llvm::Error Sorter::sort() {
  for (Operation &op : block.without_terminator())
    isWhole &= isConstant(&op) || lower::findObstacle(&op).empty();
  for (Operation &op : block.without_terminator()) {
    if (isConstant(&op))
      continue;
    Expected<Place> place = decide(&op);
    if (!place)
      return place.takeError();
    places[&op] = *place;
  }
  return llvm::Error::success();
}

/// An empty model with a function of these inputs; names are for messages.
static std::pair<OwningOpRef<ModuleOp>, func::FuncOp> makeModel(Operation *origin, ArrayRef<Value> inputs, IRMapping &mapping) {
  OwningOpRef<ModuleOp> module(ModuleOp::create(origin->getLoc()));
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  auto types = llvm::map_to_vector(inputs, [](Value value) { return value.getType(); });
  auto main = func::FuncOp::create(builder, origin->getLoc(), "main", builder.getFunctionType(types, {}));
  Block *block = main.addEntryBlock();
  for (auto [i, input] : llvm::enumerate(inputs)) {
    main.setArgAttr(i, onnx::attr::name, builder.getStringAttr(onnx::getValueName(input)));
    mapping.map(input, block->getArgument(i));
  }
  return {std::move(module), main};
}

/// Copies the constants that `op` uses into the function that `mapping` leads to.
static void copyConstants(Operation *op, OpBuilder &builder, IRMapping &mapping) {
  op->walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      if (Operation *producer = operand.getDefiningOp(); producer && Sorter::isConstant(producer) && !op->isAncestor(producer))
        if (!mapping.contains(operand))
          builder.clone(*producer, mapping);
  });
}

/// Ends a function that was made by copying with these values of the original.
static void finish(func::FuncOp main, OpBuilder &builder, ValueRange outputs, const IRMapping &mapping) {
  auto results = llvm::map_to_vector(outputs, [&](Value value) { return mapping.lookup(value); });
  func::ReturnOp::create(builder, main.getLoc(), results);
  main.setFunctionType(builder.getFunctionType(main.getArgumentTypes(), ValueRange(results).getTypes()));
}

static Type withoutShape(Type type) {
  if (auto tensor = dyn_cast<TensorType>(type))
    return UnrankedTensorType::get(tensor.getElementType());
  return isa<NoneType>(type) ? type : onnx::AnyType::get(type.getContext());
}

OwningOpRef<ModuleOp> makeBodyModel(Region &body, ArrayRef<Value> captures) {
  IRMapping mapping;
  SmallVector<Value> inputs(body.getArguments());
  llvm::append_range(inputs, captures);
  auto [module, main] = makeModel(body.getParentOp(), inputs, mapping);
  OpBuilder builder = OpBuilder::atBlockEnd(&main.getBody().front());
  for (Operation &op : body.front()) {
    copyConstants(&op, builder, mapping);
    if (op.hasTrait<OpTrait::IsTerminator>()) {
      finish(main, builder, op.getOperands(), mapping);
      break;
    }
    // Shapes may change from one run of the body to the next, whatever the model says.
    Operation *copy = builder.clone(op, mapping);
    if (!Sorter::isConstant(copy))
      for (Value result : copy->getResults())
        result.setType(withoutShape(result.getType()));
  }
  return std::move(module);
}

/// The results of `ops` that something else needs.
static SmallVector<Value> getLiveOuts(ArrayRef<Operation *> ops) {
  llvm::SmallPtrSet<Operation *, 16> inside(ops.begin(), ops.end());
  SmallVector<Value> values;
  for (Operation *op : ops)
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) { return !inside.contains(op->getBlock()->findAncestorOpInBlock(*user)); }))
        values.push_back(result);
  return values;
}

static GraphPart makeSegment(func::FuncOp main, ArrayRef<Operation *> ops, ArrayRef<Value> outputs) {
  if (outputs.empty())
    return {};
  GraphPart segment;
  SmallVector<Value> inputs;
  for (BlockArgument argument : main.getArguments())
    if (llvm::any_of(ops, [&](Operation *op) { return llvm::is_contained(op->getOperands(), argument); })) {
      inputs.push_back(argument);
      segment.inputs.push_back(argument.getArgNumber());
    }
  IRMapping mapping;
  auto [module, function] = makeModel(main, inputs, mapping);
  OpBuilder builder = OpBuilder::atBlockEnd(&function.getBody().front());
  for (Operation *op : ops) {
    copyConstants(op, builder, mapping);
    builder.clone(*op, mapping);
  }
  finish(function, builder, outputs, mapping);
  segment.module = std::move(module);
  return segment;
}

/// The graph without `done`, whose results become inputs.
static GraphPart makeRest(ModuleOp module, ArrayRef<Operation *> done, ArrayRef<Value> added, func::FuncOp main) {
  IRMapping mapping;
  GraphPart rest;
  rest.module = cast<ModuleOp>(module->clone(mapping));
  auto copy = cast<func::FuncOp>(mapping.lookup(main.getOperation()));
  Builder builder(module.getContext());
  for (Value value : added) {
    unsigned index = copy.getNumArguments();
    auto name = builder.getNamedAttr(onnx::attr::name, builder.getStringAttr(onnx::getValueName(value)));
    (void)copy.insertArgument(index, value.getType(), builder.getDictionaryAttr(name), value.getLoc());
    mapping.lookup(value).replaceAllUsesWith(copy.getArgument(index));
  }
  for (Operation *op : llvm::reverse(done))
    mapping.lookup(op)->erase();
  for (unsigned slot = 0, count = copy.getNumArguments(); slot < count; ++slot) {
    if (copy.getArgument(rest.inputs.size()).use_empty())
      (void)copy.eraseArgument(rest.inputs.size());
    else
      rest.inputs.push_back(slot);
  }
  return rest;
}

Expected<GraphParts> cutGraph(ModuleOp module) {
  Expected<func::FuncOp> main = getMainGraph(module);
  if (!main)
    return main.takeError();
  Sorter sorter(*main);
  if (llvm::Error error = sorter.sort())
    return error;
  GraphParts parts;
  SmallVector<Operation *> compiled = sorter.get(Place::Compiled);
  parts.hosted = sorter.get(Place::Hosted);
  SmallVector<Value> added = getLiveOuts(compiled);
  parts.segment = makeSegment(*main, compiled, added);
  for (Operation *op : parts.hosted)
    llvm::append_range(added, op->getResults());
  for (BlockArgument argument : main->getArguments())
    parts.slots[argument] = parts.slots.size();
  for (Value value : added)
    parts.slots[value] = parts.slots.size();
  if (sorter.get(Place::Later).empty())
    return parts;
  if (compiled.empty() && parts.hosted.empty())
    return makeError(std::errc::state_not_recoverable, "a graph has nodes that wait for nothing");
  SmallVector<Operation *> done = compiled;
  llvm::append_range(done, parts.hosted);
  llvm::sort(done, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  parts.rest = makeRest(module, done, added, *main);
  return parts;
}

} // namespace bn::driver
