// NormalizeSums.cpp - the sums of a kernel.normalize over the elements of its groups.
// SPDX-License-Identifier: Apache-2.0
//
// Vectors add in the data's type along a block, or along some short rows, and what they have then goes to the scratch in f64.

#include "NormalizeSums.h"
#include "Caches.h"
#include "ParallelLoop.h"
#include "StreamedStores.h"
#include "VectorBody.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace bn;

/// Vectors across groups that are under way at once where elements come from memory, and how far ahead those are fetched: at least.
static constexpr int64_t kLongUnroll = 64, kDistanceBytes = 16 << 10, kDistanceRows = 4;
/// What is larger does not come from the nearer caches, so that it is worth fetching.
static constexpr int64_t kNearBytes = kSecondCache;
/// The same where elements come from the cache: rows lie pages apart, and every visit of a page has its price.
static constexpr int64_t kCachedUnroll = 16;
/// How far ahead memory is asked for elements: beyond the page, where the processor's own prefetching ends.
static constexpr int64_t kLeadBytes = 12 << 10;
/// Long rows that are summed together, so that memory has several pages to bring at once, and the vectors of each that are under way: what
/// is written beside them in single lines of a row would take longer.
static constexpr int64_t kRowsTogether = 4, kRowUnroll = 2;

/// The sample is a part of the elements like this, and at least so many where that is cheap. The mean of a part 1/n is within √n standard
/// deviations of the mean, so that sums around it lose no more than log₂ n bits of the variance.
static constexpr int64_t kSampleShare = 32, kSampleSize = 8;

NormalizeSums::NormalizeSums(NormalizeNest n) : NormalizeLoops(std::move(n)), slab(nest.chooseSlab()) {
  unroll = !nest.acrossGroups() ? kUnroll : shouldStream(bytes) ? kLongUnroll : kCachedUnroll;
}

int64_t NormalizeSums::sampleSize() const { return std::max<int64_t>(llvm::divideCeil(nest.groupSize(), kSampleShare), kSampleSize); }

int64_t NormalizeSums::sampleBlocks() const {
  return std::min<int64_t>(blocks, llvm::divideCeil(sampleSize() * blocks, std::max<int64_t>(nest.groupSize(), 1)));
}

void NormalizeSums::clear(OpBuilder &builder, const Position &at, ArrayRef<GroupRange> ranges, Value part) {
  forEachGroup(builder, at, ranges, 1, [&](OpBuilder &b, const Position &here, Lanes width) {
    Value zero = splat(b, loc, arith::ConstantOp::create(b, loc, b.getF64FloatAttr(0)), width.lanes);
    for (int64_t slot = 0; slot < slots.sums; ++slot)
      storeSlot(b, here, slot, 0, zero, part);
  });
}

/// Elements of the rows that come soon. Rows that are read whole, one behind the other, the processor fetches better by itself.
void NormalizeSums::prefetchRows(OpBuilder &b, const Position &at, int64_t shift) {
  if (blockDims.empty() || (!slab && nest.dims.back().size <= unroll * nest.lanes))
    return;
  for (unsigned i = 0; i < elements; ++i) {
    int64_t row = nest.dims[blockDims.back()].steps[i], bytes = nest.views[i].element.getIntOrFloatBitWidth() / 8;
    if (nest.dims.back().steps[i] && row)
      prefetch(b, i, at.indices, shift, constant(b, std::max<int64_t>(kDistanceRows, llvm::divideCeil(kDistanceBytes, row * bytes)) * row));
  }
}

void NormalizeSums::prefetchAhead(OpBuilder &b, const Position &at, int64_t shift) {
  for (unsigned i = 0; i < elements; ++i)
    if (nest.dims.back().steps[i])
      prefetch(b, i, at.indices, shift, constant(b, kLeadBytes * 8 / nest.views[i].element.getIntOrFloatBitWidth()));
}

/// sum + term, rounded once where the term is a product.
Value NormalizeSums::addTerm(OpBuilder &b, Value sum, Value term) {
  if (auto product = term.getDefiningOp<arith::MulFOp>())
    return math::FmaOp::create(b, loc, product.getLhs(), product.getRhs(), sum);
  return arith::AddFOp::create(b, loc, sum, term);
}

NormalizeSums::Values NormalizeSums::loadTermArguments(OpBuilder &b, const Position &at, int64_t shift, int64_t lanes, Region &terms) {
  SmallVector<Value> arguments;
  loadAll(b, elements, groups, at.indices, shift, lanes, arguments);
  if (&terms != &op.getSample())
    loadSlots(b, at, centerSlot(), centerTypes(), shift, lanes, arguments);
  return arguments;
}

void NormalizeSums::addTerms(OpBuilder &b, const Position &at, int64_t shift, int64_t lanes, Region &terms, ValueRange perGroup,
                             ValueRange sums, Values &next) {
  SmallVector<Value> arguments;
  loadAll(b, 0, elements, at.indices, shift, lanes, arguments);
  llvm::append_range(arguments, perGroup);
  for (auto [sum, term] : llvm::zip_equal(sums, emitBody(b, terms.front(), arguments, lanes)))
    next.push_back(addTerm(b, sum, term));
}

void NormalizeSums::storeSums(OpBuilder &b, const Position &at, int64_t lanes, int64_t count, ArrayRef<Value> sums, Value part) {
  for (auto [i, sum] : llvm::enumerate(sums)) {
    if (!sum)
      continue; // no element
    int64_t slot = i % count, shift = i / count * lanes;
    Value before = loadSlot(b, at, slot, shift, lanes, part);
    storeSlot(b, at, slot, shift, arith::AddFOp::create(b, loc, before, convert(b, sum, b.getF64Type())), part);
  }
}

void NormalizeSums::accumulate(OpBuilder &builder, const Position &at, Lanes width, Region &terms, Value part) {
  int64_t count = op.countYields(terms);
  SmallVector<Values> perGroup; // what the terms read of each vector of groups
  for (int64_t u = 0; u < width.unroll; ++u)
    perGroup.push_back(loadTermArguments(builder, at, u * width.lanes, width.lanes, terms));
  SmallVector<Value> sums =
      forEachVector(builder, at, width, count, [&](OpBuilder &b, const Position &here, Lanes inside, ValueRange carried) {
        SmallVector<Value> next;
        for (int64_t u = 0; u < inside.unroll; ++u) {
          if (nest.acrossGroups() && bytes > kNearBytes)
            prefetchRows(b, here, u * inside.lanes);
          addTerms(b, here, u * inside.lanes, inside.lanes, terms, perGroup[nest.acrossGroups() ? u : 0], carried.slice(u * count, count),
                   next);
        }
        return next;
      });
  storeSums(builder, at, width.lanes, count, sums, part);
}

void NormalizeSums::accumulateBundle(OpBuilder &builder, ArrayRef<Position> rows, const Beside *beside) {
  Region &terms = op.getTerms();
  int64_t count = op.countYields(terms);
  SmallVector<Value> perGroup = loadTermArguments(builder, rows[0], 0, 1, terms), others;
  if (beside)
    others = beside->load(builder, rows[0]);
  auto body = [&](OpBuilder &b, const Position &at, Lanes inside, ValueRange carried) {
    SmallVector<Value> sums(carried);
    for (Position row : rows) {
      row.indices[nest.inner()] = at.indices[nest.inner()];
      for (int64_t u = 0; u < inside.unroll; ++u) {
        SmallVector<Value> more;
        prefetchAhead(b, row, u * inside.lanes);
        addTerms(b, row, u * inside.lanes, inside.lanes, terms, perGroup, ValueRange(sums).slice(u * count, count), more);
        llvm::copy(more, sums.begin() + u * count);
        if (beside)
          beside->emit(b, row, u * inside.lanes, inside.lanes, others);
      }
    }
    return sums;
  };
  storeSums(builder, rows[0], 1, count, forEachVector(builder, rows[0], {}, count, body, kRowUnroll), Value());
}

/// Adds up rows in bundles along the outermost dimension, so that what is fetched behind the end of one is not another.
void NormalizeSums::accumulateBundles(OpBuilder &builder, const Position &at, ArrayRef<GroupRange> ranges, const Beside *beside) {
  int64_t outer = blockSizes.empty() ? 1 : blockSizes[0], inner = blocks / outer, whole = outer / kRowsTogether;
  auto emitBundle = [&](OpBuilder &b, Value first, int64_t count) {
    SmallVector<Position> rows(count, at);
    for (auto [i, row] : llvm::enumerate(rows)) {
      Value block = LinearIndex(i * inner).add(first, 1).emit(b, loc);
      for (auto [dim, index] : llvm::zip(blockDims, delinearize(b, loc, block, blockSizes)))
        row.indices[dim] = index;
    }
    forEachGroup(b, at, ranges, 1, [&](OpBuilder &nested, const Position &group, Lanes) {
      for (Position &row : rows)
        for (unsigned dim : groupDims)
          row.indices[dim] = group.indices[dim];
      accumulateBundle(nested, rows, beside);
    });
    return SmallVector<Value>();
  };
  emitLoop(builder, loc, 0, whole * inner, 1, {}, [&](OpBuilder &b, Value number, ValueRange) {
    Value bundle = arith::DivUIOp::create(b, loc, number, constant(b, inner));
    return emitBundle(b, LinearIndex().add(number, 1).add(bundle, (kRowsTogether - 1) * inner).emit(b, loc), kRowsTogether);
  });
  if (int64_t rest = outer - whole * kRowsTogether)
    emitLoop(builder, loc, blocks - rest * inner, blocks - (rest - 1) * inner, 1, {},
             [&](OpBuilder &b, Value first, ValueRange) { return emitBundle(b, first, rest); });
}

void NormalizeSums::accumulateAll(OpBuilder &builder, const Position &at, ArrayRef<GroupRange> ranges, Region &terms, Value begin,
                                  Value end, Value part, const Beside *beside) {
  clear(builder, at, ranges, part);
  if (slab && nest.hasShortRows())
    return accumulateShortRows(builder, at, ranges, terms, begin, end, beside);
  if (slab && !nest.acrossGroups() && shouldStream(bytes) && &terms == &op.getTerms())
    return accumulateBundles(builder, at, ranges, beside);
  forEachBlock(builder, at, begin, end, [&](OpBuilder &b, Position block) {
    if (&terms == &op.getSample() && block.rowsEnd) { // a part of the block may be enough
      Value enough = LinearIndex(sampleSize()).add(block.indices[blockDims.back()], 1).emit(b, loc);
      block.rowsEnd = arith::MinUIOp::create(b, loc, block.rowsEnd, enough);
    }
    forEachGroup(b, block, ranges, unroll,
                 [&](OpBuilder &inner, const Position &here, Lanes width) { accumulate(inner, here, width, terms, part); });
  });
}
