// ExpandFunctions.cpp - replaces operators that have no lowering by their ONNX function bodies.
// SPDX-License-Identifier: Apache-2.0
//
// Conditions: the operator is not in the lowering table, and the schema has a body for the node's operands. Bodies may
// use such operators in turn; they are expanded as well.

#include "Lowering.h"
#include "bn/IR/Onnx/SchemaInterface.h"
#include "bn/Lower/Passes.h"

namespace bn::lower {
#define GEN_PASS_DEF_EXPANDFUNCTIONS
#include "bn/Lower/Passes.h.inc"
} // namespace bn::lower

using namespace mlir;

namespace bn::lower {
namespace {

struct ExpandFunctionsPass : impl::ExpandFunctionsBase<ExpandFunctionsPass> {
  void runOnOperation() override {
    Dialect *dialect = getContext().getLoadedDialect<onnx::OnnxDialect>(); // none where the model has no such node
    auto *schemas = dialect ? dialect->getRegisteredInterface<onnx::SchemaInterface>() : nullptr;
    if (!schemas)
      return;
    IRRewriter rewriter(&getContext());
    SmallVector<Operation *> candidates = collect(getOperation());
    // A body may hold further candidates, so the walk repeats until it expands nothing.
    for (bool expanded = !candidates.empty(); expanded; candidates = collect(getOperation())) {
      expanded = false;
      for (Operation *op : candidates) {
        rewriter.setInsertionPoint(op);
        expanded |= succeeded(schemas->expandFunctionBody(op, rewriter));
      }
    }
  }

private:
  static SmallVector<Operation *> collect(Operation *root) {
    SmallVector<Operation *> nodes;
    root->walk([&](onnx::NodeOpInterface node) {
      if (!getLoweringTable().contains(getTableKey(node)))
        nodes.push_back(node);
    });
    return nodes;
  }
};

} // namespace
} // namespace bn::lower
