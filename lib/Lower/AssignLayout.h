// AssignLayout.h - what the patterns that move unpacks down share.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LOWER_ASSIGNLAYOUT_H
#define BN_LIB_LOWER_ASSIGNLAYOUT_H

#include "Blocks.h"

#include "mlir/IR/PatternMatch.h"

namespace bn::lower {

/// The blocked image behind an unpack, or null.
inline mlir::Value getBlocked(mlir::Value x) {
  auto unpack = x.getDefiningOp<kernel::UnpackOp>();
  return unpack ? unpack.getInput() : mlir::Value();
}

/// Channels of a block of a blocked image.
inline int64_t getBlock(mlir::Value blocked) { return shapeOf(blocked).back(); }

/// Elementwise ops on images go below the unpacks of their operands.
void populateSinkBelowElementwise(mlir::RewritePatternSet &patterns);

} // namespace bn::lower

#endif // BN_LIB_LOWER_ASSIGNLAYOUT_H
