// AffineCost.h - how many nodes and bytes an affine takes in standard ONNX.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_AFFINECOST_H
#define BN_OPTIMIZE_AFFINECOST_H

#include "BroadcastMap.h"
#include "bn/IR/BN/BN.h"

#include <optional>

namespace bn {

/// The affine's map.
BroadcastMap getBroadcastMap(AffineOp affine);

/// How many nodes an affine with these numbers and nothing to go back to takes in standard ONNX.
int64_t countNodes(const BroadcastMap &map);
/// How many nodes the affine takes in standard ONNX.
int64_t countNodes(AffineOp affine);

/// How many bytes an affine in the place of this one with these numbers and nothing to go back to takes in the file, its constants
/// under new names unless one is given.
int64_t countBytes(const BroadcastMap &map, AffineOp affine, std::optional<llvm::StringRef> constantName = std::nullopt);
/// How many bytes the node takes in the file, and the constants that only it reads.
int64_t countBytes(mlir::Operation *node);
/// How many bytes the affine takes in the file, its nodes and the constants that only they read.
int64_t countBytes(AffineOp affine);

/// Whether there is room for this many bytes in the place of the affine: what goes with it, or what earlier passes saved.
bool hasRoom(AffineOp affine, int64_t bytes);

} // namespace bn

#endif // BN_OPTIMIZE_AFFINECOST_H
