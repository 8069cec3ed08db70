// Flops.h - how much a parallel loop computes and touches, for the profile.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_FLOPS_H
#define BN_CODEGEN_FLOPS_H

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace bn {

/// The floating-point operations in all iterations: a fused multiply-add counts as two, a function of math as one. Inner loops
/// whose trip count is not constant count as one iteration.
int64_t countFlops(mlir::scf::ForallOp loop);

/// The bytes of the buffers among these values.
int64_t countBytes(mlir::ValueRange values);

} // namespace bn

#endif // BN_CODEGEN_FLOPS_H
