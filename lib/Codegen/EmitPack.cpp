// EmitPack.cpp - emits the loops between the plain and the blocked layout.
// SPDX-License-Identifier: Apache-2.0
//
//   pack      forall (image, block, row): for x: gather a vector of channels, store it
//   unpack    forall (image, block, row): for channels of the block: for x in vectors: gather a vector along the row, store it
//
// The last block of channels may be partly empty; it has loops of its own.

#include "LinearView.h"
#include "ParallelLoop.h"
#include "bn/Codegen/Passes.h"

namespace bn {
#define GEN_PASS_DEF_EMITPACKPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

namespace {
/// The two layouts of one tensor.
struct Layouts {
  LinearView plain, blocked;
  int64_t images, channels, rows, columns, block;
};
} // namespace

static FailureOr<Layouts> layoutsOf(OpBuilder &builder, Location loc, Value plain, Value blocked) {
  FailureOr<LinearView> p = LinearView::get(builder, loc, plain), b = LinearView::get(builder, loc, blocked);
  if (failed(p) || failed(b))
    return failure();
  ArrayRef<int64_t> shape = cast<MemRefType>(plain.getType()).getShape();
  return Layouts{*p, *b, shape[0], shape[1], shape[2], shape[3], cast<MemRefType>(blocked.getType()).getShape()[4]};
}

/// Elements `stride` apart as a vector of `lanes`, zeros behind the first `count`.
static Value gather(OpBuilder &builder, Location loc, const LinearView &view, Value start, int64_t stride, int64_t count, int64_t lanes) {
  SmallVector<Value> elements;
  for (int64_t i = 0; i < count; ++i)
    elements.push_back(loadLanes(builder, loc, view.row, LinearIndex(i * stride).add(start, 1).emit(builder, loc), 1));
  if (count < lanes)
    elements.resize(lanes, arith::ConstantOp::create(builder, loc, cast<TypedAttr>(builder.getZeroAttr(view.element))));
  if (lanes == 1)
    return elements[0];
  return vector::FromElementsOp::create(builder, loc, VectorType::get({lanes}, view.element), elements);
}

/// Calls `body` with (image, block, row) for the full blocks, and for the last one if it is partly empty.
static void overBlocks(OpBuilder &builder, Location loc, const Layouts &l,
                       llvm::function_ref<void(OpBuilder &, Value, Value, Value, int64_t)> body) {
  int64_t full = l.channels / l.block, rest = l.channels % l.block, each = l.images * l.rows * l.columns * l.block;
  if (full)
    emitParallel(builder, loc, {l.images, full, l.rows}, each * full,
                 [&](OpBuilder &b, ValueRange ivs) { body(b, ivs[0], ivs[1], ivs[2], l.block); });
  if (rest)
    emitParallel(builder, loc, {l.images, l.rows}, each, [&](OpBuilder &b, ValueRange ivs) {
      body(b, ivs[0], arith::ConstantIndexOp::create(b, loc, full), ivs[1], rest);
    });
}

static LogicalResult emitPack(kernel::PackOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  FailureOr<Layouts> layouts = layoutsOf(builder, loc, op.getInput(), op.getInit());
  if (failed(layouts))
    return failure();
  const LinearView &in = layouts->plain, &out = layouts->blocked;
  overBlocks(builder, loc, *layouts, [&](OpBuilder &b, Value image, Value block, Value row, int64_t channels) {
    LinearIndex from(in.offset), to(out.offset);
    from.add(image, in.strides[0]).add(block, layouts->block * in.strides[1]).add(row, in.strides[2]);
    to.add(image, out.strides[0]).add(block, out.strides[1]).add(row, out.strides[2]);
    emitLoop(b, loc, 0, layouts->columns, 1, {}, [&](OpBuilder &inner, Value column, ValueRange) {
      Value start = LinearIndex(from).add(column, in.strides[3]).emit(inner, loc);
      Value lanes = gather(inner, loc, in, start, in.strides[1], channels, layouts->block);
      storeLanes(inner, loc, lanes, out.row, LinearIndex(to).add(column, out.strides[3]).emit(inner, loc));
      return SmallVector<Value>();
    });
  });
  return success();
}

static LogicalResult emitUnpack(kernel::UnpackOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  FailureOr<Layouts> layouts = layoutsOf(builder, loc, op.getInit(), op.getInput());
  if (failed(layouts))
    return failure();
  const LinearView &in = layouts->blocked, &out = layouts->plain;
  if (out.strides[3] != 1)
    return failure();
  overBlocks(builder, loc, *layouts, [&](OpBuilder &b, Value image, Value block, Value row, int64_t channels) {
    LinearIndex from(in.offset), to(out.offset);
    from.add(image, in.strides[0]).add(block, in.strides[1]).add(row, in.strides[2]);
    to.add(image, out.strides[0]).add(block, layouts->block * out.strides[1]).add(row, out.strides[2]);
    auto stretch = [&](OpBuilder &outer, int64_t begin, int64_t end, int64_t lanes) {
      emitLoop(outer, loc, begin, end, lanes, {}, [&](OpBuilder &inner, Value column, ValueRange) {
        for (int64_t c = 0; c < channels; ++c) {
          Value start = LinearIndex(from).add(column, in.strides[3]).add(c * in.strides[4]).emit(inner, loc);
          Value values = gather(inner, loc, in, start, in.strides[3], lanes, lanes);
          storeLanes(inner, loc, values, out.row, LinearIndex(to).add(column, 1).add(c * out.strides[1]).emit(inner, loc));
        }
        return SmallVector<Value>();
      });
    };
    int64_t rest = layouts->columns % layouts->block, whole = layouts->columns - rest;
    stretch(b, 0, whole, layouts->block);
    if (rest)
      stretch(b, whole, layouts->columns, rest);
  });
  return success();
}

namespace {
struct EmitPackPass : bn::impl::EmitPackPassBase<EmitPackPass> {
  void runOnOperation() override {
    WalkResult walk = getOperation().walk([&](Operation *op) {
      LogicalResult emitted = success();
      if (auto pack = dyn_cast<kernel::PackOp>(op))
        emitted = emitPack(pack);
      else if (auto unpack = dyn_cast<kernel::UnpackOp>(op))
        emitted = emitUnpack(unpack);
      else
        return WalkResult::advance();
      if (failed(emitted))
        return op->emitOpError("expected memrefs of static layout, contiguous along rows"), WalkResult::interrupt();
      op->erase();
      return WalkResult::advance();
    });
    if (walk.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
