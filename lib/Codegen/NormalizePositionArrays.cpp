// NormalizePositionArrays.cpp - the arrays of NormalizePositions: what groups have, repeated at their positions, and sums by position.
// SPDX-License-Identifier: Apache-2.0

#include "NormalizePositions.h"
#include "ParallelLoop.h"

using namespace mlir;
using namespace bn;

/// One element for each position, and a vector more, over which the last position's may be written.
Value NormalizePositions::allocateArray(OpBuilder &b, Type element) {
  return allocateOnStack(b, loc, strip + nest.lanes, element);
}

Position NormalizePositions::startOf(Ranges ranges) {
  Position at{SmallVector<Value>(nest.dims.size()), Value()};
  for (auto [dim, range] : llvm::zip_equal(groupDims, ranges))
    at.indices[dim] = range.begin;
  return at;
}

void NormalizePositions::forEachGroupOf(OpBuilder &builder, Ranges ranges,
                                        llvm::function_ref<void(OpBuilder &, const Position &, Value)> body) {
  Position at = startOf(ranges);
  emitLoop(builder, loc, 0, slab, 1, {}, [&](OpBuilder &b, Value group, ValueRange) {
    at.indices[groupDims.back()] = LinearIndex().add(ranges.back().begin, 1).add(group, 1).emit(b, loc);
    body(b, at, group);
    return SmallVector<Value>();
  });
}

NormalizePositions::Repeated NormalizePositions::allocate(OpBuilder &b, Region &region, unsigned first) {
  Repeated repeated{&region};
  if (!region.empty())
    for (BlockArgument argument : region.getArguments().drop_front(first))
      repeated.arrays.push_back(argument.use_empty() ? Value() : allocateArray(b, argument.getType()));
  return repeated;
}

void NormalizePositions::repeat(OpBuilder &builder, const Repeated &repeated, Ranges ranges) {
  if (llvm::none_of(repeated.arrays, [](Value array) { return array; }))
    return;
  int64_t row = nest.dims.back().size;
  forEachGroupOf(builder, ranges, [&](OpBuilder &b, const Position &at, Value group) {
    SmallVector<Value> values;
    loadAll(b, elements, groups, at.indices, 0, 1, values);
    if (repeated.region != &op.getSample())
      loadSlots(b, at, centerSlot(), centerTypes(), 0, 1, values);
    if (repeated.region == &op.getMap())
      loadSlots(b, at, coefficientSlot(), coefficientTypes(), 0, 1, values);
    // What is written beyond a row is the next one's, and written again.
    for (auto [array, value] : llvm::zip_equal(repeated.arrays, values))
      for (int64_t begin = 0; array && begin < row; begin += nest.lanes)
        storeLanes(b, loc, splat(b, loc, value, nest.lanes), array, LinearIndex(begin).add(group, row).emit(b, loc));
  });
}

void NormalizePositions::clearSums(OpBuilder &builder, int64_t count) {
  emitLoop(builder, loc, 0, strip, nest.lanes, {}, [&](OpBuilder &b, Value position, ValueRange) {
    for (Value array : ArrayRef(sums).take_front(count)) {
      Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(cast<MemRefType>(array.getType()).getElementType()));
      storeLanes(b, loc, splat(b, loc, zero, nest.lanes), array, position);
    }
    return SmallVector<Value>();
  });
}

void NormalizePositions::foldSums(OpBuilder &builder, Ranges ranges, int64_t count) {
  int64_t row = nest.dims.back().size, lanes = nest.lanes, rest = row % lanes;
  SmallVector<bool> isOfRow(lanes, false);
  std::fill_n(isOfRow.begin(), rest, true);
  forEachGroupOf(builder, ranges, [&](OpBuilder &b, const Position &at, Value group) {
    SmallVector<Value> numbers;
    for (Value array : ArrayRef(sums).take_front(count)) {
      Value sum;
      for (int64_t begin = 0; begin < row; begin += lanes) {
        Value part = loadLanes(b, loc, array, LinearIndex(begin).add(group, row).emit(b, loc), lanes);
        if (begin + lanes > row) { // the next group's lanes count as zero
          Value mask = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(VectorType::get({lanes}, b.getI1Type()), isOfRow));
          Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(part.getType()));
          part = arith::SelectOp::create(b, loc, mask, part, zero);
        }
        sum = sum ? arith::AddFOp::create(b, loc, sum, part).getResult() : part;
      }
      numbers.push_back(vector::ReductionOp::create(b, loc, vector::CombiningKind::ADD, sum, arith::FastMathFlags::reassoc));
    }
    storeSums(b, at, 1, count, numbers, Value());
  });
}
