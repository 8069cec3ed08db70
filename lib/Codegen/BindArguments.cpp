// BindArguments.cpp - makes the model's inputs and outputs buffers of the caller.
// SPDX-License-Identifier: Apache-2.0
//
//   before   func @main(%x: tensor<2xf32>) -> tensor<3xf32> { ... return %y }
//   after    func @main(%x: memref<2xf32>, %out: memref<3xf32>) { ... materialize %y in %out  return }

#include "bn/Codegen/Passes.h"
#include "bn/IR/Kernel/ModuleAttributes.h"

namespace bn {
#define GEN_PASS_DEF_BINDARGUMENTSPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;

static MemRefType bufferOf(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return MemRefType::get(tensor.getShape(), tensor.getElementType());
}

/// An argument %x : tensor  =>  %x : memref, read through bufferization.to_tensor
static void bindInput(BlockArgument argument, OpBuilder &builder) {
  Type tensor = argument.getType();
  argument.setType(bufferOf(tensor));
  auto value = bufferization::ToTensorOp::create(builder, argument.getLoc(), tensor, argument, /*restrict=*/true, /*writable=*/false);
  argument.replaceAllUsesExcept(value, value);
}

/// The value that `result` is another shape of, and `out` seen in its shape: what computes it can then write there. The views are made
/// where the function begins.
static std::pair<Value, Value> seeThroughReshapes(Value result, Value out) {
  OpBuilder builder = OpBuilder::atBlockBegin(out.getParentBlock());
  while (true) {
    if (auto collapse = result.getDefiningOp<tensor::CollapseShapeOp>()) {
      auto view = memref::ExpandShapeOp::create(builder, collapse.getLoc(), bufferOf(collapse.getSrcType()), out,
                                                collapse.getReassociationIndices());
      result = collapse.getSrc(), out = view;
    } else if (auto expand = result.getDefiningOp<tensor::ExpandShapeOp>()) {
      auto view = memref::CollapseShapeOp::create(builder, expand.getLoc(), out, expand.getReassociationIndices());
      result = expand.getSrc(), out = view;
    } else {
      return {result, out};
    }
  }
}

/// return %y  =>  %y is written into a new argument
static void bindOutputs(func::FuncOp func) {
  Operation *terminator = func.front().getTerminator();
  OpBuilder builder(terminator);
  for (Value result : terminator->getOperands()) {
    BlockArgument out = func.front().addArgument(bufferOf(result.getType()), result.getLoc());
    auto [value, place] = seeThroughReshapes(result, out);
    bufferization::MaterializeInDestinationOp::create(builder, result.getLoc(), Type(), value, place, /*restrict=*/true, /*writable=*/true);
  }
  terminator->eraseOperands(0, terminator->getNumOperands());
}

namespace {
struct BindArgumentsPass : bn::impl::BindArgumentsPassBase<BindArgumentsPass> {
  void runOnOperation() override {
    auto functions = getOperation().getOps<func::FuncOp>();
    if (!llvm::hasSingleElement(functions))
      return getOperation().emitError("expected one function, got ") << llvm::range_size(functions), signalPassFailure();
    func::FuncOp func = *functions.begin();
    for (Type type : llvm::concat<const Type>(func.getArgumentTypes(), func.getResultTypes()))
      if (auto tensor = dyn_cast<RankedTensorType>(type); !tensor || !tensor.hasStaticShape())
        return func.emitError("expected tensors of static shape, got ") << type, signalPassFailure();
    bool hasStatus = getOperation()->hasAttr(bn::kernel::kChecksAttr);
    unsigned inputs = func.getNumArguments(), outputs = func.getNumResults() - hasStatus;
    OpBuilder builder = OpBuilder::atBlockBegin(&func.front());
    for (BlockArgument argument : func.getArguments())
      bindInput(argument, builder);
    bindOutputs(func);
    func.setName("model"); // whatever the user's name is, it meets no name of ours
    func.removeArgAttrsAttr();
    func.removeResAttrsAttr();
    func.setType(FunctionType::get(&getContext(), func.front().getArgumentTypes(), {}));
    getOperation()->setAttr(bn::kernel::kInputsAttr, builder.getI64IntegerAttr(inputs));
    getOperation()->setAttr(bn::kernel::kOutputsAttr, builder.getI64IntegerAttr(outputs));
  }
};
} // namespace
