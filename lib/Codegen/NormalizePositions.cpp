// NormalizePositions.cpp - slabs of a kernel.normalize whose groups' short rows lie side by side, done in vectors across all of them.
// SPDX-License-Identifier: Apache-2.0

#include "NormalizePositions.h"
#include "ParallelLoop.h"

#include <numeric>

using namespace mlir;
using namespace bn;

/// Blocks that are done together, so that what belongs to positions is read once for all of them, and the vectors of each.
static constexpr int64_t kBlocksTogether = 4, kVectorsTogether = 2;
/// Vectors of a group's row from which on they are worth a loop of their own: its constants and sums need no place in the nearest cache.
static constexpr int64_t kOwnVectors = 2;
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

NormalizePositions::Values NormalizePositions::loadRepeated(OpBuilder &b, ArrayRef<Value> arrays, Value index) {
  return llvm::map_to_vector(arrays, [&](Value array) { return array ? loadLanes(b, loc, array, index, nest.lanes) : Value(); });
}

void NormalizePositions::storeRepeated(OpBuilder &b, ArrayRef<Value> arrays, Value index, ArrayRef<Value> values) {
  for (auto [array, value] : llvm::zip(arrays, values))
    storeLanes(b, loc, value, array, index);
}

void NormalizePositions::emitVectors(OpBuilder &b, const Rows &rows, Value position, ArrayRef<Constants> constants,
                                     MutableArrayRef<Values> carried) {
  auto positionOf = [&](const Work &work, ArrayRef<Value> block) {
    Position at = startOf(work.ranges);
    for (auto [dim, index] : llvm::zip(blockDims, block))
      at.indices[dim] = index;
    at.indices[nest.inner()] = position;
    return at;
  };
  int64_t lanes = nest.lanes;
  SmallVector<Value> results;
  for (auto [u, constant] : llvm::enumerate(constants))
    for (ArrayRef<Value> block : rows.blocks) {
      if (rows.sum.repeated) {
        Position at = positionOf(rows.sum, block);
        if (shouldStream(bytes))
          prefetchAhead(b, at, u * lanes);
        SmallVector<Value> next;
        addTerms(b, at, u * lanes, lanes, *rows.sum.repeated->region, constant.terms, carried[u], next);
        carried[u] = next;
      }
      if (rows.map.repeated)
        results.push_back(mapVector(b, positionOf(rows.map, block), u * lanes, lanes, constant.map));
    }
  // Blocks are often as far from each other as pages: a load behind a store into another one would wait for it.
  int64_t count = rows.blocks.size();
  for (auto [i, result] : llvm::enumerate(results))
    storeMapped(b, positionOf(rows.map, rows.blocks[i % count]), i / count * lanes, lanes, result, streamed);
}

NormalizePositions::Constants NormalizePositions::loadConstants(OpBuilder &b, const Rows &rows, Value index) {
  auto load = [&](const Work &work) { return work.repeated ? loadRepeated(b, work.repeated->arrays, index) : Values(); };
  return {load(rows.sum), load(rows.map)};
}

void NormalizePositions::emitMixed(OpBuilder &b, const Rows &rows, Value position, int64_t unroll) {
  SmallVector<Constants> constants;
  SmallVector<Values> carried;
  auto indexOf = [&](int64_t u) { return LinearIndex(u * nest.lanes).add(position, 1).emit(b, loc); };
  for (int64_t u = 0; u < unroll; ++u) {
    constants.push_back(loadConstants(b, rows, indexOf(u)));
    carried.push_back(loadRepeated(b, sumsOf(rows), indexOf(u)));
  }
  emitVectors(b, rows, position, constants, carried);
  for (int64_t u = 0; u < unroll; ++u)
    storeRepeated(b, sumsOf(rows), indexOf(u), carried[u]);
}

/// The vectors that are all of one group, with its constants and sums in registers, and the one behind them that is of the next one, too.
void NormalizePositions::emitGroup(OpBuilder &builder, const Rows &rows, Value group) {
  int64_t row = nest.dims.back().size, lanes = nest.lanes;
  Value width = constant(builder, lanes), start = LinearIndex().add(group, row).emit(builder, loc);
  Value end = LinearIndex(row).add(start, 1).emit(builder, loc), rest = arith::RemUIOp::create(builder, loc, end, width);
  Value number = arith::DivUIOp::create(builder, loc, LinearIndex(lanes - 1).add(start, 1).emit(builder, loc), width);
  Value begin = LinearIndex().add(number, lanes).emit(builder, loc);
  Value mixed = LinearIndex().add(end, 1).add(rest, -1).emit(builder, loc);
  Constants constants = loadConstants(builder, rows, begin);
  Values sums = loadRepeated(builder, sumsOf(rows), begin);
  Value from = begin;
  for (int64_t unroll : {kVectorsTogether, int64_t(1)}) {
    Value step = constant(builder, unroll * lanes), count = LinearIndex().add(mixed, 1).add(from, -1).emit(builder, loc);
    Value to = LinearIndex().add(mixed, 1).add(arith::RemUIOp::create(builder, loc, count, step), -1).emit(builder, loc);
    SmallVector<Value> chains(sums);
    for (Value sum : sums)
      chains.append(unroll - 1, arith::ConstantOp::create(builder, loc, builder.getZeroAttr(sum.getType())));
    auto loop = scf::ForOp::create(builder, loc, from, to, step, chains, [&](OpBuilder &b, Location, Value position, ValueRange carried) {
      SmallVector<Values> perVector(unroll);
      for (auto [i, value] : llvm::enumerate(carried))
        perVector[i / sums.size()].push_back(value);
      emitVectors(b, rows, position, SmallVector<Constants>(unroll, constants), perVector);
      SmallVector<Value> next;
      for (const Values &values : perVector)
        llvm::append_range(next, values);
      scf::YieldOp::create(b, loc, next);
    });
    for (auto [i, sum] : llvm::enumerate(loop.getResults()))
      sums[i % sums.size()] = i < sums.size() ? Value(sum) : arith::AddFOp::create(builder, loc, sums[i % sums.size()], sum).getResult();
    from = to;
  }
  storeRepeated(builder, sumsOf(rows), begin, sums);
  if (row % lanes == 0)
    return;
  Value isMixed = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, rest, constant(builder, 0));
  scf::IfOp::create(builder, loc, isMixed, [&](OpBuilder &b, Location) { emitMixed(b, rows, mixed, 1), scf::YieldOp::create(b, loc); });
}

void NormalizePositions::emitRows(OpBuilder &builder, const Work &sum, const Work &map, Value firstBlock, int64_t count) {
  Rows rows{sum, map, {}};
  for (int64_t row = 0; row < count; ++row)
    rows.blocks.push_back(delinearize(builder, loc, LinearIndex(row).add(firstBlock, 1).emit(builder, loc), blockSizes));
  auto emitAll = [&](int64_t begin, int64_t end, int64_t step, llvm::function_ref<void(OpBuilder &, Value)> body) {
    emitLoop(builder, loc, begin, end, step, {}, [&](OpBuilder &b, Value index, ValueRange) { return body(b, index), Values(); });
  };
  if (nest.dims.back().size >= kOwnVectors * nest.lanes)
    return emitAll(0, stripGroups, 1, [&](OpBuilder &b, Value group) { emitGroup(b, rows, group); });
  int64_t begin = 0;
  for (int64_t unroll : {kVectorsTogether, int64_t(1)}) {
    int64_t step = unroll * nest.lanes, end = begin + (strip - begin) / step * step;
    emitAll(begin, end, step, [&](OpBuilder &b, Value position) { emitMixed(b, rows, position, unroll); });
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
