// WeightBudget.h - how many bytes of constants a rewrite frees.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_WEIGHTBUDGET_H
#define BN_OPTIMIZE_WEIGHTBUDGET_H

#include "mlir/IR/Operation.h"

namespace bn {

/// The bytes of the constants that only `ops` read. An affine counts with what the nodes that it stands for read, or
/// with what it will become where it stands for none.
int64_t countFreedBytes(llvm::ArrayRef<mlir::Operation *> ops);

} // namespace bn

#endif // BN_OPTIMIZE_WEIGHTBUDGET_H
