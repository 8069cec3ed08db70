// NormalizeLoops.cpp - the loops over blocks and groups of a kernel.normalize, and where its operands are in them.
// SPDX-License-Identifier: Apache-2.0

#include "NormalizeLoops.h"
#include "ParallelLoop.h"

using namespace mlir;
using namespace bn;

/// Elements of each group in a block, where vectors lie across groups: as many as f32 sums well.
static constexpr int64_t kRows = 64;

NormalizeLoops::NormalizeLoops(NormalizeNest n) : nest(std::move(n)), op(nest.op), loc(op.getLoc()) {
  elements = op.getElements().size(), groups = op.getGroups().size(), extras = op.getExtras().size();
  output = elements + groups + extras, scratch = nest.views.size() - 1;
  slots.sums = std::max(op.countYields(op.getSample()), op.countYields(op.getTerms()));
  slots.centers = op.countYields(op.getCenter());
  groupDims = nest.groupDims(), blockDims = nest.blockDims();
  for (unsigned dim : blockDims)
    blockSizes.push_back(nest.dims[dim].size);
  if (nest.acrossGroups() && !blockSizes.empty())
    blockSizes.back() = llvm::divideCeil(blockSizes.back(), kRows);
  for (int64_t size : blockSizes)
    blocks *= size;
  for (unsigned i = 0; i < output + !op.getMap().empty(); ++i)
    if (i < elements || i >= elements + groups)
      bytes += nest.dims.back().steps[i] ? nest.numGroups * nest.groupSize() * nest.views[i].element.getIntOrFloatBitWidth() / 8 : 0;
}

SmallVector<Type> NormalizeLoops::yieldTypes(Region &region, unsigned skip) {
  if (region.empty())
    return {};
  SmallVector<Type> types(region.front().getTerminator()->getOperandTypes());
  types.erase(types.begin(), types.begin() + skip);
  return types;
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

Value NormalizeLoops::address(OpBuilder &b, unsigned operand, ArrayRef<Value> indices, int64_t shift) {
  LinearIndex index(nest.views[operand].offset + shift * nest.dims.back().steps[operand]);
  for (auto [dim, value] : llvm::zip_equal(nest.dims, indices))
    if (value)
      index.add(value, dim.steps[operand]);
  return index.emit(b, loc);
}

Value NormalizeLoops::load(OpBuilder &b, unsigned operand, ArrayRef<Value> indices, int64_t shift, int64_t lanes) {
  int64_t step = nest.dims.back().steps[operand];
  Value row = nest.views[operand].row;
  if (lanes == 1 || step == 0 || step == 1)
    return loadLanes(b, loc, row, address(b, operand, indices, shift), step == 0 ? 1 : lanes);
  SmallVector<Value> values;
  for (int64_t lane = 0; lane < lanes; ++lane)
    values.push_back(loadLanes(b, loc, row, address(b, operand, indices, shift + lane), 1));
  return vector::FromElementsOp::create(b, loc, VectorType::get({lanes}, nest.views[operand].element), values);
}

void NormalizeLoops::loadAll(OpBuilder &b, unsigned first, unsigned count, ArrayRef<Value> indices, int64_t shift, int64_t lanes,
                             Values &values) {
  for (unsigned i = first; i < first + count; ++i)
    values.push_back(load(b, i, indices, shift, lanes));
}

void NormalizeLoops::prefetch(OpBuilder &b, unsigned operand, ArrayRef<Value> indices, int64_t shift, Value distance) {
  Value index = arith::AddIOp::create(b, loc, address(b, operand, indices, shift), distance);
  memref::PrefetchOp::create(b, loc, nest.views[operand].row, index, /*isWrite=*/false, /*localityHint=*/2, /*isDataCache=*/true);
}

Value NormalizeLoops::slotAddress(OpBuilder &b, const Position &at, int64_t slot, int64_t shift, Value part) {
  LinearIndex index(slot * nest.numGroups + shift);
  if (part)
    index.add(part, slots.sums * nest.numGroups);
  for (unsigned dim : groupDims)
    index.add(at.indices[dim], nest.dims[dim].steps[scratch]);
  return index.emit(b, loc);
}

Value NormalizeLoops::loadSlot(OpBuilder &b, const Position &at, int64_t slot, int64_t shift, int64_t lanes, Value part) {
  return loadLanes(b, loc, nest.views[scratch].row, slotAddress(b, at, slot, shift, part), lanes);
}

void NormalizeLoops::storeSlot(OpBuilder &b, const Position &at, int64_t slot, int64_t shift, Value value, Value part) {
  storeLanes(b, loc, convert(b, value, b.getF64Type()), nest.views[scratch].row, slotAddress(b, at, slot, shift, part));
}

void NormalizeLoops::loadSlots(OpBuilder &b, const Position &at, int64_t first, TypeRange types, int64_t shift, int64_t lanes,
                               Values &values) {
  for (auto [i, type] : llvm::enumerate(types))
    values.push_back(convert(b, loadSlot(b, at, first + i, shift, lanes), type));
}

Value NormalizeLoops::convert(OpBuilder &b, Value value, Type element) {
  unsigned from = getElementTypeOrSelf(value.getType()).getIntOrFloatBitWidth(), to = element.getIntOrFloatBitWidth();
  Type type = element;
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    type = vector.clone(element);
  if (from == to)
    return value;
  return from < to ? arith::ExtFOp::create(b, loc, type, value).getResult() : arith::TruncFOp::create(b, loc, type, value).getResult();
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

void NormalizeLoops::forEachBlock(OpBuilder &builder, Position at, Value begin, Value end,
                                  llvm::function_ref<void(OpBuilder &, const Position &)> body) {
  scf::ForOp::create(builder, loc, begin, end, constant(builder, 1), ValueRange(), [&](OpBuilder &b, Location, Value block, ValueRange) {
    for (auto [dim, index] : llvm::zip(blockDims, delinearize(b, loc, block, blockSizes)))
      at.indices[dim] = index;
    if (nest.acrossGroups() && !blockDims.empty()) {
      Value &row = at.indices[blockDims.back()];
      row = LinearIndex().add(row, kRows).emit(b, loc);
      Value last = LinearIndex(kRows).add(row, 1).emit(b, loc);
      at.rowsEnd = arith::MinUIOp::create(b, loc, last, constant(b, nest.dims[blockDims.back()].size));
    }
    body(b, at);
    scf::YieldOp::create(b, loc);
  });
}

void NormalizeLoops::forEachBlockBackwards(OpBuilder &builder, const Position &at, Value begin, Value end, int64_t inOrder,
                                           llvm::function_ref<void(OpBuilder &, const Position &)> body) {
  Value zero = constant(builder, 0), count = arith::SubIOp::create(builder, loc, end, begin), step = constant(builder, inOrder);
  scf::ForOp::create(builder, loc, zero, count, step, ValueRange(), [&](OpBuilder &b, Location, Value done, ValueRange) {
    Value last = LinearIndex().add(end, 1).add(done, -1).emit(b, loc);
    Value first = arith::MaxSIOp::create(b, loc, LinearIndex(-inOrder).add(last, 1).emit(b, loc), begin);
    forEachBlock(b, at, first, last, body);
    scf::YieldOp::create(b, loc);
  });
}

void NormalizeLoops::forEachGroup(OpBuilder &builder, Position at, ArrayRef<GroupRange> ranges, int64_t unroll, unsigned vectorDim,
                                  llvm::function_ref<void(OpBuilder &, const Position &, Lanes)> body) {
  unsigned next = groupDims.size() - ranges.size();
  if (ranges.empty())
    return body(builder, at, {});
  auto indexAt = [&](OpBuilder &b, Value iv) {
    return ranges[0].begin ? arith::AddIOp::create(b, loc, ranges[0].begin, iv).getResult() : iv;
  };
  if (groupDims[next] != vectorDim) {
    emitLoop(builder, loc, 0, ranges[0].count, 1, {}, [&](OpBuilder &b, Value iv, ValueRange) {
      at.indices[groupDims[next]] = indexAt(b, iv);
      forEachGroup(b, at, ranges.drop_front(), unroll, vectorDim, body);
      return SmallVector<Value>();
    });
    return;
  }
  int64_t begin = 0, rest = ranges[0].count % nest.lanes;
  SmallVector<Lanes> widths;
  for (; unroll > 0; unroll /= 2)
    widths.push_back({nest.lanes, unroll});
  widths.push_back({rest, 1});
  for (Lanes width : widths) {
    int64_t step = width.lanes * width.unroll;
    if (step == 0 || ranges[0].count - begin < step)
      continue;
    int64_t end = begin + (ranges[0].count - begin) / step * step;
    emitLoop(builder, loc, begin, end, step, {}, [&](OpBuilder &b, Value iv, ValueRange) {
      at.indices[vectorDim] = indexAt(b, iv);
      body(b, at, width);
      return SmallVector<Value>();
    });
    begin = end;
  }
}

void NormalizeLoops::forEachGroupVector(OpBuilder &b, const Position &at, ArrayRef<GroupRange> ranges,
                                        llvm::function_ref<void(OpBuilder &, const Position &, Lanes)> body) {
  forEachGroup(b, at, ranges, 1, nest.hasGroupVectors() ? groupDims.back() : nest.inner(), body);
}

void NormalizeLoops::loadGroups(OpBuilder &b, ArrayRef<Value> indices, int64_t lanes, Values &values) {
  for (unsigned i = elements; i < elements + groups; ++i)
    values.push_back(lanes == 1 || nest.acrossGroups() ? load(b, i, indices, 0, lanes)
                                                       : loadLanes(b, loc, nest.views[i].row, address(b, i, indices, 0),
                                                                   nest.dims[groupDims.back()].steps[i] ? lanes : 1));
}

SmallVector<Value> NormalizeLoops::forEachVector(OpBuilder &builder, const Position &at, Lanes groups, int64_t terms, VectorBody body,
                                                 int64_t unroll) {
  Type element = yieldTypes(op.getTerms(), 0)[0];
  auto zeros = [&](Lanes width) {
    Value zero = arith::ConstantOp::create(builder, loc, builder.getFloatAttr(element, 0));
    return SmallVector<Value>(terms * width.unroll, splat(builder, loc, zero, width.lanes));
  };
  if (nest.acrossGroups()) {
    if (blockDims.empty())
      return body(builder, at, groups, zeros(groups));
    unsigned row = blockDims.back();
    auto loop = scf::ForOp::create(builder, loc, at.indices[row], at.rowsEnd, constant(builder, 1), zeros(groups),
                                   [&](OpBuilder &b, Location, Value iv, ValueRange carried) {
                                     Position inside = at;
                                     inside.indices[row] = iv;
                                     scf::YieldOp::create(b, loc, body(b, inside, groups, carried));
                                   });
    return loop.getResults();
  }
  SmallVector<Value> sums(terms);
  int64_t size = nest.dims.back().size, begin = 0;
  SmallVector<Lanes> widths = {{nest.lanes, unroll}};
  for (int64_t lanes = nest.lanes; lanes > 0; lanes /= 2) // vectors of other lengths are slow
    widths.push_back({lanes, 1});
  for (Lanes width : widths) {
    int64_t step = width.lanes * width.unroll;
    if (size - begin < step)
      continue;
    int64_t end = begin + (size - begin) / step * step;
    SmallVector<Value> partial = emitLoop(builder, loc, begin, end, step, zeros(width), [&](OpBuilder &b, Value iv, ValueRange carried) {
      Position inside = at;
      inside.indices[nest.inner()] = iv;
      return body(b, inside, width, carried);
    });
    begin = end;
    for (auto [i, value] : llvm::enumerate(partial)) {
      if (width.lanes > 1)
        value = vector::ReductionOp::create(builder, loc, vector::CombiningKind::ADD, value, arith::FastMathFlags::reassoc);
      Value &sum = sums[i % terms];
      sum = sum ? arith::AddFOp::create(builder, loc, sum, value).getResult() : value;
    }
  }
  return sums;
}
