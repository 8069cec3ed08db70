// FoldConstants.cpp - computes now what does not depend on the inputs.
// SPDX-License-Identifier: Apache-2.0
//
// Forwards, so that one walk suffices. Values come from the reference interpreter, in double. The file never grows: of the
// results, the largest are put back until the others fit into the place of what dies with them. Quantized constants stay
// quantized. Constant nodes become initializers. Nodes that do nothing go, and an If with a known condition becomes its branch.

#include "ConstantFolding.h"
#include "FileSize.h"
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
  if (!constant.getNodeAttr() || isGraphOutput(constant) || !holdsInitializers(constant))
    return;
  constant.removeNodeAttrAttr();
  constant->removeAttr(onnx::attr::name);
  constant->removeAttr(onnx::attr::residue);
}

struct FoldConstantsPass : public bn::impl::FoldConstantsPassBase<FoldConstantsPass> {
  using FoldConstantsPassBase::FoldConstantsPassBase;

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    ResultStore store = openStore();
    auto visit = [](Operation *op) {
      if (auto constant = dyn_cast<onnx::ConstantOp>(op))
        convertToInitializer(constant);
      return success();
    };
    if (failed(foldFunction(getOperation(), rewriter, store, visit)))
      signalPassFailure();
  }

private:
  /// A store for what the file took when it was noted, or takes now; notes that where asked to.
  ResultStore openStore() {
    func::FuncOp function = getOperation();
    if (noteBytes)
      noteFileBytes(function);
    int64_t room = std::max<int64_t>(getRoom(function).value_or(0), 0);
    return ResultStore({.room = room, .total = estimateFileBytes(function) + room, .dequantize = false});
  }
};

} // namespace
