// FoldConstants.cpp - computes now what does not depend on the inputs.
// SPDX-License-Identifier: Apache-2.0
//
// Forwards, so that one walk suffices. Values come from the reference interpreter, in double. Nothing large is stored that
// was small before: a result is at most 16 KB, or no larger than the constants that die with it. Constant nodes become
// initializers. Nodes that do nothing go, and an If with a known condition becomes its branch.

#include "ConstantFolding.h"
#include "Initializers.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/Optimize/Passes.h"

namespace bn {
#define GEN_PASS_DEF_FOLDCONSTANTSPASS
#include "bn/Optimize/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

namespace {

/// Makes an initializer of a Constant node; one whose value is an output of the graph stays.
static void convertToInitializer(onnx::ConstantOp constant) {
  bool isOutput = llvm::any_of(constant->getUsers(), [](Operation *user) { return user->hasTrait<OpTrait::IsTerminator>(); });
  if (!constant.getNodeAttr() || isOutput || !holdsInitializers(constant))
    return;
  constant.removeNodeAttrAttr();
  constant->removeAttr(onnx::attr::name);
  constant->removeAttr(onnx::attr::residue);
}

struct FoldConstantsPass : public bn::impl::FoldConstantsPassBase<FoldConstantsPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    auto visit = [](Operation *op) {
      if (auto constant = dyn_cast<onnx::ConstantOp>(op))
        convertToInitializer(constant);
      return success();
    };
    if (failed(foldFunction(getOperation(), rewriter, visit)))
      signalPassFailure();
  }
};

} // namespace
