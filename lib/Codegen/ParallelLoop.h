// ParallelLoop.h - the loops that the worker pool shares: scf.forall with an estimate of its work.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_PARALLELLOOP_H
#define BN_CODEGEN_PARALLELLOOP_H

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace bn {

/// The attribute of a scf.forall that holds the estimate: vector operations in all of its iterations.
inline constexpr llvm::StringLiteral kWorkAttr = "work";

/// Emits `body` once for each point of the box; the points are independent.
void emitParallel(mlir::OpBuilder &builder, mlir::Location loc, llvm::ArrayRef<int64_t> sizes, int64_t work,
                  llvm::function_ref<void(mlir::OpBuilder &, mlir::ValueRange)> body);

/// Emits a loop from `begin` to `end`, or just the body when it runs once; returns the values carried out of it.
llvm::SmallVector<mlir::Value>
emitLoop(mlir::OpBuilder &builder, mlir::Location loc, int64_t begin, int64_t end, int64_t step, mlir::ValueRange carried,
         llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::OpBuilder &, mlir::Value, mlir::ValueRange)> body);

/// The attribute of a scf.for whose bounds are values: how often it runs on average.
inline constexpr llvm::StringLiteral kTripsAttr = "trips";

/// The iterations of one of several parts, which are about equal: from the first to the one behind the last.
std::pair<mlir::Value, mlir::Value> findPart(mlir::OpBuilder &builder, mlir::Location loc, int64_t iterations, mlir::Value part,
                                             int64_t parts);

/// Emits `body` for the iterations that belong to one of several parts.
void emitPart(mlir::OpBuilder &builder, mlir::Location loc, int64_t iterations, mlir::Value part, int64_t parts,
              llvm::function_ref<void(mlir::OpBuilder &, mlir::Value)> body);

/// The indices of a box of `sizes` at a linear index; the last dimension moves fastest.
llvm::SmallVector<mlir::Value> delinearize(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value linear, llvm::ArrayRef<int64_t> sizes);

} // namespace bn

#endif // BN_CODEGEN_PARALLELLOOP_H
