// Blocks.h - tensors in blocked layout, and weights brought into it at compile time.
// SPDX-License-Identifier: Apache-2.0
//
// [N][C][H][W] ⇔ [N][C/b][H][W][b]; the lanes behind the last channel are zeros.

#ifndef BN_LIB_LOWER_BLOCKS_H
#define BN_LIB_LOWER_BLOCKS_H

#include "Lowering.h"
#include "TensorOps.h"
#include "bn/IR/Kernel/Kernel.h"

namespace bn::lower {

inline int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// A plain image in blocks.
mlir::Value pack(Builder &b, mlir::Value x, int64_t block);
/// A blocked image of `channels` channels as a plain one.
mlir::Value unpack(Builder &b, mlir::Value x, int64_t channels);

/// A blocked image with so many blocks of channels: with zeros behind, or without the last ones.
mlir::Value resizeBlocks(Builder &b, mlir::Value image, int64_t blocks);

/// The blocks of a filter [O][I][KH][KW] with groups: so many become one that blocks do not straddle two. The last may lack some.
struct FilterBlocks {
  FilterBlocks(Shape filter, int64_t oldGroups, int64_t block);
  /// The channel, among the inputs of its group, that weight [o][i] multiplies.
  int64_t inputChannel(int64_t o, int64_t i) const { return o / perGroupOut % merge * perGroupIn + i; }

  int64_t groups;          ///< after merging
  int64_t inputs, outputs; ///< blocks: the inputs of one group, the outputs of all

private:
  int64_t merge, perGroupIn, perGroupOut;
};

/// A parameter per channel, known now, as [blocks][b].
mlir::Value packChannels(Builder &b, mlir::ElementsAttr values, int64_t blocks, int64_t block);
/// A filter [O][I][KH][KW] as [O/b][I/b][KH][KW][b of i][b of o]: zeros where merged groups do not meet, and for those that are missing.
mlir::Value packFilter(Builder &b, mlir::ElementsAttr filter, const FilterBlocks &blocks, int64_t block);
/// A filter [C][g][KH][KW] of groups with as many outputs as inputs, g, as [C/b][g][KH][KW][b].
mlir::Value packGroupedFilter(Builder &b, mlir::ElementsAttr filter, int64_t block);
/// A matrix [K][N], or [N][K] when `transposed`, times `factor`, as [N/b][K][b].
mlir::Value packMatrix(Builder &b, mlir::ElementsAttr matrix, bool transposed, double factor, int64_t block);

} // namespace bn::lower

#endif // BN_LIB_LOWER_BLOCKS_H
