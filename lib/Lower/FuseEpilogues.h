// FuseEpilogues.h - what the fusions of elementwise ops into kernels share.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LOWER_FUSEEPILOGUES_H
#define BN_LIB_LOWER_FUSEEPILOGUES_H

#include "TensorOps.h"
#include "mlir/IR/PatternMatch.h"

namespace bn::lower {

/// Whether an op computes each element of its only result from elements in place and from ones that repeat, and nothing else.
bool isElementwise(mlir::linalg::GenericOp op);

/// Whether an operand repeats as an epilogue's element may: each dimension is the result's, in order, or left out.
bool repeatsInOrder(mlir::AffineMap map);

/// The operand in the result's rank, ones where it repeats.
mlir::Value toExtra(Builder &b, mlir::linalg::GenericOp op, mlir::OpOperand *operand);

/// elementwise(kernel.normalize) ⇒ kernel.normalize with a longer map
void populateFuseIntoNormalize(mlir::RewritePatternSet &patterns);

} // namespace bn::lower

#endif // BN_LIB_LOWER_FUSEEPILOGUES_H
