// DotProduct.h - one step of a sum of products: a fused multiply-add of floats, or the products of the integers of a lane.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_DOTPRODUCT_H
#define BN_CODEGEN_DOTPRODUCT_H

#include "mlir/IR/Builders.h"

namespace bn {

/// The factors of one lane: an element of floats, as many integers as fill 32 bits as an i32.
mlir::Value loadFactors(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value row, mlir::Value index);

/// sum + lhs·rhs, `lhs` as `loadFactors` gives it, for all lanes. Of bytes, those of lhs are unsigned and those of rhs signed; `byteDot` is
/// LLVM's intrinsic that does so at once, empty where the target has none. Pairs of 16 bits become one instruction by themselves.
mlir::Value emitMultiplyAdd(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value lhs, mlir::Value rhs, mlir::Value sum,
                            llvm::StringRef byteDot);

} // namespace bn

#endif // BN_CODEGEN_DOTPRODUCT_H
