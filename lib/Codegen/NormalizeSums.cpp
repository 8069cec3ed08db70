// NormalizeSums.cpp - the sums of a kernel.normalize over the elements of its groups.
// SPDX-License-Identifier: Apache-2.0
//
// Vectors add in the data's type along a block, or along some short rows, and what they have then goes to the scratch in f64.

#include "NormalizeSums.h"
#include "ParallelLoop.h"
#include "StreamedStores.h"
#include "VectorBody.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace bn;

/// Vectors across groups that are under way at once where elements come from memory, and how far ahead those are fetched.
static constexpr int64_t kLongUnroll = 32, kDistanceBytes = 16 << 10;
/// The same where elements come from the cache: rows lie pages apart, and every visit of a page has its price.
static constexpr int64_t kCachedUnroll = 16;
/// Rows that are summed together, as many as f32 sums well.
static constexpr int64_t kRowsAtOnce = 64;

NormalizeSums::NormalizeSums(NormalizeNest n) : NormalizeLoops(std::move(n)), slab(nest.chooseSlab()) {
  unroll = !nest.acrossGroups() ? kUnroll : shouldStream(bytes) ? kLongUnroll : kCachedUnroll;
}

void NormalizeSums::clear(OpBuilder &builder, const Position &at, ArrayRef<GroupRange> ranges, Value part) {
  forEachGroup(builder, at, ranges, 1, [&](OpBuilder &b, const Position &here, Lanes width) {
    Value zero = splat(b, loc, arith::ConstantOp::create(b, loc, b.getF64FloatAttr(0)), width.lanes);
    for (int64_t slot = 0; slot < slots.sums; ++slot)
      storeSlot(b, here, slot, 0, zero, part);
  });
}

/// Elements of the rows that come soon.
void NormalizeSums::prefetchRows(OpBuilder &b, const Position &at, int64_t shift) {
  if (blockDims.empty())
    return;
  for (unsigned i = 0; i < elements; ++i) {
    int64_t row = nest.dims[blockDims.back()].steps[i], bytes = nest.views[i].element.getIntOrFloatBitWidth() / 8;
    if (nest.dims.back().steps[i] && row)
      prefetch(b, i, at.indices, shift, constant(b, llvm::divideCeil(kDistanceBytes, row * bytes) * row));
  }
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
          if (nest.acrossGroups() && shouldStream(bytes))
            prefetchRows(b, here, u * inside.lanes);
          addTerms(b, here, u * inside.lanes, inside.lanes, terms, perGroup[nest.acrossGroups() ? u : 0], carried.slice(u * count, count),
                   next);
        }
        return next;
      });
  storeSums(builder, at, width.lanes, count, sums, part);
}

/// Adds up a slab's rows group by group, in vectors over several rows: the sum of a vector's lanes costs as much as a short row.
void NormalizeSums::accumulateShortRows(OpBuilder &builder, const Position &at, ArrayRef<GroupRange> ranges, Region &terms, Value begin,
                                           Value end) {
  int64_t count = op.countYields(terms), size = nest.dims.back().size;
  SmallVector<int64_t> pieces; // lanes of the vectors that make a row
  for (int64_t lanes = nest.lanes, rest = size; lanes > 0; lanes /= 2)
    for (; rest >= lanes; rest -= lanes)
      pieces.push_back(lanes);
  Type element = cast<FloatType>(terms.front().getTerminator()->getOperand(0).getType());
  forEachGroup(builder, at, ranges, 1, [&](OpBuilder &b, const Position &group, Lanes) {
    SmallVector<Value> perGroup = loadTermArguments(b, group, 0, 1, terms), zeros;
    Value zero = arith::ConstantOp::create(b, loc, b.getFloatAttr(element, 0));
    for (int64_t lanes : pieces)
      zeros.append(count, splat(b, loc, zero, lanes));
    auto addRow = [&](OpBuilder &inner, Location, Value block, ValueRange carried) {
      Position row = group;
      for (auto [dim, index] : llvm::zip(blockDims, delinearize(inner, loc, block, blockSizes)))
        row.indices[dim] = index;
      SmallVector<Value> next;
      int64_t first = 0;
      for (int64_t lanes : pieces) {
        row.indices[nest.inner()] = constant(inner, first);
        SmallVector<Value> arguments;
        loadAll(inner, 0, elements, row.indices, 0, lanes, arguments);
        llvm::append_range(arguments, perGroup);
        for (Value term : emitBody(inner, terms.front(), arguments, lanes))
          next.push_back(addTerm(inner, carried[next.size()], term));
        first += lanes;
      }
      scf::YieldOp::create(inner, loc, next);
    };
    scf::ForOp::create(b, loc, begin, end, constant(b, kRowsAtOnce), {}, [&](OpBuilder &outer, Location, Value from, ValueRange) {
      Value to = arith::MinUIOp::create(outer, loc, LinearIndex(kRowsAtOnce).add(from, 1).emit(outer, loc), end);
      auto rows = scf::ForOp::create(outer, loc, from, to, constant(outer, 1), zeros, addRow);
      for (auto [i, sum] : llvm::enumerate(rows.getResults())) {
        Value number = pieces[i / count] == 1 ? Value(sum)
                                              : vector::ReductionOp::create(outer, loc, vector::CombiningKind::ADD, sum,
                                                                            arith::FastMathFlags::reassoc);
        Value before = loadSlot(outer, group, i % count, 0, 1);
        storeSlot(outer, group, i % count, 0, arith::AddFOp::create(outer, loc, before, convert(outer, number, b.getF64Type())));
      }
      scf::YieldOp::create(outer, loc);
    });
  });
}

void NormalizeSums::accumulateAll(OpBuilder &builder, const Position &at, ArrayRef<GroupRange> ranges, Region &terms, Value begin,
                                     Value end, Value part) {
  clear(builder, at, ranges, part);
  if (slab && hasShortRows())
    return accumulateShortRows(builder, at, ranges, terms, begin, end);
  forEachBlock(builder, at, begin, end, /*backwards=*/false, [&](OpBuilder &b, const Position &block) {
    forEachGroup(b, block, ranges, unroll,
                 [&](OpBuilder &inner, const Position &here, Lanes width) { accumulate(inner, here, width, terms, part); });
  });
}
