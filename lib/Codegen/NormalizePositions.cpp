// NormalizePositions.cpp - slabs of a kernel.normalize whose groups' short rows lie side by side, done in vectors across all of them.
// SPDX-License-Identifier: Apache-2.0

#include "NormalizePositions.h"
#include "ParallelLoop.h"

#include <numeric>

using namespace mlir;
using namespace bn;

/// Blocks that are done together, so that what belongs to positions is read once for all of them, and the vectors of each.
static constexpr int64_t kBlocksTogether = 4, kVectorsTogether = 2;
/// Blocks after which f32 sums are added to those of f64.
static constexpr int64_t kBlocksInF32 = 64;

NormalizePositions::NormalizePositions(NormalizeNest n) : NormalizeSteps(std::move(n)), stripGroups(slab ? nest.chooseStrip() : 0) {
  if (stripGroups)
    slab = stripGroups;
  strip = stripGroups * nest.dims.back().size;
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

void NormalizePositions::emitRows(OpBuilder &builder, const Work &sum, const Work &map, Value firstBlock, int64_t rows) {
  int64_t lanes = nest.lanes, count = sum.repeated ? op.countYields(*sum.repeated->region) : 0, begin = 0;
  SmallVector<Values> blockIndices;
  for (int64_t row = 0; row < rows; ++row)
    blockIndices.push_back(delinearize(builder, loc, LinearIndex(row).add(firstBlock, 1).emit(builder, loc), blockSizes));
  auto positionOf = [&](const Work &work, int64_t row, Value position) {
    Position at = startOf(work.ranges);
    for (auto [dim, index] : llvm::zip(blockDims, blockIndices[row]))
      at.indices[dim] = index;
    at.indices[nest.inner()] = position;
    return at;
  };
  auto loadRepeated = [&](OpBuilder &b, ArrayRef<Value> arrays, Value index) {
    return llvm::map_to_vector(arrays, [&](Value array) { return array ? loadLanes(b, loc, array, index, lanes) : Value(); });
  };
  auto emitVectors = [&](OpBuilder &b, Value position, int64_t unroll) {
    SmallVector<Values> carried(unroll);
    SmallVector<Value> results;
    for (int64_t u = 0; u < unroll; ++u) {
      Value index = LinearIndex(u * lanes).add(position, 1).emit(b, loc);
      SmallVector<Value> perTerms, perMap;
      carried[u] = loadRepeated(b, ArrayRef(sums).take_front(count), index);
      if (sum.repeated)
        perTerms = loadRepeated(b, sum.repeated->arrays, index);
      if (map.repeated)
        perMap = loadRepeated(b, map.repeated->arrays, index);
      for (int64_t row = 0; row < rows; ++row) {
        if (sum.repeated) {
          Position at = positionOf(sum, row, position);
          if (shouldStream(bytes))
            prefetchAhead(b, at, u * lanes);
          SmallVector<Value> next;
          addTerms(b, at, u * lanes, lanes, *sum.repeated->region, perTerms, carried[u], next);
          carried[u] = next;
        }
        if (map.repeated)
          results.push_back(mapVector(b, positionOf(map, row, position), u * lanes, lanes, perMap));
      }
    }
    // Blocks are often as far from each other as pages: a load behind a store into another one would wait for it.
    for (auto [i, result] : llvm::enumerate(results))
      storeMapped(b, positionOf(map, i % rows, position), i / rows * lanes, lanes, result, streamed);
    for (int64_t u = 0; u < unroll; ++u)
      for (auto [array, value] : llvm::zip(sums, carried[u]))
        storeLanes(b, loc, value, array, LinearIndex(u * lanes).add(position, 1).emit(b, loc));
    return SmallVector<Value>();
  };
  for (int64_t unroll : {kVectorsTogether, int64_t(1)}) {
    int64_t step = unroll * lanes, end = begin + (strip - begin) / step * step;
    emitLoop(builder, loc, begin, end, step, {},
             [&](OpBuilder &b, Value position, ValueRange) { return emitVectors(b, position, unroll); });
    begin = end;
  }
}

void NormalizePositions::emitBlocks(OpBuilder &builder, const Work &sum, const Work &map, Value begin, int64_t count) {
  int64_t done = 0;
  for (int64_t rows : {kBlocksTogether, int64_t(1)}) {
    int64_t end = done + (count - done) / rows * rows;
    emitLoop(builder, loc, done, end, rows, {}, [&](OpBuilder &b, Value block, ValueRange) {
      emitRows(b, sum, map, LinearIndex().add(begin, 1).add(block, 1).emit(b, loc), rows);
      return SmallVector<Value>();
    });
    done = end;
  }
}

void NormalizePositions::sumAndMap(OpBuilder &builder, const Work &sum, const Work &map, int64_t count) {
  int64_t numSums = sum.repeated ? op.countYields(*sum.repeated->region) : 0, whole = count / kBlocksInF32 * kBlocksInF32;
  if (sum.repeated)
    clear(builder, {SmallVector<Value>(nest.dims.size()), Value()}, sum.ranges, Value());
  auto emitSome = [&](OpBuilder &b, Value begin, int64_t some) {
    clearSums(b, numSums);
    emitBlocks(b, sum, map, begin, some);
    if (sum.repeated)
      foldSums(b, sum.ranges, numSums);
    return SmallVector<Value>();
  };
  emitLoop(builder, loc, 0, whole, kBlocksInF32, {},
           [&](OpBuilder &b, Value begin, ValueRange) { return emitSome(b, begin, kBlocksInF32); });
  if (count > whole)
    emitSome(builder, constant(builder, whole), count - whole);
}

//===----------------------------------------------------------------------===//
// Slabs
//===----------------------------------------------------------------------===//

/// What the terms of a slab need.
void NormalizePositions::start(OpBuilder &b, Ranges ranges) {
  if (!op.getSample().empty()) {
    repeat(b, ofSample, ranges);
    sumAndMap(b, {&ofSample, ranges}, {}, sampleBlocks());
    center(b, {SmallVector<Value>(nest.dims.size()), Value()}, ranges);
  }
  repeat(b, ofTerms, ranges);
}

/// The sums of a slab, perhaps beside the output of another, and what its own output needs.
void NormalizePositions::sumStarted(OpBuilder &b, Ranges ranges, const Work &map) {
  sumAndMap(b, {&ofTerms, ranges}, map, blocks);
  finish(b, {SmallVector<Value>(nest.dims.size()), Value()}, ranges, /*inParts=*/false);
  repeat(b, ofMap, ranges);
}

void NormalizePositions::emitRun(OpBuilder &builder, Value begin, Value last, RangesOf rangesOf) {
  bool maps = !op.getMap().empty();
  auto mapOf = [&](ArrayRef<GroupRange> ranges) { return maps ? Work{&ofMap, ranges} : Work(); };
  SmallVector<GroupRange> first = rangesOf(builder, begin);
  start(builder, first);
  sumStarted(builder, first, {});
  scf::ForOp::create(builder, loc, begin, last, constant(builder, 1), ValueRange(), [&](OpBuilder &b, Location, Value number, ValueRange) {
    SmallVector<GroupRange> here = rangesOf(b, number), next = rangesOf(b, LinearIndex(1).add(number, 1).emit(b, loc));
    start(b, next);
    sumStarted(b, next, mapOf(here));
    scf::YieldOp::create(b, loc);
  });
  SmallVector<GroupRange> end = rangesOf(builder, last);
  if (maps)
    sumAndMap(builder, {}, mapOf(end), blocks);
}

/// The longest vector that strips consist of and start at multiples of, if the first one does.
int64_t NormalizePositions::streamedStripLanes() {
  if (op.getMap().empty() || !shouldStream(bytes))
    return 0;
  int64_t lanes = std::gcd(nest.lanes, strip);
  for (const NestDim &dim : llvm::drop_end(nest.dims))
    if (&dim != &nest.dims[groupDims.back()])
      lanes = std::gcd(lanes, dim.steps[output]);
  return lanes == nest.lanes ? lanes : 0;
}

void NormalizePositions::emitStrips(OpBuilder &builder, Value begin, Value last, RangesOf rangesOf) {
  ofSample = allocate(builder, op.getSample(), elements), ofTerms = allocate(builder, op.getTerms(), elements);
  ofMap = allocate(builder, op.getMap(), elements + extras);
  sums.clear();
  for (int64_t i = 0; i < slots.sums; ++i)
    sums.push_back(allocateArray(builder, op.getTerms().front().getTerminator()->getOperand(0).getType()));
  int64_t wanted = streamedStripLanes();
  auto emitWith = [&](OpBuilder &b, int64_t lanes) {
    streamed = lanes;
    emitRun(b, begin, last, rangesOf);
  };
  if (!wanted)
    return emitWith(builder, 0);
  SmallVector<Value> first(nest.dims.size());
  Value isWhole = isAligned(builder, loc, nest.views[output], address(builder, output, first, 0), wanted);
  scf::IfOp::create(
      builder, loc, isWhole, [&](OpBuilder &b, Location) { emitWith(b, wanted), scf::YieldOp::create(b, loc); },
      [&](OpBuilder &b, Location) { emitWith(b, 0), scf::YieldOp::create(b, loc); });
}
