// BatchNormOps.h - the evaluation of each op of the bn dialect.
// SPDX-License-Identifier: Apache-2.0
//
// Operands are real; an absent one is a null pointer. Each function fails with a diagnostic on its op.

#ifndef BN_LIB_REFERENCE_BATCHNORMOPS_H
#define BN_LIB_REFERENCE_BATCHNORMOPS_H

#include "BatchNormSteps.h"

namespace bn::reference {

using Operands = llvm::ArrayRef<const Tensor *>;
using Results = llvm::SmallVectorImpl<Tensor>;

mlir::LogicalResult evaluateOp(TrainingOp op, Operands operands, Results &results);
mlir::LogicalResult evaluateOp(MomentsOp op, Operands operands, Results &results);
mlir::LogicalResult evaluateOp(PoolGhostsOp op, Operands operands, Results &results);
mlir::LogicalResult evaluateOp(InvStddevOp op, Operands operands, Results &results);
mlir::LogicalResult evaluateOp(RestoreVarianceOp op, Operands operands, Results &results);
mlir::LogicalResult evaluateOp(RenormCorrectionOp op, Operands operands, Results &results);
mlir::LogicalResult evaluateOp(NormalizeOp op, Operands operands, Results &results);
mlir::LogicalResult evaluateOp(UpdateAverageOp op, Operands operands, Results &results);
mlir::LogicalResult evaluateOp(MergeMomentsOp op, Operands operands, Results &results);
mlir::LogicalResult evaluateOp(InferenceGradOp op, Operands operands, Results &results);
mlir::LogicalResult evaluateOp(TrainingGradOp op, Operands operands, Results &results);
mlir::LogicalResult evaluateOp(NormalizeGradOp op, Operands operands, Results &results);
mlir::LogicalResult evaluateOp(InvStddevGradOp op, Operands operands, Results &results);
mlir::LogicalResult evaluateOp(MomentsGradOp op, Operands operands, Results &results);

} // namespace bn::reference

#endif // BN_LIB_REFERENCE_BATCHNORMOPS_H
