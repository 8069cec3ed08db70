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

static LogicalResult lowerSoftmax(NodeLowering &n) {
  Builder &b = n.b;
  Value x = n.in(0);
  SmallVector<int64_t> axes = getSoftmaxAxes(n);
  Shape shape = n.inShape(0);
  if (Value result = n.node.is("Softmax") ? softmaxOfRows(n, axes) : Value()) {
    n.results.push_back(result);
    return success();
  }
  auto wide = RankedTensorType::get(shape, getComputeType(n.inType(0).getElementType()));
  Value largest = keepDims(b, reduceMax(b, x, axes), shape, axes);
  auto sub = [](Builder &b, ValueRange v) -> Value { return arith::SubFOp::create(b, v[0], v[1]); };
  if (n.node.is("LogSoftmax")) {
    Value shifted = map(b, wide, {x, largest}, sub);
    Value sum = reduceSum(b, shifted, axes, [](Builder &b, ValueRange v) -> Value { return math::ExpOp::create(b, v[0]); });
    Value logs = map(b, typeOf(sum), sum, [](Builder &b, ValueRange v) -> Value { return math::LogOp::create(b, v[0]); });
    n.results.push_back(map(b, n.outType(), {shifted, keepDims(b, logs, shape, axes)}, sub));
    return success();
  }
  Value powers = map(b, wide, {x, largest}, [&](Builder &b, ValueRange v) -> Value { return math::ExpOp::create(b, sub(b, v)); });
  // A division takes ten times as long as a product: one for each sum, not one for each element.
  Value sum = reduceSum(b, powers, axes);
  Value factor = map(b, typeOf(sum), sum, [](Builder &b, ValueRange v) -> Value {
    return arith::DivFOp::create(b, number(b, v[0].getType(), 1), v[0]);
  });
  n.results.push_back(map(b, n.outType(), {powers, keepDims(b, factor, shape, axes)}, [](Builder &b, ValueRange v) -> Value {
    return arith::MulFOp::create(b, v[0], v[1]);
  }));
  return success();
}

void addSoftmax(LoweringTable &table) { table["Softmax"] = table["LogSoftmax"] = lowerSoftmax; }

} // namespace bn::lower
