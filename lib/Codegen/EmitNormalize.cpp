// EmitNormalize.cpp - emits the loops of kernel.normalize.
// SPDX-License-Identifier: Apache-2.0
//
//   forall (run of slabs) for (slab of groups)    slabs that fit in a worker's cache
//     centers from the sums of a sample
//     for (block of elements) for (group)  sums += Σ terms
//     for (group)                          statistics, coefficients = finish(sums)
//     for (block, backwards) for (group)   output = map(elements, coefficients), fetching the next slab's elements
//
// Where results are stored past the cache in whole vectors, the output of a slab and the sums of the next are one loop, so that
// memory is read and written all the time and a step takes hardly longer than a copy. So it is where groups with short rows lie side by
// side, wherever the output goes.
//
// Where a slab would not fit, each line is a forall of its own: sums over kParts parts of the blocks, added in order.

#include "Caches.h"
#include "EmitEach.h"
#include "NormalizePositions.h"
#include "ParallelLoop.h"
#include "StreamedStores.h"
#include "bn/Codegen/Passes.h"

namespace bn {
#define GEN_PASS_DEF_EMITNORMALIZEPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

/// Parts of the elements that a sample is at least, for an estimate of its work.
static constexpr int64_t kSampleShare = 32;
/// A slab that is fetched ahead has at most this size: caches hold it beside the one before.
static constexpr int64_t kAheadBytes = kLastCache / 4;
/// Slabs that a worker does one after the other where it fetches ahead, and how few and many such runs keep all workers busy.
static constexpr int64_t kSlabsInRun = 16, kFewRuns = 8, kManyRuns = 32;

namespace {
class NormalizeEmitter : NormalizePositions {
public:
  using NormalizePositions::NormalizePositions;
  void emit(OpBuilder &builder);

private:
  void emitSlabs(OpBuilder &b);
  void emitSlab(OpBuilder &b, const Position &at, ArrayRef<GroupRange> ranges, bool aligned);
  void emitRun(OpBuilder &b, Value begin, Value last, bool aligned);
  void emitOverlappedRun(OpBuilder &b, Value begin, Value last);
  SmallVector<GroupRange> rangesOf(OpBuilder &b, Value number);
  void sampleCenters(OpBuilder &b, const Position &at, ArrayRef<GroupRange> ranges);
  void emitParts(OpBuilder &b);
  Position enterSlab(OpBuilder &b, Value number, Value last, SmallVectorImpl<GroupRange> &ranges);
  bool fetchesAhead() const;
  Value partBegin(OpBuilder &b, Value part);
};
} // namespace

//===----------------------------------------------------------------------===//
// Slabs and parts
//===----------------------------------------------------------------------===//

/// Whether a slab's elements can wait in cache for the slab before it to be done.
bool NormalizeEmitter::fetchesAhead() const {
  return shouldStream(bytes) && slab * nest.groupBytes() <= kAheadBytes && slab < nest.numGroups;
}

/// Slab `number`: its groups; ahead of it is the next one, if `last`, a number too or null, is not before that.
Position NormalizeEmitter::enterSlab(OpBuilder &b, Value number, Value last, SmallVectorImpl<GroupRange> &ranges) {
  SmallVector<int64_t> sizes = llvm::map_to_vector(groupDims, [&](unsigned dim) { return nest.dims[dim].size; });
  SmallVector<int64_t> counts(sizes.size(), 1);
  if (!sizes.empty())
    sizes.back() /= slab, counts.back() = slab;
  SmallVector<Value> here = delinearize(b, loc, number, sizes), next;
  for (auto [index, count] : llvm::zip(here, counts))
    ranges.push_back({count == 1 ? index : LinearIndex().add(index, count).emit(b, loc), count});
  Position at{SmallVector<Value>(nest.dims.size()), Value()};
  if (!last || !fetchesAhead())
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

SmallVector<GroupRange> NormalizeEmitter::rangesOf(OpBuilder &b, Value number) {
  SmallVector<GroupRange> ranges;
  (void)enterSlab(b, number, Value(), ranges);
  return ranges;
}

void NormalizeEmitter::sampleCenters(OpBuilder &b, const Position &at, ArrayRef<GroupRange> ranges) {
  if (op.getSample().empty())
    return;
  accumulateAll(b, at, ranges, op.getSample(), constant(b, 0), constant(b, sampleBlocks()), Value());
  center(b, at, ranges);
}

void NormalizeEmitter::emitSlab(OpBuilder &b, const Position &at, ArrayRef<GroupRange> ranges, bool aligned) {
  Value zero = constant(b, 0), all = constant(b, blocks);
  sampleCenters(b, at, ranges);
  accumulateAll(b, at, ranges, op.getTerms(), zero, all, Value());
  finish(b, at, ranges, /*inParts=*/false);
  map(b, at, ranges, zero, all, aligned);
}

/// Slabs from `begin` to `last`, one after the other.
void NormalizeEmitter::emitRun(OpBuilder &builder, Value begin, Value last, bool aligned) {
  Value end = LinearIndex(1).add(last, 1).emit(builder, loc);
  scf::ForOp::create(builder, loc, begin, end, constant(builder, 1), ValueRange(), [&](OpBuilder &b, Location, Value number, ValueRange) {
    SmallVector<GroupRange> ranges;
    Position at = enterSlab(b, number, last, ranges);
    emitSlab(b, at, ranges, aligned);
    scf::YieldOp::create(b, loc);
  });
}

/// The same, each mapped while the next one is summed.
void NormalizeEmitter::emitOverlappedRun(OpBuilder &builder, Value begin, Value last) {
  Position start{SmallVector<Value>(nest.dims.size()), Value()};
  SmallVector<GroupRange> first = rangesOf(builder, begin);
  sampleCenters(builder, start, first);
  accumulateAll(builder, start, first, op.getTerms(), constant(builder, 0), constant(builder, blocks), Value());
  finish(builder, start, first, /*inParts=*/false);
  scf::ForOp::create(builder, loc, begin, last, constant(builder, 1), ValueRange(), [&](OpBuilder &b, Location, Value number, ValueRange) {
    SmallVector<GroupRange> next = rangesOf(b, LinearIndex(1).add(number, 1).emit(b, loc));
    sampleCenters(b, start, next);
    mapAndSum(b, rangesOf(b, number), next);
    finish(b, start, next, /*inParts=*/false);
    scf::YieldOp::create(b, loc);
  });
  map(builder, start, rangesOf(builder, last), constant(builder, 0), constant(builder, blocks), /*aligned=*/true);
}

void NormalizeEmitter::emitSlabs(OpBuilder &builder) {
  int64_t slabs = nest.numGroups / slab, work = (nest.groupSize() * 4 / nest.lanes + 16) * nest.numGroups;
  int64_t runs = fetchesAhead() || hasStrips() ? std::clamp(slabs / kSlabsInRun, std::min(slabs, kFewRuns), kManyRuns) : slabs;
  auto firstOf = [&](OpBuilder &b, Value run) {
    return arith::DivUIOp::create(b, loc, LinearIndex().add(run, slabs).emit(b, loc), constant(b, runs));
  };
  emitParallel(builder, loc, runs, work, [&](OpBuilder &b, ValueRange ivs) {
    if (runs == slabs && !hasStrips()) {
      SmallVector<GroupRange> ranges;
      Position at = enterSlab(b, ivs[0], ivs[0], ranges);
      return emitSlab(b, at, ranges, /*aligned=*/false);
    }
    Value begin = firstOf(b, ivs[0]), end = firstOf(b, LinearIndex(1).add(ivs[0], 1).emit(b, loc));
    Value last = LinearIndex(-1).add(end, 1).emit(b, loc);
    if (hasStrips())
      return emitStrips(b, begin, last, [&](OpBuilder &inner, Value number) { return rangesOf(inner, number); });
    if (!wantsAlignedRows())
      return emitRun(b, begin, last, /*aligned=*/false);
    auto emitAligned = [&](OpBuilder &inner, Location) {
      emitOverlappedRun(inner, begin, last);
      scf::YieldOp::create(inner, loc);
    };
    auto emitUnaligned = [&](OpBuilder &inner, Location) {
      emitRun(inner, begin, last, /*aligned=*/false);
      scf::YieldOp::create(inner, loc);
    };
    scf::IfOp::create(b, loc, hasAlignedRows(b), emitAligned, emitUnaligned);
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
    forEachTile(perPart / kSampleShare, [&](OpBuilder &b, ArrayRef<GroupRange> ranges) { sampleCenters(b, start, ranges); });
  forEachPart([&](OpBuilder &b, Value part, Value begin, Value end) { accumulateAll(b, start, all, op.getTerms(), begin, end, part); });
  forEachTile(nest.numGroups * parts, [&](OpBuilder &b, ArrayRef<GroupRange> ranges) { finish(b, start, ranges, /*inParts=*/true); });
  if (!op.getMap().empty())
    forEachPart([&](OpBuilder &b, Value part, Value, Value) {
      Value mirrored = LinearIndex(parts - 1).add(part, -1).emit(b, loc);
      map(b, start, all, partBegin(b, mirrored), partBegin(b, LinearIndex(1).add(mirrored, 1).emit(b, loc)), /*aligned=*/false);
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
