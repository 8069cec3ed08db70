// TransposeVectors.h - a small matrix in registers, transposed.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_TRANSPOSEVECTORS_H
#define BN_CODEGEN_TRANSPOSEVECTORS_H

#include "mlir/IR/Builders.h"

namespace bn {

/// Rows and columns that are transposed at once: what registers hold.
inline constexpr int64_t kTransposed = 16;

/// The columns of a matrix from its rows, which are vectors, as vectors.
llvm::SmallVector<mlir::Value> transposeVectors(mlir::OpBuilder &builder, mlir::Location loc, mlir::ValueRange rows);

} // namespace bn

#endif // BN_CODEGEN_TRANSPOSEVECTORS_H
