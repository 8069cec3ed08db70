// RegisterTile.h - the block of accumulators that stays in registers: how large, and the multiply-adds into it.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_REGISTERTILE_H
#define BN_CODEGEN_REGISTERTILE_H

#include "DotProduct.h"

namespace bn {

/// `positions` × `blocks` accumulators: positions along a row of the output, blocks of a vector of channels.
struct RegisterTile {
  int64_t positions = 1, blocks = 1;
  int64_t size() const { return positions * blocks; }
};

/// Blocks of channels in a tile: more do not pay for the positions they take.
inline constexpr int64_t kMaxBlocks = 4;

/// Positions of the largest tile with so many blocks of channels on a target with so many vector registers.
int64_t countPositions(int64_t blocks, unsigned registers);

/// The tile for rows of `positions` that costs least; its blocks divide `blocks`. `arrival`: cycles that memory takes for a vector of
/// weights, where this row is the only one that uses them. Of equals the one with fewest blocks: memory brings one run of weights best.
RegisterTile chooseTile(int64_t positions, int64_t blocks, unsigned registers, double arrival = 0);

/// Cycles per step of the reduction that a row of `positions` takes in this tile, for one block of channels.
double costOf(int64_t positions, RegisterTile tile);

/// A stretch of rows or of columns that tiles of one size cover.
struct Span {
  int64_t begin, tiles, size; ///< in rows, or in blocks of columns
};

/// Tiles of at most `most`, all of about one size: a small tile at the end would wait for its multiply-adds.
llvm::SmallVector<Span> cutIntoTiles(int64_t size, int64_t most);

/// Rows `stride` bytes apart whose lines stay in the nearest cache together: where the stride is a multiple of much of the cache's
/// period, they compete for a few sets, of which a part is the right side's.
int64_t countCachedRows(int64_t stride);

/// The largest tile of at most `most` rows whose cuts of rows and blocks cost least. `arrival`: cycles that memory takes for a vector of
/// the right side, which the first rows wait for.
RegisterTile chooseCuts(int64_t rows, int64_t blocks, int64_t most, unsigned registers, double arrival = 0);

/// Steps of the reduction that weights are asked for before their use: about the time that memory takes.
inline constexpr int64_t kPrefetchSteps = 32;

/// Cycles that memory takes for a vector of weights.
inline constexpr double kArrival = 10;

/// Whether weights are too large to be in a cache near the core when they are used next.
bool isBeyondCache(mlir::Value weights);

/// The weights that a tile's reduction reads: a block of columns from index `start` on, and the blocks beside it.
struct WeightPanel {
  mlir::Value row, start;      ///< all weights, a memref of rank 1 and static size; index of the first block's first step
  int64_t blocks, blockStride; ///< blockStride: elements from a block to the next
  int64_t depth, stepStride;   ///< stepStride: elements from a step to the next
};

/// Asks for the line of `row[index]`, which may be behind the row's end.
void prefetch(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value row, mlir::Value index);

/// Loads the vectors of a panel from index `at` of its first block on. With `prefetches`, each load asks for what is read `kPrefetchSteps`
/// later: past the panel's last step that is in the next panel, and past the last panel in the first one.
class PanelLoader {
public:
  PanelLoader(mlir::OpBuilder &builder, mlir::Location loc, const WeightPanel &panel, mlir::Value at, bool prefetches, int64_t lanes);
  /// The vector of a block, `step` steps on.
  mlir::Value operator()(int64_t block, int64_t step) const;

private:
  mlir::OpBuilder &builder;
  mlir::Location loc;
  const WeightPanel &panel;
  mlir::Value at, ahead; ///< `ahead` is null without prefetching
  int64_t lanes;
};

/// One or more steps of the reduction: acc[p][b] += scalar(p, u)·vector(b, u) for u below `unroll`. Accumulators go position by position.
/// `scalar` and `dots` are as for `emitMultiplyAdd`.
llvm::SmallVector<mlir::Value> emitMultiplyAdds(mlir::OpBuilder &builder, mlir::Location loc, mlir::ValueRange accumulators,
                                                RegisterTile tile, int64_t unroll,
                                                llvm::function_ref<mlir::Value(int64_t p, int64_t u)> scalar,
                                                llvm::function_ref<mlir::Value(int64_t b, int64_t u)> vector,
                                                const DotIntrinsics &dots = {});

} // namespace bn

#endif // BN_CODEGEN_REGISTERTILE_H
