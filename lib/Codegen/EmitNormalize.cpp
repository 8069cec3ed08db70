// EmitNormalize.cpp - emits the loops of kernel.normalize.
// SPDX-License-Identifier: Apache-2.0
//
//   forall (run of slabs) for (slab of groups)    slabs that fit in a worker's cache
//     centers from the sums of a sample
//     for (block of elements) for (group)  sums += Σ terms
//     for (group)                          statistics, coefficients = finish(sums)
//     for (block, backwards) for (group)   output = map(elements, coefficients), fetching the next slab's elements
//
// Where a slab would not fit, each line is a forall of its own: sums over kParts parts of the blocks, added in order.
//
// Memory reads the next slab while this one's output is written, so that a step takes hardly longer than a copy.

#include "EmitEach.h"
#include "NormalizeSums.h"
#include "ParallelLoop.h"
#include "StreamedStores.h"
#include "VectorBody.h"
#include "bn/Codegen/Passes.h"

namespace bn {
#define GEN_PASS_DEF_EMITNORMALIZEPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

/// The sample is a part of the elements like this, and at least so many. The mean of a part 1/n is within √n standard deviations of
/// the mean, so that sums around it lose no more than log₂ n bits of the variance.
static constexpr int64_t kSampleShare = 32, kSampleSize = 256;
/// A slab that is fetched ahead has at most this size: caches hold it beside the one before.
static constexpr int64_t kAheadBytes = 8 << 20;
/// Vectors of a row that is worth storing past the cache.
static constexpr int64_t kLongRow = 8;
/// Slabs that a worker does one after the other where it fetches ahead, and how few and many such runs keep all workers busy.
static constexpr int64_t kSlabsInRun = 16, kFewRuns = 8, kManyRuns = 32;

namespace {
class NormalizeEmitter : NormalizeSums {
public:
  using NormalizeSums::NormalizeSums;
  void emit(OpBuilder &builder);

private:
  void emitSlabs(OpBuilder &b);
  void emitSlab(OpBuilder &b, const Position &at, ArrayRef<GroupRange> ranges);
  void emitParts(OpBuilder &b);
  Position enterSlab(OpBuilder &b, Value number, Value last, SmallVectorImpl<GroupRange> &ranges);
  bool fetchesAhead() const;
  Value partBegin(OpBuilder &b, Value part);
  int64_t sampleBlocks() const;

  // Steps on the groups of `ranges`.
  void center(OpBuilder &b, const Position &at, ArrayRef<GroupRange> ranges);
  void finish(OpBuilder &b, const Position &at, ArrayRef<GroupRange> ranges, bool inParts);
  void map(OpBuilder &b, const Position &at, Lanes groups, bool streamed);
  void emitMaps(OpBuilder &b, const Position &at, ArrayRef<GroupRange> ranges, Value begin, Value end);
};
} // namespace

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

void NormalizeEmitter::center(OpBuilder &builder, const Position &at, ArrayRef<GroupRange> ranges) {
  forEachGroup(builder, at, ranges, 1, [&](OpBuilder &b, const Position &here, Lanes width) {
    SmallVector<Value> arguments;
    loadAll(b, elements, groups, here.indices, 0, width.lanes, arguments);
    SmallVector<Type> wide(op.countYields(op.getSample()), b.getF64Type());
    loadSlots(b, here, 0, wide, 0, width.lanes, arguments);
    for (auto [i, value] : llvm::enumerate(emitBody(b, op.getCenter().front(), arguments, width.lanes)))
      storeSlot(b, here, centerSlot() + i, 0, value);
  });
}

void NormalizeEmitter::finish(OpBuilder &builder, const Position &at, ArrayRef<GroupRange> ranges, bool inParts) {
  forEachGroup(builder, at, ranges, 1, [&](OpBuilder &b, const Position &here, Lanes width) {
    SmallVector<Value> arguments, sums;
    loadAll(b, elements, groups, here.indices, 0, width.lanes, arguments);
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

void NormalizeEmitter::map(OpBuilder &builder, const Position &at, Lanes width, bool streamed) {
  SmallVector<SmallVector<Value>> perGroup(width.unroll);
  for (int64_t u = 0; u < width.unroll; ++u) {
    loadAll(builder, elements, groups, at.indices, u * width.lanes, width.lanes, perGroup[u]);
    loadSlots(builder, at, centerSlot(), centerTypes(), u * width.lanes, width.lanes, perGroup[u]);
    loadSlots(builder, at, coefficientSlot(), coefficientTypes(), u * width.lanes, width.lanes, perGroup[u]);
  }
  auto emitVector = [&](OpBuilder &b, const Position &here, int64_t u, int64_t lanes, bool stream) {
    SmallVector<Value> arguments;
    loadAll(b, 0, elements, here.indices, u * lanes, lanes, arguments);
    for (auto [i, distance] : llvm::enumerate(here.ahead))
      if (lanes == nest.lanes && nest.dims.back().steps[i])
        prefetch(b, i, here.indices, u * lanes, distance);
    loadAll(b, elements + groups, extras, here.indices, u * lanes, lanes, arguments);
    llvm::append_range(arguments, perGroup[nest.acrossGroups() ? u : 0]);
    Value result = emitBody(b, op.getMap().front(), arguments, lanes)[0], index = address(b, output, here.indices, u * lanes);
    if (stream)
      storeStreamed(b, loc, result, nest.views[output].row, index);
    else
      storeLanes(b, loc, result, nest.views[output].row, index);
  };
  if (!nest.acrossGroups() && streamed) {
    Position inside = at;
    inside.indices[nest.inner()] = Value();
    emitStreamed(builder, loc, nest.views[output], address(builder, output, inside.indices, 0), constant(builder, nest.dims.back().size),
                 nest.lanes, [&](OpBuilder &b, Value begin, int64_t lanes, bool aligned) {
                   inside.indices[nest.inner()] = begin;
                   emitVector(b, inside, 0, lanes, aligned);
                 });
    return;
  }
  forEachVector(builder, at, width, 0, [&](OpBuilder &b, const Position &here, Lanes inside, ValueRange) {
    for (int64_t u = 0; u < inside.unroll; ++u)
      emitVector(b, here, u, inside.lanes, streamed && inside.lanes == nest.lanes);
    return SmallVector<Value>();
  });
}

/// Maps blocks, last first: their elements are what is left in cache.
void NormalizeEmitter::emitMaps(OpBuilder &builder, const Position &at, ArrayRef<GroupRange> ranges, Value begin, Value end) {
  if (op.getMap().empty())
    return;
  auto emitAll = [&](OpBuilder &outer, bool streamed) {
    forEachBlock(outer, at, begin, end, /*backwards=*/true, [&](OpBuilder &b, const Position &block) {
      forEachGroup(b, block, ranges, std::max(unroll, 2 * kUnroll),
                   [&](OpBuilder &inner, const Position &here, Lanes width) { map(inner, here, width, streamed); });
    });
  };
  bool contiguous = nest.dims.back().steps[output] == 1;
  if (!shouldStream(bytes) || !contiguous)
    return emitAll(builder, false);
  if (!nest.acrossGroups()) // the ends of short rows, which no whole vector of the cache's lines covers, would cost more than reading them
    return emitAll(builder, nest.dims.back().size >= kLongRow * nest.lanes);
  // Rows start at multiples of a vector if the first one does and their distances are such multiples.
  for (unsigned i = 0; i < nest.inner(); ++i)
    if (nest.dims[i].steps[output] % nest.lanes)
      return emitAll(builder, false);
  Position first = at;
  first.indices.assign(nest.dims.size(), Value());
  first.indices[nest.inner()] = ranges.back().begin;
  Value aligned = isAligned(builder, loc, nest.views[output], address(builder, output, first.indices, 0), nest.lanes);
  scf::IfOp::create(
      builder, loc, aligned, [&](OpBuilder &b, Location) { emitAll(b, true), scf::YieldOp::create(b, loc); },
      [&](OpBuilder &b, Location) { emitAll(b, false), scf::YieldOp::create(b, loc); });
}

//===----------------------------------------------------------------------===//
// Slabs and parts
//===----------------------------------------------------------------------===//

/// Blocks that the sample is taken from.
int64_t NormalizeEmitter::sampleBlocks() const {
  int64_t share = (blocks + kSampleShare - 1) / kSampleShare, size = std::max<int64_t>(nest.groupSize(), 1);
  return std::min(blocks, std::max(share, (kSampleSize * blocks + size - 1) / size));
}

/// Whether a slab's elements can wait in cache for the slab before it to be done.
bool NormalizeEmitter::fetchesAhead() const {
  return shouldStream(bytes) && slab * nest.groupBytes() <= kAheadBytes && slab < nest.numGroups;
}

/// Slab `number`: its groups; ahead of it is the next one, if `last`, a number too, is not before that.
Position NormalizeEmitter::enterSlab(OpBuilder &b, Value number, Value last, SmallVectorImpl<GroupRange> &ranges) {
  SmallVector<int64_t> sizes = llvm::map_to_vector(groupDims, [&](unsigned dim) { return nest.dims[dim].size; });
  SmallVector<int64_t> counts(sizes.size(), 1);
  if (!sizes.empty())
    sizes.back() /= slab, counts.back() = slab;
  SmallVector<Value> here = delinearize(b, loc, number, sizes), next;
  for (auto [index, count] : llvm::zip(here, counts))
    ranges.push_back({count == 1 ? index : LinearIndex().add(index, count).emit(b, loc), count});
  Position at{SmallVector<Value>(nest.dims.size()), Value()};
  if (!fetchesAhead())
    return at;
  next = delinearize(b, loc, arith::MinUIOp::create(b, loc, LinearIndex(1).add(number, 1).emit(b, loc), last), sizes);
  for (unsigned operand = 0; operand < elements; ++operand) {
    LinearIndex distance;
    for (auto [dim, from, to, count] : llvm::zip(groupDims, here, next, counts))
      distance.add(to, nest.dims[dim].steps[operand] * count).add(from, -nest.dims[dim].steps[operand] * count);
    at.ahead.push_back(distance.emit(b, loc));
  }
  return at;
}

void NormalizeEmitter::emitSlab(OpBuilder &b, const Position &at, ArrayRef<GroupRange> ranges) {
  Value zero = constant(b, 0), all = constant(b, blocks);
  if (!op.getSample().empty()) {
    accumulateAll(b, at, ranges, op.getSample(), zero, constant(b, sampleBlocks()), Value());
    center(b, at, ranges);
  }
  accumulateAll(b, at, ranges, op.getTerms(), zero, all, Value());
  finish(b, at, ranges, /*inParts=*/false);
  emitMaps(b, at, ranges, zero, all);
}

void NormalizeEmitter::emitSlabs(OpBuilder &builder) {
  int64_t slabs = nest.numGroups / slab, work = (nest.groupSize() * 4 / nest.lanes + 16) * nest.numGroups;
  int64_t runs = fetchesAhead() ? std::clamp(slabs / kSlabsInRun, std::min(slabs, kFewRuns), kManyRuns) : slabs;
  auto firstOf = [&](OpBuilder &b, Value run) {
    return arith::DivUIOp::create(b, loc, LinearIndex().add(run, slabs).emit(b, loc), constant(b, runs));
  };
  emitParallel(builder, loc, runs, work, [&](OpBuilder &b, ValueRange ivs) {
    SmallVector<GroupRange> ranges;
    if (runs == slabs)
      return emitSlab(b, enterSlab(b, ivs[0], ivs[0], ranges), ranges);
    Value begin = firstOf(b, ivs[0]), end = firstOf(b, LinearIndex(1).add(ivs[0], 1).emit(b, loc));
    Value last = LinearIndex(-1).add(end, 1).emit(b, loc);
    scf::ForOp::create(b, loc, begin, end, constant(b, 1), ValueRange(), [&](OpBuilder &inner, Location, Value number, ValueRange) {
      emitSlab(inner, enterSlab(inner, number, last, ranges), ranges);
      scf::YieldOp::create(inner, loc);
    });
  });
}

/// The first block of a part.
Value NormalizeEmitter::partBegin(OpBuilder &b, Value part) {
  Value product = LinearIndex().add(part, blocks).emit(b, loc);
  return arith::DivUIOp::create(b, loc, product, constant(b, kernel::NormalizeOp::kParts));
}

void NormalizeEmitter::emitParts(OpBuilder &builder) {
  constexpr int64_t parts = kernel::NormalizeOp::kParts;
  int64_t perPart = (nest.groupSize() * 2 / nest.lanes + 16) * nest.numGroups;
  Position start{SmallVector<Value>(nest.dims.size()), Value()};
  auto all = llvm::map_to_vector(groupDims, [&](unsigned dim) { return GroupRange{Value(), nest.dims[dim].size}; });
  // Tiles of groups along the last of their dimensions for what is done group by group.
  int64_t last = all.back().count, tile = last % (kUnroll * nest.lanes) ? last : kUnroll * nest.lanes;
  auto forEachTile = [&](int64_t work, llvm::function_ref<void(OpBuilder &, ArrayRef<GroupRange>)> body) {
    emitParallel(builder, loc, last / tile, work, [&](OpBuilder &b, ValueRange ivs) {
      SmallVector<GroupRange> ranges(all);
      ranges.back() = {LinearIndex().add(ivs[0], tile).emit(b, loc), tile};
      body(b, ranges);
    });
  };
  auto forEachPart = [&](llvm::function_ref<void(OpBuilder &, Value, Value, Value)> body) {
    emitParallel(builder, loc, parts, perPart, [&](OpBuilder &b, ValueRange ivs) {
      body(b, ivs[0], partBegin(b, ivs[0]), partBegin(b, LinearIndex(1).add(ivs[0], 1).emit(b, loc)));
    });
  };
  if (!op.getSample().empty())
    forEachTile(perPart / kSampleShare, [&](OpBuilder &b, ArrayRef<GroupRange> ranges) {
      accumulateAll(b, start, ranges, op.getSample(), constant(b, 0), constant(b, sampleBlocks()), Value());
      center(b, start, ranges);
    });
  forEachPart([&](OpBuilder &b, Value part, Value begin, Value end) { accumulateAll(b, start, all, op.getTerms(), begin, end, part); });
  forEachTile(nest.numGroups * parts, [&](OpBuilder &b, ArrayRef<GroupRange> ranges) { finish(b, start, ranges, /*inParts=*/true); });
  if (!op.getMap().empty())
    forEachPart([&](OpBuilder &b, Value part, Value, Value) {
      Value mirrored = LinearIndex(parts - 1).add(part, -1).emit(b, loc);
      emitMaps(b, start, all, partBegin(b, mirrored), partBegin(b, LinearIndex(1).add(mirrored, 1).emit(b, loc)));
    });
}

void NormalizeEmitter::emit(OpBuilder &builder) {
  if (slab)
    emitSlabs(builder);
  else
    emitParts(builder);
}

namespace {
struct EmitNormalizePass : bn::impl::EmitNormalizePassBase<EmitNormalizePass> {
  using EmitNormalizePassBase::EmitNormalizePassBase;
  void runOnOperation() override {
    auto emit = [&](kernel::NormalizeOp op, OpBuilder &builder) -> LogicalResult {
      FailureOr<NormalizeNest> nest = NormalizeNest::get(builder, op, vectorBits);
      if (failed(nest))
        return failure();
      NormalizeEmitter(*nest).emit(builder);
      return success();
    };
    if (failed(emitEach<kernel::NormalizeOp>(getOperation(), emit)))
      signalPassFailure();
  }
};
} // namespace
