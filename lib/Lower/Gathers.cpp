// Gathers.cpp - operators that read elements at computed places: Gather, GatherElements, GatherND, OneHot.
// SPDX-License-Identifier: Apache-2.0

#include "Checks.h"

using namespace mlir;

namespace bn::lower {

/// What places are computed from: the indices of the leading dimensions of the result. They are places in the leading ones of the data.
using Place = llvm::function_ref<SmallVector<Value>(Builder &, ValueRange)>;

/// Whole rows: the place is computed once for each, and the loop that copies it has nothing else to do and becomes vectors.
static Value gatherRows(NodeLowering &n, int64_t lead, Place place) {
  Shape shape = n.outType().getShape();
  Value start = empty(n.b, shape, n.outType().getElementType());
  return loop(n.b, shape.take_front(lead), start, [&](Builder &b, ValueRange row, Value out) {
    SmallVector<Value> chosen = place(b, row);
    return loop(b, shape.drop_front(lead), out, [&](Builder &b, ValueRange at, Value out) -> Value {
      SmallVector<Value> from(chosen), to(row);
      llvm::append_range(from, at);
      llvm::append_range(to, at);
      return tensor::InsertOp::create(b, tensor::ExtractOp::create(b, n.in(0), from), out, to);
    });
  });
}

/// A tensor whose element is the data's at the place that `place` computes from the first `lead` indices, and at the rest of them.
static LogicalResult gather(NodeLowering &n, int64_t lead, Place place) {
  constexpr int64_t longRow = 16;
  Shape shape = n.outType().getShape();
  Type element = n.outType().getElementType(), compute = getComputeType(element);
  if (n.inType(0).getNumElements() == 0 || n.outType().getNumElements() == 0) {
    n.results.push_back(empty(n.b, shape, element));
    return success();
  }
  if (ShapedType::getNumElements(shape.drop_front(lead)) >= longRow) {
    n.results.push_back(gatherRows(n, lead, place));
    return success();
  }
  n.results.push_back(generate(n.b, n.outType(), [&](Builder &b, ValueRange at) -> Value {
    SmallVector<Value> from = place(b, at.take_front(lead));
    llvm::append_range(from, at.drop_front(lead));
    Value value = tensor::ExtractOp::create(b, n.in(0), from).getResult();
    return isa<FloatType>(compute) ? convertFloat(b, value, compute) : value;
  }));
  return success();
}

static LogicalResult lowerGather(NodeLowering &n) {
  int64_t rank = n.inType(0).getRank(), axis = NodeLowering::wrap(n.node.getInt("axis", 0), rank);
  int64_t indexRank = n.inType(1).getRank(), size = n.inShape(0)[axis];
  if (failed(checkIndices(n, 1, size)))
    return failure();
  // A scalar index known now is a slice.
  if (auto known = n.constantInts(1); known && known->size() == 1) {
    SmallVector<int64_t> offsets(rank, 0), sizes(n.inShape(0));
    offsets[axis] = NodeLowering::wrap(known->front(), size);
    sizes[axis] = 1;
    n.results.push_back(reshape(n.b, slice(n.b, n.in(0), offsets, sizes, {}), n.outType().getShape()));
    return success();
  }
  return gather(n, axis + indexRank, [&](Builder &b, ValueRange at) {
    SmallVector<Value> place(at.take_front(axis));
    place.push_back(toPlace(b, tensor::ExtractOp::create(b, n.in(1), at.drop_front(axis)), size));
    return place;
  });
}

static LogicalResult lowerGatherElements(NodeLowering &n) {
  int64_t axis = NodeLowering::wrap(n.node.getInt("axis", 0), n.inType(0).getRank());
  if (failed(checkIndices(n, 1, n.inShape(0)[axis])))
    return failure();
  return gather(n, n.inType(0).getRank(), [&](Builder &b, ValueRange at) {
    SmallVector<Value> place(at);
    place[axis] = toPlace(b, tensor::ExtractOp::create(b, n.in(1), at), n.inShape(0)[axis]);
    return place;
  });
}

static LogicalResult lowerGatherND(NodeLowering &n) {
  int64_t batch = n.node.getInt("batch_dims", 0), depth = n.inShape(1).back(), lead = n.inType(1).getRank() - 1;
  if (failed(checkIndexVectors(n, 1, n.inShape(0).slice(batch, depth))))
    return failure();
  return gather(n, lead, [&](Builder &b, ValueRange at) {
    SmallVector<Value> place(at.take_front(batch));
    for (int64_t i = 0; i < depth; ++i) {
      SmallVector<Value> where(at);
      where.push_back(index(b, i));
      place.push_back(toPlace(b, tensor::ExtractOp::create(b, n.in(1), where), n.inShape(0)[batch + i]));
    }
    return place;
  });
}

/// An index in the type of places, whatever number type the model has it in.
static Value toIndex(Builder &b, Value i) {
  if (isa<FloatType>(i.getType()))
    i = arith::FPToSIOp::create(b, b.getI64Type(), i);
  return arith::IndexCastOp::create(b, b.getIndexType(), i);
}

static LogicalResult lowerOneHot(NodeLowering &n) {
  Builder &b = n.b;
  int64_t rank = n.outType().getRank(), axis = NodeLowering::wrap(n.node.getInt("axis", -1), rank), depth = n.outType().getDimSize(axis);
  SmallVector<int64_t> shape(n.inShape(0));
  shape.insert(shape.begin() + axis, 1);
  Value off = reshape(b, slice(b, n.in(2), {0}, {1}, {}), {}), on = reshape(b, slice(b, n.in(2), {1}, {1}, {}), {});
  n.results.push_back(map(b, n.outType(), {reshape(b, n.in(0), shape), off, on}, [&](Builder &b, ValueRange v) -> Value {
    Value at = toIndex(b, v[0]);
    Value isNegative = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, at, index(b, 0));
    at = arith::SelectOp::create(b, isNegative, arith::AddIOp::create(b, at, index(b, depth)), at);
    Value isOn = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, at, linalg::IndexOp::create(b, axis));
    return arith::SelectOp::create(b, isOn, v[2], v[1]);
  }));
  return success();
}

/// Each sequence's first elements from back to front, the rest in place.
static LogicalResult lowerReverseSequence(NodeLowering &n) {
  int64_t timeAxis = n.node.getInt("time_axis", 0), batchAxis = n.node.getInt("batch_axis", 1);
  if (failed(checkLengths(n, 1, n.inShape(0)[timeAxis])))
    return failure();
  return gather(n, std::max(timeAxis, batchAxis) + 1, [&](Builder &b, ValueRange at) {
    SmallVector<Value> place(at);
    Value length = toIndex(b, tensor::ExtractOp::create(b, n.in(1), at[batchAxis]));
    Value mirrored = arith::SubIOp::create(b, arith::SubIOp::create(b, length, index(b, 1)), at[timeAxis]);
    Value isInside = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, at[timeAxis], length);
    place[timeAxis] = clamp(b, arith::SelectOp::create(b, isInside, mirrored, at[timeAxis]), n.inShape(0)[timeAxis]);
    return place;
  });
}

void addGathers(LoweringTable &table) {
  table["Gather"] = lowerGather;
  table["GatherElements"] = lowerGatherElements;
  table["GatherND"] = lowerGatherND;
  table["OneHot"] = lowerOneHot;
  table["ReverseSequence"] = lowerReverseSequence;
}

} // namespace bn::lower
