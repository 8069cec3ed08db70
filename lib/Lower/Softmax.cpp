// Softmax.cpp - Softmax, LogSoftmax and Hardmax in both of ONNX's meanings.
// SPDX-License-Identifier: Apache-2.0
//
// From version 13 on they work along one axis; before, along all axes from `axis` on. Softmax of whole rows in memory is one kernel.

#include "Lowering.h"
#include "Reductions.h"
#include "bn/IR/Kernel/Kernel.h"

using namespace mlir;

namespace bn::lower {

static SmallVector<int64_t> getSoftmaxAxes(NodeLowering &n) {
  int64_t rank = n.inType(0).getRank();
  bool isOneAxis = n.node.getSchemaVersion() >= 13;
  int64_t axis = NodeLowering::wrap(n.node.getInt("axis", isOneAxis ? -1 : 1), rank);
  return isOneAxis ? SmallVector<int64_t>{axis} : llvm::to_vector(llvm::seq<int64_t>(axis, rank));
}

/// Elements of a row that stays near the core while it is read again; of a longer one the workers share the steps.
static constexpr int64_t kLongestRow = 8192;

/// Softmax along the last axes as a kernel on rows, or null. Rows of one vector would spend their time on sums of its lanes.
static Value softmaxOfRows(NodeLowering &n, Ints axes) {
  Builder &b = n.b;
  Shape shape = n.inShape(0);
  if (!n.block || !n.inType(0).getElementType().isF32() || axes.back() + 1 != static_cast<int64_t>(shape.size()))
    return {};
  int64_t columns = 1, rows = 1;
  for (auto [axis, size] : llvm::enumerate(shape))
    (static_cast<int64_t>(axis) < axes.front() ? rows : columns) *= size;
  if (rows == 0 || columns < 2 * n.block || columns > kLongestRow)
    return {};
  Value init = empty(b, {rows, columns}, b.getF32Type());
  Value result = kernel::SoftmaxOp::create(b, init.getType(), reshape(b, n.in(0), {rows, columns}), init).getResult();
  return reshape(b, result, shape);
}

/// e^x of differences from the largest element: none is positive, and all are rounded.
static Value power(Builder &b, Value x) { return math::ExpOp::create(b, x, arith::FastMathFlags::afn); }

static Value subtract(Builder &b, ValueRange v) { return arith::SubFOp::create(b, v[0], v[1]); }

/// x times a factor for each group of `axes`, in the place of x where its type stays.
static Value scaleGroups(Builder &b, Value x, Value factor, Ints axes, RankedTensorType type) {
  factor = keepDims(b, factor, shapeOf(x), axes);
  auto multiply = [](Builder &b, ValueRange v) -> Value { return arith::MulFOp::create(b, v[0], v[1]); };
  return typeOf(x) == type ? mapInPlace(b, x, factor, multiply) : map(b, type, {x, factor}, multiply);
}

/// (x − largest) − log Σ e^(x − largest)
static Value emitLogSoftmax(NodeLowering &n, Value largest, Ints axes) {
  Builder &b = n.b;
  Shape shape = n.inShape(0);
  auto wide = RankedTensorType::get(shape, typeOf(largest).getElementType());
  Value powers = map(b, wide, {n.in(0), largest}, [](Builder &b, ValueRange v) { return power(b, subtract(b, v)); });
  Value sum = reduceSum(b, powers, axes);
  Value logs = map(b, typeOf(sum), sum, [](Builder &b, ValueRange v) -> Value { return math::LogOp::create(b, v[0]); });
  return map(b, n.outType(), {n.in(0), largest, keepDims(b, logs, shape, axes)}, [](Builder &b, ValueRange v) {
    return subtract(b, {subtract(b, v), v[2]});
  });
}

static LogicalResult lowerSoftmax(NodeLowering &n) {
  Builder &b = n.b;
  SmallVector<int64_t> axes = getSoftmaxAxes(n);
  Shape shape = n.inShape(0);
  if (Value result = n.node.is("Softmax") ? softmaxOfRows(n, axes) : Value()) {
    n.results.push_back(result);
    return success();
  }
  auto wide = RankedTensorType::get(shape, getComputeType(n.inType(0).getElementType()));
  Value largest = keepDims(b, reduceMax(b, n.in(0), axes), shape, axes);
  if (n.node.is("LogSoftmax")) {
    n.results.push_back(emitLogSoftmax(n, largest, axes));
    return success();
  }
  Value powers = map(b, wide, {n.in(0), largest}, [](Builder &b, ValueRange v) { return power(b, subtract(b, v)); });
  // A division takes ten times as long as a product: one for each sum, not one for each element.
  Value sum = reduceSum(b, powers, axes);
  Value factor = map(b, typeOf(sum), sum, [](Builder &b, ValueRange v) -> Value {
    return arith::DivFOp::create(b, number(b, v[0].getType(), 1), v[0]);
  });
  n.results.push_back(scaleGroups(b, powers, factor, axes, n.outType()));
  return success();
}

/// 1 at the first of the largest elements along one axis (before version 13: along all axes from it on), 0 elsewhere.
static LogicalResult lowerHardmax(NodeLowering &n) {
  Builder &b = n.b;
  SmallVector<int64_t> axes = getSoftmaxAxes(n), grouped(n.inShape(0).take_front(axes.front()));
  Value x = n.in(0);
  int64_t axis = axes.front();
  if (axes.size() != 1 || n.node.getSchemaVersion() < 13) {
    grouped.push_back(ShapedType::getNumElements(n.inShape(0).drop_front(axis)));
    x = reshape(b, x, grouped);
  }
  Value first = keepDims(b, findExtreme(b, x, axis, /*wantsLargest=*/true, /*isUnsigned=*/false, /*wantsLast=*/false), shapeOf(x), axis);
  auto type = RankedTensorType::get(shapeOf(x), n.outType().getElementType());
  Value result = map(b, type, first, [&](Builder &b, ValueRange v) -> Value {
    Value here = arith::IndexCastOp::create(b, v[0].getType(), linalg::IndexOp::create(b, axis)), isFirst;
    isFirst = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, v[0], here);
    Type compute = getComputeType(type.getElementType());
    return arith::SelectOp::create(b, isFirst, number(b, compute, 1), number(b, compute, 0));
  });
  n.results.push_back(reshape(b, result, n.outType().getShape()));
  return success();
}

void addSoftmax(LoweringTable &table) {
  table["Softmax"] = table["LogSoftmax"] = lowerSoftmax;
  table["Hardmax"] = lowerHardmax;
}

} // namespace bn::lower
