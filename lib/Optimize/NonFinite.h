// NonFinite.h - which nodes may compute with infinities or NaNs.
// SPDX-License-Identifier: Apache-2.0
//
// A BatchNormalization whose variance is not positive, or a division by a constant zero, stays as it is. Its result is not
// finite, and neither is what follows. A scale and a shift treat infinities as the weights do that absorb them; but
// inf·a + inf·b is not inf·(a + b), so that nodes behind are not merged with each other.

#ifndef BN_OPTIMIZE_NONFINITE_H
#define BN_OPTIMIZE_NONFINITE_H

#include "mlir/IR/Operation.h"

namespace bn {

/// Notes on all ops behind `op`, however far, that they may read what is not finite.
void noteNonFinite(mlir::Operation *op);

/// Removes the notes.
void forgetNonFinite(mlir::Operation *root);

/// Whether that is noted on the op.
bool readsNonFinite(mlir::Operation *op);

} // namespace bn

#endif // BN_OPTIMIZE_NONFINITE_H
