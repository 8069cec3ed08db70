// InlineFunctions.cpp - puts model-local functions that are called once in the place of their call.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %y = local.block(%x, %scale, %offset, %mean, %variance)     block(a, b, c, d, e) { BatchNormalization(a, b, c, d, e) }
//   after    %y = bn.inference %x scale %scale …
//
// Conditions: the function holds a BatchNormalization whose input or parameters come from the call (any BatchNormalization with
// `every-batch-norm`), or calls such a function; nobody else calls it; it means the opsets of the model. One that is called twice would
// have to be copied, and one whose BatchNormalizations fold inside of it may stay.

#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/IR/Onnx/SchemaInterface.h"
#include "bn/Optimize/Passes.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

namespace bn {
#define GEN_PASS_DEF_INLINEFUNCTIONSPASS
#include "bn/Optimize/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

namespace {

/// The nodes that call each model-local function.
using Calls = llvm::MapVector<func::FuncOp, SmallVector<Operation *>>;

struct InlineFunctionsPass : public bn::impl::InlineFunctionsPassBase<InlineFunctionsPass> {
  using InlineFunctionsPassBase::InlineFunctionsPassBase;
  void runOnOperation() override {
    auto isFunction = [](func::FuncOp function) { return function->hasAttr(onnx::attr::function); };
    Dialect *dialect = getContext().getLoadedDialect<onnx::OnnxDialect>(); // none where the model has no such node
    auto *schemas = dialect ? dialect->getRegisteredInterface<onnx::SchemaInterface>() : nullptr;
    if (!schemas || llvm::none_of(getOperation().getOps<func::FuncOp>(), isFunction))
      return;
    IRRewriter rewriter(&getContext());
    // A function may call another one, whose call is in the graph then.
    for (bool changed = true; changed;) {
      changed = false;
      Calls calls = collectCalls(*schemas);
      for (func::FuncOp function : findWorthy(calls)) {
        Operation *call = calls.lookup(function).front();
        auto caller = call->getParentOfType<func::FuncOp>();
        if (isFunction(caller) || failed(schemas->inlineCall(call, rewriter)))
          continue;
        changed = true;
        function.erase();
        Operation *end = caller.getBody().front().getTerminator(); // more is known of the results
        caller.setFunctionType(FunctionType::get(&getContext(), caller.getArgumentTypes(), end->getOperandTypes()));
        break; // calls inside of it are other ones now
      }
    }
  }

private:
  Calls collectCalls(const onnx::SchemaInterface &schemas) {
    Calls calls;
    getOperation().walk([&](onnx::GenericNodeOp node) {
      if (func::FuncOp function = schemas.getCallee(node))
        calls[function].push_back(node);
    });
    return calls;
  }

  /// The functions that are called once and lack something for a BatchNormalization that only the caller knows.
  llvm::SetVector<func::FuncOp> findWorthy(const Calls &calls) {
    llvm::SetVector<func::FuncOp> worthy;
    for (bool grows = true; grows;) {
      grows = false;
      for (auto &[function, nodes] : calls) {
        auto callsWorthy = [&, callee = function](const auto &entry) {
          return worthy.contains(entry.first) && callee->isAncestor(entry.second.front());
        };
        if (nodes.size() == 1 && (needsCaller(function) || llvm::any_of(calls, callsWorthy)))
          grows |= worthy.insert(function);
      }
    }
    return worthy;
  }

  /// Whether the input or a parameter of a BatchNormalization in the function is an argument, or any is enough.
  bool needsCaller(func::FuncOp function) {
    WalkResult result = function.walk([this](Operation *op) {
      auto node = dyn_cast<onnx::GenericNodeOp>(op); // where import did not know the types of its operands
      bool isBatchNorm = isa<InferenceOp>(op) || (everyBatchNorm && isa<TrainingOp>(op)) ||
                         (node && node.getDomain().empty() && node.is("BatchNormalization"));
      bool readsArgument = everyBatchNorm || llvm::any_of(op->getOperands(), [](Value operand) { return isa<BlockArgument>(operand); });
      return isBatchNorm && readsArgument ? WalkResult::interrupt() : WalkResult::advance();
    });
    return result.wasInterrupted();
  }
};

} // namespace
