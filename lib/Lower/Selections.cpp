// Selections.cpp - operators that put tensors together or take boxes out of them: Concat, Split, Slice, Pad, Trilu.
// SPDX-License-Identifier: Apache-2.0

#include "Lowering.h"
#include "TensorOps.h"

using namespace mlir;

namespace bn::lower {

static LogicalResult lowerConcat(NodeLowering &n) {
  SmallVector<Value> parts = n.ins();
  int64_t axis = NodeLowering::wrap(n.node.getInt("axis", 1), n.outType().getRank());
  llvm::erase_if(parts, [&](Value part) { return shapeOf(part)[axis] == 0; });
  if (parts.empty())
    parts.push_back(n.in(0));
  n.results.push_back(parts.size() == 1 ? parts.front() : tensor::ConcatOp::create(n.b, axis, parts).getResult());
  return success();
}

/// The pieces' sizes are those of the results.
static LogicalResult lowerSplit(NodeLowering &n) {
  int64_t rank = n.inType(0).getRank(), axis = NodeLowering::wrap(n.node.getInt("axis", 0), rank);
  SmallVector<int64_t> offsets(rank, 0);
  for (unsigned i = 0; i < n.getNumOutputs(); ++i) {
    n.results.push_back(slice(n.b, n.in(0), offsets, n.outType(i).getShape(), {}));
    offsets[axis] += n.outType(i).getDimSize(axis);
  }
  return success();
}

/// x from back to front along `axis`, `count` elements from `start` on, `step` apart.
static Value takeBackwards(Builder &b, Value x, int64_t axis, int64_t start, int64_t step, int64_t count) {
  auto indices = llvm::map_to_vector(llvm::seq<int64_t>(count), [&](int64_t i) { return start + i * step; });
  return take(b, x, axis, indices);
}

static LogicalResult lowerSlice(NodeLowering &n) {
  int64_t rank = n.inType(0).getRank();
  auto starts = n.ints("starts", 1), axes = n.ints("axes", 3);
  if (failed(starts) || failed(axes))
    return failure();
  auto steps = n.has(4) ? n.constantInts(4) : SmallVector<int64_t>((*starts)->size(), 1);
  if (!steps)
    return n.fail("expected input 'steps' to be constant");
  SmallVector<int64_t> list = axes->value_or(llvm::to_vector(llvm::seq<int64_t>((*starts)->size())));
  SmallVector<int64_t> offsets(rank, 0), sizes(n.inShape(0)), strides(rank, 1);
  Value x = n.in(0);
  for (auto [axis, start, step] : llvm::zip(list, **starts, *steps)) {
    axis = NodeLowering::wrap(axis, rank);
    int64_t size = n.inShape(0)[axis], count = n.outType().getDimSize(axis);
    start = std::clamp<int64_t>(start < 0 ? start + size : start, 0, step < 0 ? size - 1 : size);
    if (step < 0 && count > 0) {
      x = takeBackwards(n.b, x, axis, start, step, count);
      sizes[axis] = count;
      continue;
    }
    offsets[axis] = count ? start : 0;
    sizes[axis] = count;
    strides[axis] = count > 1 ? step : 1;
  }
  n.results.push_back(slice(n.b, x, offsets, sizes, strides));
  return success();
}

/// Where each element of a padded dimension comes from.
static SmallVector<int64_t> mirrorIndices(StringRef mode, int64_t size, int64_t low, int64_t out) {
  SmallVector<int64_t> indices;
  for (int64_t o = 0; o < out; ++o) {
    int64_t i = o - low;
    if (mode == "edge") {
      i = std::clamp<int64_t>(i, 0, size - 1);
    } else if (mode == "wrap") {
      i = ((i % size) + size) % size;
    } else { // reflect, without repeating the border
      int64_t period = std::max<int64_t>(2 * (size - 1), 1);
      i = ((i % period) + period) % period;
      i = i < size ? i : period - i;
    }
    indices.push_back(i);
  }
  return indices;
}

/// Pads of all axes, low and high, from the lists of the named axes.
static LogicalResult readPads(NodeLowering &n, SmallVectorImpl<int64_t> &low, SmallVectorImpl<int64_t> &high) {
  int64_t rank = n.inType(0).getRank();
  auto pads = n.ints(n.node.getSchemaVersion() == 1 ? "paddings" : "pads", 1), axes = n.ints("axes", 3);
  if (failed(pads) || failed(axes))
    return failure();
  SmallVector<int64_t> list = axes->value_or(llvm::to_vector(llvm::seq<int64_t>(rank)));
  low.assign(rank, 0);
  high.assign(rank, 0);
  for (auto [i, axis] : llvm::enumerate(list)) {
    low[NodeLowering::wrap(axis, rank)] = (**pads)[i];
    high[NodeLowering::wrap(axis, rank)] = (**pads)[i + list.size()];
  }
  return success();
}

static LogicalResult lowerPad(NodeLowering &n) {
  Builder &b = n.b;
  SmallVector<int64_t> low, high;
  if (failed(readPads(n, low, high)))
    return failure();
  StringRef mode = n.node.getString("mode", "constant");
  Value x = n.in(0);
  if (mode == "constant") {
    Type element = n.inType(0).getElementType();
    Value value = n.has(2) ? tensor::ExtractOp::create(b, reshape(b, n.in(2), {}), ValueRange()).getResult()
                           : number(b, element, n.node.getFloat("value", 0.0));
    n.results.push_back(pad(b, x, low, high, value));
    return success();
  }
  for (auto [axis, size] : llvm::enumerate(n.inShape(0)))
    if (low[axis] || high[axis])
      x = take(b, x, axis, mirrorIndices(mode, size, low[axis], n.outType().getDimSize(axis)));
  n.results.push_back(x);
  return success();
}

/// The elements on one side of the k-th diagonal, zeros on the other.
static LogicalResult lowerTrilu(NodeLowering &n) {
  int64_t rank = n.outType().getRank();
  bool isUpper = n.node.getInt("upper", 1);
  SmallVector<Value> operands = {n.in(0)};
  if (n.has(1))
    operands.push_back(reshape(n.b, n.in(1), {}));
  n.results.push_back(map(n.b, n.outType(), operands, [&](Builder &b, ValueRange v) -> Value {
    Value row = arith::IndexCastOp::create(b, b.getI64Type(), linalg::IndexOp::create(b, rank - 2));
    Value column = arith::IndexCastOp::create(b, b.getI64Type(), linalg::IndexOp::create(b, rank - 1));
    Value diagonal = v.size() > 1 ? arith::AddIOp::create(b, row, v[1]).getResult() : row;
    Value keeps = arith::CmpIOp::create(b, isUpper ? arith::CmpIPredicate::sge : arith::CmpIPredicate::sle, column, diagonal);
    return arith::SelectOp::create(b, keeps, v[0], number(b, v[0].getType(), 0));
  }));
  return success();
}

void addSelections(LoweringTable &table) {
  table["Concat"] = lowerConcat;
  table["Split"] = lowerSplit;
  table["Slice"] = lowerSlice;
  table["Pad"] = lowerPad;
  table["Trilu"] = lowerTrilu;
}

} // namespace bn::lower
