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

/// A parameter per channel, known now, as [C/b][b].
mlir::Value packChannels(Builder &b, mlir::ElementsAttr values, int64_t block);
/// A filter [O][I/g][KH][KW] as [O/b][I/g/b][KH][KW][b of i][b of o] for `groups`, which divides `oldGroups`, the groups that the
/// filter has: groups that are merged get zeros where they do not meet.
mlir::Value packFilter(Builder &b, mlir::ElementsAttr filter, int64_t oldGroups, int64_t groups, int64_t block);
/// A filter [C][1][KH][KW] as [C/b][KH][KW][b].
mlir::Value packDepthwiseFilter(Builder &b, mlir::ElementsAttr filter, int64_t block);
/// A matrix [K][N], or [N][K] when `transposed`, times `factor`, as [N/b][K][b].
mlir::Value packMatrix(Builder &b, mlir::ElementsAttr matrix, bool transposed, double factor, int64_t block);

/// Groups after as many were merged as it takes for blocks not to straddle two; 1 in the worst case.
int64_t mergeGroups(int64_t groups, int64_t perGroupIn, int64_t perGroupOut, int64_t block);

} // namespace bn::lower

#endif // BN_LIB_LOWER_BLOCKS_H
