// EmitGeneric.cpp - the pass that emits loops over vectors (GenericEmitter.h) for linalg ops and copies.
// SPDX-License-Identifier: Apache-2.0

#include "GenericEmitter.h"
#include "bn/Codegen/Passes.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"

namespace bn {
#define GEN_PASS_DEF_EMITGENERICPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

namespace {
struct EmitGenericPass : bn::impl::EmitGenericPassBase<EmitGenericPass> {
  using EmitGenericPassBase::EmitGenericPassBase;

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<linalg::LinalgOp, memref::CopyOp>(op))
        ops.push_back(op);
    });
    for (Operation *op : ops)
      if (failed(emit(rewriter, op)))
        return signalPassFailure();
  }

  LogicalResult emit(IRRewriter &rewriter, Operation *op) {
    rewriter.setInsertionPoint(op);
    linalg::GenericOp generic = dyn_cast<linalg::GenericOp>(op);
    if (auto copy = dyn_cast<memref::CopyOp>(op)) {
      generic = linalg::makeMemRefCopyOp(rewriter, op->getLoc(), copy.getSource(), copy.getTarget());
      rewriter.eraseOp(op);
    } else if (!generic) {
      FailureOr<linalg::GenericOp> general = linalg::generalizeNamedOp(rewriter, cast<linalg::LinalgOp>(op));
      if (failed(general))
        return op->emitOpError("expected an op with a generic form");
      generic = *general;
    }
    rewriter.setInsertionPoint(generic);
    FailureOr<LoopNest> nest = LoopNest::get(rewriter, generic);
    if (failed(nest))
      return generic.emitOpError("expected memrefs of static layout");
    nest->chooseVectors(vectorBits);
    GenericEmitter(*nest).emit(rewriter);
    rewriter.eraseOp(generic);
    return success();
  }
};
} // namespace
