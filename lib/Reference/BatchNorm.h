// BatchNorm.h - the ops of the bn dialect in the interpreter.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_REFERENCE_BATCHNORM_H
#define BN_LIB_REFERENCE_BATCHNORM_H

#include "bn/Reference/Tensor.h"
#include "mlir/IR/Operation.h"

namespace bn::reference {

/// Whether `op` is of the bn dialect.
bool isBatchNorm(mlir::Operation *op);

/// Evaluates such an op; fails with a diagnostic on it.
mlir::LogicalResult evaluateBatchNorm(mlir::Operation *op, llvm::ArrayRef<const Tensor *> operands, llvm::SmallVectorImpl<Tensor> &results);

} // namespace bn::reference

#endif // BN_LIB_REFERENCE_BATCHNORM_H
