// GraphParts.cpp - a graph cut into what can be compiled now, what the host does, and what is left for later.
// SPDX-License-Identifier: Apache-2.0

#include "GraphParts.h"

#include "NodePlaces.h"
#include "bn/Driver/ExitCode.h"
#include "bn/Driver/Inputs.h"
#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Reference/ControlFlow.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using llvm::Expected;

namespace bn::driver {

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
      if (Operation *producer = operand.getDefiningOp(); producer && isConstant(producer) && !op->isAncestor(producer))
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

/// Whether a value always has the shape of its type: a constant, or statistics of channels, perhaps out of a body.
static bool keepsShape(OpResult value) {
  Operation *op = value.getOwner();
  if (isConstant(op) || isa<MomentsOp, InvStddevOp, MergeMomentsOp>(op))
    return true;
  auto node = dyn_cast<onnx::GenericNodeOp>(op);
  if (!node || !reference::isControlFlow(op))
    return false;
  unsigned number = value.getResultNumber() + (node.getOpType() == "Loop" ? 1 : 0); // the condition comes first
  return llvm::all_of(node.getBodies(), [&](Region &body) {
    auto yielded = dyn_cast<OpResult>(body.front().getTerminator()->getOperand(number));
    return yielded && yielded.getType() == value.getType() && keepsShape(yielded);
  });
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
    // Other shapes may change from one run of the body to the next, whatever the model says.
    Operation *copy = builder.clone(op, mapping);
    for (auto [from, to] : llvm::zip_equal(op.getResults(), copy->getResults()))
      if (!keepsShape(from))
        to.setType(withoutShape(to.getType()));
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
  Expected<NodePlaces> places = NodePlaces::get(*main);
  if (!places)
    return places.takeError();
  GraphParts parts;
  SmallVector<Operation *> compiled = places->getNodes(Place::Compiled);
  parts.hosted = places->getNodes(Place::Hosted);
  SmallVector<Value> added = getLiveOuts(compiled);
  parts.segment = makeSegment(*main, compiled, added);
  for (Operation *op : parts.hosted)
    llvm::append_range(added, op->getResults());
  for (BlockArgument argument : main->getArguments())
    parts.slots[argument] = parts.slots.size();
  for (Value value : added)
    parts.slots[value] = parts.slots.size();
  if (places->getNodes(Place::Later).empty())
    return parts;
  if (compiled.empty() && parts.hosted.empty())
    return makeError(std::errc::state_not_recoverable, "a graph has nodes that wait for nothing");
  SmallVector<Operation *> done = compiled;
  llvm::append_range(done, parts.hosted);
  llvm::sort(done, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  parts.rest = makeRest(module, done, added, *main);
  return parts;
}

bool isWhole(const GraphParts &parts, func::FuncOp main) {
  auto outputs = main.getBody().front().getTerminator()->getOperands();
  unsigned inputs = main.getNumArguments();
  auto isSlot = [&](auto output) {
    auto slot = parts.slots.find(output.value());
    return slot != parts.slots.end() && slot->second == inputs + output.index();
  };
  return parts.hosted.empty() && !parts.rest.module && llvm::equal(parts.segment.inputs, llvm::seq(inputs)) &&
         parts.slots.size() == inputs + outputs.size() && llvm::all_of(llvm::enumerate(outputs), isSlot);
}

} // namespace bn::driver
