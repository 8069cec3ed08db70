// MergeMatrixBranches.h - makes one matrix product of parallel ones that meet in a sum.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_MERGEMATRIXBRANCHES_H
#define BN_OPTIMIZE_MERGEMATRIXBRANCHES_H

#include "bn/IR/Onnx/FreshNames.h"
#include "mlir/IR/PatternMatch.h"

namespace bn {

/// Adds the pattern for sums of Gemm and MatMul; `names` has to live as long as the patterns.
void populateMatrixBranchPatterns(mlir::RewritePatternSet &patterns, onnx::FreshNames &names);

} // namespace bn

#endif // BN_OPTIMIZE_MERGEMATRIXBRANCHES_H
