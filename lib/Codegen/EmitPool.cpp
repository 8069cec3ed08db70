// EmitPool.cpp - emits the loops of a blocked pooling.
// SPDX-License-Identifier: Apache-2.0
//
//   forall (image, block of channels, row)
//     for x: for the rows and columns of the window that are inside the input: accumulator = max or sum; store
//
// The bounds of a window are max(0, ⌈(pad − x·s)/d⌉) and min(k, ⌈(size + pad − x·s)/d⌉).

#include "EmitEach.h"
#include "LinearView.h"
#include "ParallelLoop.h"
#include "bn/Codegen/Passes.h"

#include <limits>

namespace bn {
#define GEN_PASS_DEF_EMITPOOLPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

namespace {
/// The taps of a window along one dimension that are inside the input, and those that are inside the input with its pads.
struct Bounds {
  Value begin, end, paddedBegin, paddedEnd;
};

class PoolEmitter {
public:
  explicit PoolEmitter(kernel::PoolOp op) : op(op), loc(op.getLoc()) {}
  LogicalResult emit(OpBuilder &builder);

private:
  Value constant(OpBuilder &b, int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }
  Value firstTapAt(OpBuilder &b, Value position, unsigned dim, int64_t coordinate);
  Bounds boundsOf(OpBuilder &b, Value position, unsigned dim);
  void emitWindow(OpBuilder &b, ValueRange ivs, const Bounds &rows, Value column);
  Value divide(OpBuilder &b, Value sum, const Bounds &rows, const Bounds &columns);

  kernel::PoolOp op;
  Location loc;
  LinearView input, output;
  int64_t block = 0;
};
} // namespace

LogicalResult PoolEmitter::emit(OpBuilder &builder) {
  FailureOr<LinearView> in = LinearView::get(builder, loc, op.getInput()), out = LinearView::get(builder, loc, op.getInit());
  if (failed(in) || failed(out))
    return failure();
  std::tie(input, output) = std::tuple(*in, *out);
  ArrayRef<int64_t> shape = cast<MemRefType>(op.getInit().getType()).getShape();
  block = shape[4];
  int64_t work = shape[0] * shape[1] * shape[2] * shape[3] * (op.getWindow()[0] * op.getWindow()[1] + 4);
  emitParallel(builder, loc, {shape[0], shape[1], shape[2]}, work, [&](OpBuilder &row, ValueRange ivs) {
    Bounds rows = boundsOf(row, ivs[2], 0);
    emitLoop(row, loc, 0, shape[3], 1, {}, [&](OpBuilder &inner, Value column, ValueRange) {
      emitWindow(inner, ivs, rows, column);
      return SmallVector<Value>();
    });
  });
  return success();
}

/// The first tap of the window at `position` whose coordinate in the input is at least `coordinate`, between 0 and the window's size.
Value PoolEmitter::firstTapAt(OpBuilder &b, Value position, unsigned dim, int64_t coordinate) {
  Value distance = LinearIndex(coordinate + op.getPads()[dim]).add(position, -op.getStrides()[dim]).emit(b, loc);
  Value tap = distance;
  if (int64_t dilation = op.getDilations()[dim]; dilation != 1)
    tap = arith::CeilDivSIOp::create(b, loc, distance, constant(b, dilation));
  tap = arith::MaxSIOp::create(b, loc, tap, constant(b, 0));
  return arith::MinSIOp::create(b, loc, tap, constant(b, op.getWindow()[dim]));
}

Bounds PoolEmitter::boundsOf(OpBuilder &b, Value position, unsigned dim) {
  int64_t size = cast<MemRefType>(op.getInput().getType()).getShape()[2 + dim];
  return {firstTapAt(b, position, dim, 0), firstTapAt(b, position, dim, size), firstTapAt(b, position, dim, -op.getPads()[dim]),
          firstTapAt(b, position, dim, size + op.getPads()[2 + dim])};
}

/// The sum over a window divided by the number of elements in it.
Value PoolEmitter::divide(OpBuilder &b, Value sum, const Bounds &rows, const Bounds &columns) {
  bool padded = op.getKind() == kernel::PoolKind::AverageWithPads;
  auto length = [&](const Bounds &bounds) {
    return arith::SubIOp::create(b, loc, padded ? bounds.paddedEnd : bounds.end, padded ? bounds.paddedBegin : bounds.begin);
  };
  Value count = arith::MulIOp::create(b, loc, length(rows), length(columns));
  Value integer = arith::IndexCastOp::create(b, loc, b.getI64Type(), count);
  Value divisor = arith::SIToFPOp::create(b, loc, getElementTypeOrSelf(sum), integer);
  return arith::DivFOp::create(b, loc, sum, splat(b, loc, divisor, block));
}

void PoolEmitter::emitWindow(OpBuilder &builder, ValueRange ivs, const Bounds &rows, Value column) {
  Bounds columns = boundsOf(builder, column, 1);
  bool isMax = op.getKind() == kernel::PoolKind::Max;
  auto type = VectorType::get({block}, kernel::getSumType(input.element));
  double neutral = isMax ? -std::numeric_limits<double>::infinity() : 0.0;
  Value start = arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, builder.getFloatAttr(type.getElementType(), neutral)));
  ArrayRef<int64_t> strides = op.getStrides(), dilations = op.getDilations(), pads = op.getPads();
  Value corner = LinearIndex(input.offset - pads[0] * input.strides[2] - pads[1] * input.strides[3])
                     .add(ivs[0], input.strides[0])
                     .add(ivs[1], input.strides[1])
                     .add(ivs[2], strides[0] * input.strides[2])
                     .add(column, strides[1] * input.strides[3])
                     .emit(builder, loc);
  Value one = constant(builder, 1);
  auto overRows = scf::ForOp::create(builder, loc, rows.begin, rows.end, one, start, [&](OpBuilder &b1, Location, Value kh, ValueRange a1) {
    auto overColumns =
        scf::ForOp::create(b1, loc, columns.begin, columns.end, one, a1, [&](OpBuilder &b2, Location, Value kw, ValueRange a2) {
          LinearIndex index;
          index.add(corner, 1).add(kh, dilations[0] * input.strides[2]).add(kw, dilations[1] * input.strides[3]);
          Value element = widen(b2, loc, loadLanes(b2, loc, input.row, index.emit(b2, loc), block)), next;
          if (isMax) {
            Value greater = arith::CmpFOp::create(b2, loc, arith::CmpFPredicate::OGT, element, a2[0]);
            next = arith::SelectOp::create(b2, loc, greater, element, a2[0]);
          } else {
            next = arith::AddFOp::create(b2, loc, element, a2[0]);
          }
          scf::YieldOp::create(b2, loc, next);
        });
    scf::YieldOp::create(b1, loc, overColumns.getResults());
  });
  Value result = overRows.getResult(0);
  if (!isMax)
    result = divide(builder, result, rows, columns);
  LinearIndex at(output.offset);
  for (auto [value, stride] : llvm::zip(SmallVector<Value>{ivs[0], ivs[1], ivs[2], column}, output.strides))
    at.add(value, stride);
  storeLanes(builder, loc, result, output.row, at.emit(builder, loc));
}

namespace {
struct EmitPoolPass : bn::impl::EmitPoolPassBase<EmitPoolPass> {
  void runOnOperation() override {
    auto emit = [&](auto op, OpBuilder &builder) { return PoolEmitter(op).emit(builder); };
    if (failed(emitEach<kernel::PoolOp>(getOperation(), emit)))
      signalPassFailure();
  }
};
} // namespace
