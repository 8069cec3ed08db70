// StrassenCuts.cpp - how the work of a convolution by Strassen's method is cut.
// SPDX-License-Identifier: Apache-2.0
//
// Each part of the output blocks sums up the input again, each part of the pairs reads all weights again, and a part's sums should stay in
// the second cache. Few parts cost least, but leave workers waiting.

#include "StrassenCuts.h"
#include "Caches.h"
#include "LinearView.h"

#include <cmath>

using namespace mlir;
using namespace bn;

/// What the left sides of a part should take of the second cache.
static constexpr int64_t kCacheBytes = kSecondCache / 2;
/// Parts of the output blocks at most.
static constexpr int64_t kMaxColumnParts = 8;
/// Parts of the pairs, at most, above what the cache asks for.
static constexpr int64_t kMoreParts = 8;

int64_t bn::countPartPairs(const StrassenProblem &problem, const StrassenCuts &cuts) {
  int64_t tiles = llvm::divideCeil(problem.pairs(), cuts.tile.positions), partTiles = llvm::divideCeil(tiles, cuts.pairParts);
  return std::min<int64_t>(problem.pairs(), partTiles * llvm::divideCeil(problem.pairs(), tiles));
}

static int64_t countSideBytes(const StrassenProblem &problem, int64_t pairs) {
  return pairs * problem.sides() * problem.depth * static_cast<int64_t>(sizeof(float));
}

/// Cycles of all multiply-adds with sums and weights, times the mean of how long a few numbers of workers take compared to even shares.
static double addUpCost(const StrassenProblem &p, const StrassenCuts &cuts) {
  const double sumCycles = p.copies ? 5 : 3; // per vector of the input
  constexpr double weightBytesPerCycle = 64; // from the shared cache, beside multiply-adds
  constexpr double secondSize = 0.01;        // of tiles: its code has to be made and fetched
  double cycles = 0, pairTiles = llvm::divideCeil(p.pairs(), cuts.tile.positions);
  double columnTiles = llvm::divideCeil(p.columns, cuts.tile.blocks);
  SmallVector<Span> blockSpans = cutIntoTiles(p.columns, cuts.tile.blocks), pairSpans = cutIntoTiles(p.pairs(), cuts.tile.positions);
  for (const Span &blocks : blockSpans)
    for (const Span &pairs : pairSpans)
      cycles += kStrassenProducts * p.depth * blocks.tiles * pairs.tiles * costOf(pairs.size, {pairs.size, blocks.size}) * blocks.size;
  cycles *= 1 + secondSize * (blockSpans.size() * pairSpans.size() - 1);
  cycles += cuts.columnParts * sumCycles * 4 * p.pairs() * p.depth / p.block;
  cycles += cuts.pairParts * kStrassenProducts * p.depth * p.columns * p.block * sizeof(float) / weightBytesPerCycle;
  auto unevenness = [](double items, double parts) { return std::ceil(items / parts) * parts / items; };
  double parts = unevenness(pairTiles, cuts.pairParts) * unevenness(columnTiles, cuts.columnParts), waiting = 1;
  for (int workers : {2, 4})
    waiting += parts * unevenness(p.images * cuts.pairParts * cuts.columnParts, workers);
  return cycles * waiting;
}

StrassenCuts bn::chooseStrassenCuts(const StrassenProblem &problem, unsigned registers) {
  StrassenCuts best;
  double cost = std::numeric_limits<double>::infinity();
  for (int64_t b = 1; b <= std::min(problem.columns, kMaxBlocks); ++b)
    for (int64_t p = 1; p <= std::min(problem.pairs(), countPositions(b, registers)); ++p) {
      int64_t tiles = llvm::divideCeil(problem.pairs(), p), columnTiles = llvm::divideCeil(problem.columns, b);
      int64_t least = std::min<int64_t>(tiles, llvm::divideCeil(countSideBytes(problem, problem.pairs()), kCacheBytes));
      for (int64_t pairParts = least; pairParts <= std::min(tiles, least + kMoreParts); ++pairParts)
        for (int64_t columnParts = 1; columnParts <= std::min(columnTiles, kMaxColumnParts); ++columnParts) {
          StrassenCuts candidate{{p, b}, pairParts, columnParts};
          if (countSideBytes(problem, countPartPairs(problem, candidate)) > kStackBytes)
            continue;
          if (double candidateCost = addUpCost(problem, candidate); candidateCost < cost) {
            cost = candidateCost;
            best = candidate;
          }
        }
    }
  return best;
}
