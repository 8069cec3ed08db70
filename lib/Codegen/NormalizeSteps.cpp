// NormalizeSteps.cpp - what a kernel.normalize does to groups: center, sum, finish, map; and to two slabs at once, map one, sum the next.
// SPDX-License-Identifier: Apache-2.0

#include "NormalizeSteps.h"
#include "ParallelLoop.h"
#include "VectorBody.h"

#include <numeric>

using namespace mlir;
using namespace bn;

/// Vectors of a row that is worth storing past the cache.
static constexpr int64_t kLongRow = 8;
/// The shortest vector that is worth storing past the cache.
static constexpr int64_t kShortestBytes = 16;

/// So many blocks are mapped in order unless they are rows across the groups of a slab: memory likes that, and far fewer are left in cache.
static constexpr int64_t kBlocksInOrder = 16;

void NormalizeSteps::center(OpBuilder &builder, const Position &at, Ranges ranges) {
  forEachGroupVector(builder, at, ranges, [&](OpBuilder &b, const Position &here, Lanes width) {
    SmallVector<Value> arguments;
    loadGroups(b, here.indices, width.lanes, arguments);
    SmallVector<Type> wide(op.countYields(op.getSample()), b.getF64Type());
    loadSlots(b, here, 0, wide, 0, width.lanes, arguments);
    for (auto [i, value] : llvm::enumerate(emitBody(b, op.getCenter().front(), arguments, width.lanes)))
      storeSlot(b, here, centerSlot() + i, 0, value);
  });
}

void NormalizeSteps::finish(OpBuilder &builder, const Position &at, Ranges ranges, bool inParts) {
  forEachGroupVector(builder, at, ranges, [&](OpBuilder &b, const Position &here, Lanes width) {
    SmallVector<Value> arguments, sums;
    loadGroups(b, here.indices, width.lanes, arguments);
    loadSlots(b, here, centerSlot(), centerTypes(), 0, width.lanes, arguments);
    int64_t count = op.countYields(op.getTerms());
    for (int64_t slot = 0; slot < count; ++slot)
      sums.push_back(loadSlot(b, here, slot, 0, width.lanes));
    if (inParts)
      sums = emitLoop(b, loc, 1, kernel::NormalizeOp::kParts, 1, sums, [&](OpBuilder &inner, Value part, ValueRange before) {
        SmallVector<Value> next;
        for (int64_t slot = 0; slot < count; ++slot)
          next.push_back(arith::AddFOp::create(inner, loc, before[slot], loadSlot(inner, here, slot, 0, width.lanes, part)));
        return next;
      });
    llvm::append_range(arguments, sums);
    SmallVector<Value> results = emitBody(b, op.getFinish().front(), arguments, width.lanes);
    unsigned first = output + !op.getMap().empty();
    for (auto [i, value] : llvm::enumerate(results))
      if (static_cast<int64_t>(i) < op.getNumStatistics())
        storeLanes(b, loc, value, nest.views[first + i].row, address(b, first + i, here.indices, 0));
      else
        storeSlot(b, here, coefficientSlot() + i - op.getNumStatistics(), 0, value);
  });
}

NormalizeSteps::Values NormalizeSteps::loadMapArguments(OpBuilder &b, const Position &at, int64_t shift, int64_t lanes) {
  SmallVector<Value> arguments;
  loadAll(b, elements, groups, at.indices, shift, lanes, arguments);
  loadSlots(b, at, centerSlot(), centerTypes(), shift, lanes, arguments);
  loadSlots(b, at, coefficientSlot(), coefficientTypes(), shift, lanes, arguments);
  return arguments;
}

Value NormalizeSteps::mapVector(OpBuilder &b, const Position &at, int64_t shift, int64_t lanes, ArrayRef<Value> perGroup) {
  SmallVector<Value> arguments;
  loadAll(b, 0, elements, at.indices, shift, lanes, arguments);
  for (auto [i, distance] : llvm::enumerate(at.ahead))
    if (lanes == nest.lanes && nest.dims.back().steps[i])
      prefetch(b, i, at.indices, shift, distance);
  loadAll(b, elements + groups, extras, at.indices, shift, lanes, arguments);
  llvm::append_range(arguments, perGroup);
  return emitBody(b, op.getMap().front(), arguments, lanes)[0];
}

void NormalizeSteps::storeMapped(OpBuilder &b, const Position &at, int64_t shift, int64_t lanes, Value result, int64_t streamed) {
  Value index = address(b, output, at.indices, shift);
  if (!streamed)
    return storeLanes(b, loc, result, nest.views[output].row, index);
  int64_t piece = std::min(lanes, streamed);
  for (int64_t begin = 0; begin < lanes; begin += piece) {
    SmallVector<int64_t> taken = llvm::to_vector(llvm::seq(begin, begin + piece));
    Value part = piece == lanes ? result : vector::ShuffleOp::create(b, loc, result, result, taken).getResult();
    storeStreamed(b, loc, part, nest.views[output].row, begin ? address(b, output, at.indices, shift + begin) : index);
  }
}

void NormalizeSteps::mapBlock(OpBuilder &builder, const Position &at, Lanes width, Stores stores) {
  SmallVector<Values> perGroup;
  for (int64_t u = 0; u < width.unroll; ++u)
    perGroup.push_back(loadMapArguments(builder, at, u * width.lanes, width.lanes));
  if (stores == Stores::PeeledPastCache) {
    Position inside = at;
    inside.indices[nest.inner()] = Value();
    emitStreamed(builder, loc, nest.views[output], address(builder, output, inside.indices, 0), constant(builder, nest.dims.back().size),
                 nest.lanes, [&](OpBuilder &b, Value begin, int64_t lanes, bool aligned) {
                   inside.indices[nest.inner()] = begin;
                   storeMapped(b, inside, 0, lanes, mapVector(b, inside, 0, lanes, perGroup[0]), aligned ? lanes : 0);
                 });
    return;
  }
  int64_t streamed = stores == Stores::PastCache ? streamedLanes() : 0;
  forEachVector(builder, at, width, 0, [&](OpBuilder &b, const Position &here, Lanes inside, ValueRange) {
    for (int64_t u = 0; u < inside.unroll; ++u) {
      Value result = mapVector(b, here, u * inside.lanes, inside.lanes, perGroup[nest.acrossGroups() ? u : 0]);
      storeMapped(b, here, u * inside.lanes, inside.lanes, result, nest.acrossGroups() && inside.lanes != nest.lanes ? 0 : streamed);
    }
    return SmallVector<Value>();
  });
}

int64_t NormalizeSteps::streamedLanes() const {
  if (kernel::NormalizeOp(op).getMap().empty() || nest.dims.back().steps[output] != 1)
    return 0;
  int64_t lanes = std::gcd(nest.lanes, nest.acrossGroups() ? nest.lanes : nest.dims.back().size);
  for (const NestDim &dim : llvm::drop_end(nest.dims))
    lanes = std::gcd(lanes, dim.steps[output]);
  return lanes * nest.views[output].element.getIntOrFloatBitWidth() / 8 < kShortestBytes ? 0 : lanes;
}

/// Last block first: its elements are what is left in cache.
void NormalizeSteps::map(OpBuilder &builder, const Position &at, Ranges ranges, Value begin, Value end, bool aligned) {
  if (op.getMap().empty())
    return;
  int64_t inOrder = slab && nest.acrossGroups() ? 1 : kBlocksInOrder;
  auto emitAll = [&](OpBuilder &outer, Stores stores) {
    forEachBlockBackwards(outer, at, begin, end, inOrder, [&](OpBuilder &b, const Position &block) {
      forEachGroup(b, block, ranges, std::max(unroll, 2 * kUnroll),
                   [&](OpBuilder &inner, const Position &here, Lanes width) { mapBlock(inner, here, width, stores); });
    });
  };
  bool contiguous = nest.dims.back().steps[output] == 1;
  if (!shouldStream(bytes) || !contiguous)
    return emitAll(builder, Stores::InCache);
  if (aligned)
    return emitAll(builder, Stores::PastCache);
  if (!nest.acrossGroups()) // the ends of short rows, which no whole vector of the cache's lines covers, would cost more than reading them
    return emitAll(builder, nest.dims.back().size >= kLongRow * nest.lanes ? Stores::PeeledPastCache : Stores::InCache);
  if (streamedLanes() != nest.lanes)
    return emitAll(builder, Stores::InCache);
  Position first = at;
  first.indices.assign(nest.dims.size(), Value());
  first.indices[nest.inner()] = ranges.back().begin;
  Value isWhole = isAligned(builder, loc, nest.views[output], address(builder, output, first.indices, 0), nest.lanes);
  scf::IfOp::create(
      builder, loc, isWhole, [&](OpBuilder &b, Location) { emitAll(b, Stores::PastCache), scf::YieldOp::create(b, loc); },
      [&](OpBuilder &b, Location) { emitAll(b, Stores::InCache), scf::YieldOp::create(b, loc); });
}

//===----------------------------------------------------------------------===//
// Two slabs at once
//===----------------------------------------------------------------------===//

Value NormalizeSteps::hasAlignedRows(OpBuilder &b) {
  SmallVector<Value> first(nest.dims.size());
  return isAligned(b, loc, nest.views[output], address(b, output, first, 0), streamedLanes());
}

void NormalizeSteps::mapAndSum(OpBuilder &builder, Ranges here, Ranges next) {
  auto moved = [&](OpBuilder &b, Position at) {
    for (auto [dim, from, to] : llvm::zip_equal(groupDims, next, here))
      at.indices[dim] = LinearIndex().add(at.indices[dim], 1).add(from.begin, -1).add(to.begin, 1).emit(b, loc);
    return at;
  };
  auto load = [&](OpBuilder &b, const Position &at) { return loadMapArguments(b, moved(b, at), 0, 1); };
  auto emit = [&](OpBuilder &b, const Position &at, int64_t shift, int64_t lanes, ArrayRef<Value> perGroup) {
    Position there = moved(b, at);
    storeMapped(b, there, shift, lanes, mapVector(b, there, shift, lanes, perGroup), streamedLanes());
  };
  Beside map{load, emit};
  Position start{SmallVector<Value>(nest.dims.size()), Value()};
  accumulateAll(builder, start, next, op.getTerms(), constant(builder, 0), constant(builder, blocks), Value(), &map);
}
