// Affines.h - reading bn.affine as a map of channels, and accounting for the BatchNormalizations that it stands for.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_AFFINES_H
#define BN_OPTIMIZE_AFFINES_H

#include "ChannelMap.h"
#include "bn/IR/BN/BN.h"

namespace bn {

/// The numbers of the affine.
ChannelMap getMap(AffineOp affine);

/// The same as a map along `axis` of `channels` elements. AxisMismatch unless that is the affine's axis or no axis matters.
Reason getMapAlong(AffineOp affine, int64_t axis, int64_t channels, ChannelMap &map);

/// The affines of the same value with the same numbers, itself included; the one that stands first, in whatever subgraph, at the front.
llvm::SmallVector<AffineOp> findEqualAffines(AffineOp affine);

/// The nodes that the affine keeps for its return, in order.
llvm::SmallVector<mlir::Operation *> getOriginals(AffineOp affine);

/// The node name for what replaces the affine, that of its last original; null where it has none.
mlir::StringAttr getReplacementName(AffineOp affine);

/// Names of the BatchNormalizations that the affine stands for.
llvm::SmallVector<llvm::StringRef> getSources(AffineOp affine);

/// Notes on `op` that it stands for these BatchNormalizations, too.
void addSources(mlir::Operation *op, llvm::ArrayRef<llvm::StringRef> sources);

/// Notes on `op`, which the affine stands for, why the affine stays: that is why `op` does.
void copyReasons(AffineOp affine, mlir::Operation *op);

} // namespace bn

#endif // BN_OPTIMIZE_AFFINES_H
