// NoOps.h - nodes whose result is their first input.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_NOOPS_H
#define BN_OPTIMIZE_NOOPS_H

#include "mlir/IR/Operation.h"

namespace bn {

/// Whether the first result of `op` is its first operand, and nobody needs another result: Identity, Dropout at inference,
/// a Reshape to the same shape, a Transpose that moves nothing, a Concat of one, ….
bool isNoOp(mlir::Operation *op);

} // namespace bn

#endif // BN_OPTIMIZE_NOOPS_H
