// RegisterTile.cpp - the block of accumulators that stays in registers: how large, and the multiply-adds into it.
// SPDX-License-Identifier: Apache-2.0

#include "RegisterTile.h"
#include "Caches.h"
#include "LinearView.h"

#include <numeric>

using namespace mlir;
using namespace bn;

/// What may still be in a cache near the core since the last run of the network.
static constexpr int64_t kNearBytes = 2 * kFirstCache;
/// Multiply-adds in flight that hide their latency.
static constexpr double kLatency = 5;

/// Cycles of one step of the reduction in a tile: multiply-adds one a cycle, a vector of weights one or, from the second
/// cache, two cycles, two scalars a cycle.
static double stepCost(int64_t positions, int64_t blocks) {
  double fma = std::max<double>(positions * blocks, kLatency);
  return std::max({fma, 2.0 * blocks, blocks + positions / 2.0}) + 0.5;
}

double bn::costOf(int64_t positions, RegisterTile tile) {
  double cost = positions / tile.positions * stepCost(tile.positions, tile.blocks);
  if (int64_t rest = positions % tile.positions)
    cost += stepCost(rest, tile.blocks);
  return cost / tile.blocks;
}

int64_t bn::countPositions(int64_t blocks, unsigned registers) {
  return (static_cast<int64_t>(registers) - 1 - blocks) / blocks; // accumulators, a vector for each block, one scalar
}

/// Cycles of one step that the first tile waits for its vectors of weights.
static double waitOf(RegisterTile first, double arrival) {
  return std::max(0.0, arrival * first.blocks - stepCost(first.positions, first.blocks));
}

RegisterTile bn::chooseTile(int64_t positions, int64_t blocks, unsigned registers, double arrival) {
  auto cost = [&](RegisterTile tile) { return costOf(positions, tile) + waitOf(tile, arrival) / tile.blocks; };
  RegisterTile best;
  for (int64_t b = 1; b <= std::min(blocks, kMaxBlocks); ++b) {
    if (blocks % b)
      continue;
    for (int64_t p = 1; p <= std::min(positions, countPositions(b, registers)); ++p)
      if (RegisterTile tile{p, b}; cost(tile) < cost(best))
        best = tile;
  }
  return best;
}

SmallVector<Span> bn::cutIntoTiles(int64_t size, int64_t most) {
  if (size == 0)
    return {};
  int64_t tiles = llvm::divideCeil(size, most), smaller = size / tiles, larger = size % tiles;
  SmallVector<Span> spans;
  if (larger)
    spans.push_back({0, larger, smaller + 1});
  spans.push_back({larger * (smaller + 1), tiles - larger, smaller});
  return spans;
}

int64_t bn::countCachedRows(int64_t stride) {
  constexpr int64_t line = 64, period = 4096, ways = 6;
  return period / std::max<int64_t>(std::gcd(stride, period), line) * ways;
}

RegisterTile bn::chooseCuts(int64_t rows, int64_t blocks, int64_t most, unsigned registers, double arrival) {
  auto cost = [&](RegisterTile tile) {
    double sum = 0;
    SmallVector<Span> rowSpans = cutIntoTiles(rows, tile.positions);
    for (const Span &b : cutIntoTiles(blocks, tile.blocks)) {
      for (const Span &r : rowSpans)
        sum += r.tiles * b.tiles * stepCost(r.size, b.size);
      sum += b.tiles * waitOf({rowSpans.front().size, b.size}, arrival);
    }
    return sum;
  };
  RegisterTile best;
  for (int64_t b = 1; b <= std::min(blocks, kMaxBlocks); ++b)
    for (int64_t p = 1; p <= std::min({rows, most, countPositions(b, registers)}); ++p)
      if (RegisterTile tile{p, b}; cost(tile) < cost(best))
        best = tile;
  return best;
}

bool bn::isBeyondCache(Value weights) {
  auto type = cast<MemRefType>(weights.getType());
  return type.getNumElements() * type.getElementTypeBitWidth() / 8 > kNearBytes;
}

/// The index in the first block that is read `kPrefetchSteps` after index `at` of it.
static Value findAhead(OpBuilder &builder, Location loc, const WeightPanel &panel, Value at) {
  auto select = [&](Value index, Value end, Value otherwise) -> Value {
    Value isBefore = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, index, end);
    return arith::SelectOp::create(builder, loc, isBefore, index, otherwise);
  };
  int64_t block = panel.depth * panel.stepStride;
  Value ahead = LinearIndex(kPrefetchSteps * panel.stepStride).add(at, 1).emit(builder, loc);
  if (panel.blocks * panel.blockStride == block)
    return ahead; // the next panel begins where this one ends
  Value next = LinearIndex(panel.blocks * panel.blockStride - block).add(ahead, 1).emit(builder, loc);
  Value size = arith::ConstantIndexOp::create(builder, loc, cast<MemRefType>(panel.row.getType()).getDimSize(0));
  // Memory that is not there would be looked up in vain, step after step.
  next = select(next, size, arith::ConstantIndexOp::create(builder, loc, 0));
  return select(ahead, LinearIndex(block).add(panel.start, 1).emit(builder, loc), next);
}

void bn::prefetch(OpBuilder &builder, Location loc, Value row, Value index) {
  memref::PrefetchOp::create(builder, loc, row, index, /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
}

PanelLoader::PanelLoader(OpBuilder &builder, Location loc, const WeightPanel &panel, Value at, bool prefetches, int64_t lanes)
    : builder(builder), loc(loc), panel(panel), at(at), ahead(prefetches ? findAhead(builder, loc, panel, at) : Value()), lanes(lanes) {}

Value PanelLoader::operator()(int64_t block, int64_t step) const {
  LinearIndex shift(block * panel.blockStride + step * panel.stepStride);
  if (ahead)
    prefetch(builder, loc, panel.row, LinearIndex(shift).add(ahead, 1).emit(builder, loc));
  return loadLanes(builder, loc, panel.row, shift.add(at, 1).emit(builder, loc), lanes);
}

SmallVector<Value> bn::emitMultiplyAdds(OpBuilder &builder, Location loc, ValueRange accumulators, RegisterTile tile, int64_t unroll,
                                        llvm::function_ref<Value(int64_t, int64_t)> scalar,
                                        llvm::function_ref<Value(int64_t, int64_t)> vector, const DotIntrinsics &dots) {
  SmallVector<Value> sums(accumulators);
  for (int64_t u = 0; u < unroll; ++u) {
    SmallVector<Value> vectors;
    for (int64_t b = 0; b < tile.blocks; ++b)
      vectors.push_back(vector(b, u));
    for (int64_t p = 0; p < tile.positions; ++p) {
      Value factors = scalar(p, u);
      for (int64_t b = 0; b < tile.blocks; ++b) {
        Value &sum = sums[p * tile.blocks + b];
        sum = emitMultiplyAdd(builder, loc, factors, vectors[b], sum, dots);
      }
    }
  }
  return sums;
}
