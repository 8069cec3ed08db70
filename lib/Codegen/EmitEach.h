// EmitEach.h - the frame of a pass that replaces every op of one kind by its loops.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_EMITEACH_H
#define BN_CODEGEN_EMITEACH_H

#include "mlir/IR/Builders.h"

namespace bn {

/// Calls `emit(op, builder)` in front of every op of type `Op` below `root` and erases the op. `emit` fails on operands whose
/// layout is dynamic.
template <typename Op, typename Emit> mlir::LogicalResult emitEach(mlir::Operation *root, Emit emit) {
  mlir::WalkResult walk = root->walk([&](Op op) -> mlir::WalkResult {
    mlir::OpBuilder builder(op);
    if (failed(emit(op, builder)))
      return op.emitOpError("expected memrefs of static layout"), mlir::WalkResult::interrupt();
    op.erase();
    return mlir::WalkResult::advance();
  });
  return mlir::failure(walk.wasInterrupted());
}

} // namespace bn

#endif // BN_CODEGEN_EMITEACH_H
