// EmitPack.cpp - emits the loops between the plain and the blocked layout.
// SPDX-License-Identifier: Apache-2.0
//
//   forall (image, block, row)
//     for tiles of columns: load a vector for each channel (pack) or column (unpack), transpose them in registers, store them
//
// The last block of channels may be partly empty, and the last tile of a row smaller; they have loops of their own. Small images are one
// row, where no halo is between their rows.

#include "LinearView.h"
#include "ParallelLoop.h"
#include "TransposeVectors.h"
#include "bn/Codegen/Passes.h"

namespace bn {
#define GEN_PASS_DEF_EMITPACKPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

/// Rows whose last tile takes much of the time are shorter than this.
static constexpr int64_t kShortRow = 64;

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
  Layouts l{*p, *b, shape[0], shape[1], shape[2], shape[3], cast<MemRefType>(blocked.getType()).getShape()[4]};
  bool isOneRow = p->strides[2] == l.columns * p->strides[3] && b->strides[2] == l.columns * b->strides[3];
  if (isOneRow && l.columns < kShortRow && l.rows <= kShortRow) {
    l.columns *= l.rows;
    l.rows = 1;
  }
  return l;
}

/// Elements `stride` apart from a place on as a vector, of one element, too.
static Value loadRow(OpBuilder &builder, Location loc, const LinearView &view, Value index, int64_t stride, int64_t count) {
  auto type = VectorType::get({count}, view.element);
  if (stride == 1)
    return vector::LoadOp::create(builder, loc, type, view.row, index);
  SmallVector<Value> elements;
  for (int64_t i = 0; i < count; ++i)
    elements.push_back(loadLanes(builder, loc, view.row, LinearIndex(i * stride).add(index, 1).emit(builder, loc), 1));
  return vector::FromElementsOp::create(builder, loc, type, elements);
}

static void storeRow(OpBuilder &builder, Location loc, Value vector, const LinearView &view, Value index) {
  vector::StoreOp::create(builder, loc, vector, view.row, index);
}

/// Calls `body` with the place of a row in the plain and in the blocked layout and the channels there: in full blocks, and in the last one
/// if it is partly empty.
static void overRows(OpBuilder &builder, Location loc, const Layouts &l,
                     llvm::function_ref<void(OpBuilder &, const LinearIndex &, const LinearIndex &, int64_t)> body) {
  auto callAt = [&](OpBuilder &b, Value image, Value block, Value row, int64_t channels) {
    LinearIndex plain(l.plain.offset), blocked(l.blocked.offset);
    plain.add(image, l.plain.strides[0]).add(block, l.block * l.plain.strides[1]).add(row, l.plain.strides[2]);
    blocked.add(image, l.blocked.strides[0]).add(block, l.blocked.strides[1]).add(row, l.blocked.strides[2]);
    body(b, plain, blocked, channels);
  };
  int64_t full = l.channels / l.block, rest = l.channels % l.block, each = l.images * l.rows * l.columns * l.block;
  if (full)
    emitParallel(builder, loc, {l.images, full, l.rows}, each * full,
                 [&](OpBuilder &b, ValueRange ivs) { callAt(b, ivs[0], ivs[1], ivs[2], l.block); });
  if (rest)
    emitParallel(builder, loc, {l.images, l.rows}, each,
                 [&](OpBuilder &b, ValueRange ivs) { callAt(b, ivs[0], arith::ConstantIndexOp::create(b, loc, full), ivs[1], rest); });
}

/// Calls `body` with the first column and the number of columns of each tile of a row.
static void overColumns(OpBuilder &builder, Location loc, const Layouts &l, llvm::function_ref<void(OpBuilder &, Value, int64_t)> body) {
  int64_t rest = l.columns % kTransposed, whole = l.columns - rest;
  auto tiles = [&](int64_t begin, int64_t end, int64_t count) {
    emitLoop(builder, loc, begin, end, std::max<int64_t>(count, 1), {}, [&](OpBuilder &inner, Value column, ValueRange) {
      body(inner, column, count);
      return SmallVector<Value>();
    });
  };
  tiles(0, whole, kTransposed);
  tiles(whole, l.columns, rest);
}

static LogicalResult emitPack(kernel::PackOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  FailureOr<Layouts> layouts = layoutsOf(builder, loc, op.getInput(), op.getInit());
  if (failed(layouts))
    return failure();
  const LinearView &in = layouts->plain, &out = layouts->blocked;
  if (out.strides[4] != 1)
    return failure();
  overRows(builder, loc, *layouts, [&](OpBuilder &b, const LinearIndex &from, const LinearIndex &to, int64_t channels) {
    overColumns(b, loc, *layouts, [&](OpBuilder &inner, Value column, int64_t count) {
      SmallVector<Value> rows;
      for (int64_t c = 0; c < channels; ++c)
        rows.push_back(loadRow(inner, loc, in, LinearIndex(from).add(c * in.strides[1]).add(column, in.strides[3]).emit(inner, loc),
                               in.strides[3], count));
      Type type = VectorType::get({count}, in.element);
      rows.resize(layouts->block, arith::ConstantOp::create(inner, loc, cast<TypedAttr>(inner.getZeroAttr(type))));
      for (auto [x, values] : llvm::enumerate(transposeVectors(inner, loc, rows)))
        storeRow(inner, loc, values, out, LinearIndex(to).add(column, out.strides[3]).add(x * out.strides[3]).emit(inner, loc));
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
  overRows(builder, loc, *layouts, [&](OpBuilder &b, const LinearIndex &to, const LinearIndex &from, int64_t channels) {
    overColumns(b, loc, *layouts, [&](OpBuilder &inner, Value column, int64_t count) {
      SmallVector<Value> rows;
      for (int64_t x = 0; x < count; ++x)
        rows.push_back(loadRow(inner, loc, in, LinearIndex(from).add(x * in.strides[3]).add(column, in.strides[3]).emit(inner, loc),
                               in.strides[4], layouts->block));
      SmallVector<Value> columns = transposeVectors(inner, loc, rows);
      for (int64_t c = 0; c < channels; ++c)
        storeRow(inner, loc, columns[c], out, LinearIndex(to).add(column, 1).add(c * out.strides[1]).emit(inner, loc));
    });
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
