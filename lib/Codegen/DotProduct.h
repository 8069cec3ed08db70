// DotProduct.h - one step of a sum of products: a fused multiply-add of floats, or the products of the factors of a lane.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_DOTPRODUCT_H
#define BN_CODEGEN_DOTPRODUCT_H

#include "mlir/IR/Builders.h"

namespace bn {

/// LLVM's intrinsics that multiply the factors of each lane and add them up; empty where the target has none.
struct DotIntrinsics {
  llvm::StringRef bytes;    ///< four bytes, those of one side unsigned and those of the other signed
  llvm::StringRef bfloats; ///< pairs of bf16
};

/// The factors of one lane: an element, or as many as fill 32 bits as one value of those.
mlir::Value loadFactors(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value row, mlir::Value index);

/// sum + lhs·rhs, `lhs` as `loadFactors` gives it, for all lanes. Of bytes, those of lhs are unsigned and those of rhs signed. Pairs of i16
/// become one instruction by themselves.
mlir::Value emitMultiplyAdd(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value lhs, mlir::Value rhs, mlir::Value sum,
                            const DotIntrinsics &dots);

} // namespace bn

#endif // BN_CODEGEN_DOTPRODUCT_H
