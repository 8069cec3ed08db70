// Twins.h - linear nodes that share their weights, with equal affines behind them.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_TWINS_H
#define BN_OPTIMIZE_TWINS_H

#include "bn/IR/BN/BN.h"

namespace bn {

/// The affine and all others like it, where each stands right behind a linear node and only these nodes read their weights: what
/// they fold is one new version of those. None where nobody else reads the weights, or somebody else does.
llvm::SmallVector<AffineOp> findTwins(AffineOp affine);

} // namespace bn

#endif // BN_OPTIMIZE_TWINS_H
