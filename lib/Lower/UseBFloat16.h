// UseBFloat16.h - conversions between f32 and bf16, and the patterns that move them.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LOWER_USEBFLOAT16_H
#define BN_LIB_LOWER_USEBFLOAT16_H

#include "TensorOps.h"
#include "mlir/IR/PatternMatch.h"

namespace bn::lower {

/// What a tensor of f32 was widened from, or null.
mlir::Value getWidened(mlir::Value x);

/// Whether an op does nothing but round its operand to bf16.
bool isNarrowing(mlir::linalg::GenericOp op);

/// The result of `wide` is stored as `narrow`: it stands for its rounding, and other users read it widened.
void replaceByNarrow(mlir::PatternRewriter &rewriter, mlir::linalg::GenericOp rounding, mlir::Operation *wide, mlir::Value narrow);

/// Roundings to bf16 go up into what computes the numbers, widenings to f32 down into what reads them: between both bf16 is stored.
void populateStoreBFloat16(mlir::RewritePatternSet &patterns);

/// The same through ops that only move numbers.
void populateMoveBFloat16(mlir::RewritePatternSet &patterns);

} // namespace bn::lower

#endif // BN_LIB_LOWER_USEBFLOAT16_H
