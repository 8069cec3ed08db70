// EmitWinograd.cpp - emits the loops of the two transforms around a Winograd convolution's matrix products.
// SPDX-License-Identifier: Apache-2.0
//
//   input     forall (row of tiles, block of channels): for tile: load α×α vectors, transform columns, then rows, store
//   output    forall (row of tiles, block of channels): for tile: load, transform, add bias, store epilogue(·) inside the image
//
// A transform is a product of small sparse matrices (Winograd.h); it becomes straight code without its zeros and ones.

#include "EmitEach.h"
#include "ParallelLoop.h"
#include "WinogradTiles.h"
#include "bn/Codegen/Passes.h"

namespace bn {
#define GEN_PASS_DEF_EMITWINOGRADPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

static ArrayRef<int64_t> shapeOf(Value value) { return cast<MemRefType>(value.getType()).getShape(); }

namespace {
/// Where the elements of a transformed tensor [α²][tiles][channels] are.
struct TileRow {
  const LinearView &view;
  Value row, channel; ///< row of tiles over all images, first channel
  int64_t tilesPerRow;

  Value addressOf(OpBuilder &builder, Location loc, int64_t position, Value tile) const {
    LinearIndex index(view.offset + position * view.strides[0]);
    index.add(row, tilesPerRow * view.strides[1]).add(tile, view.strides[1]).add(channel, view.strides[2]);
    return index.emit(builder, loc);
  }
};
} // namespace

/// Divides a row of tiles over all images into the image and the row inside it.
static std::pair<Value, Value> splitRow(OpBuilder &builder, Location loc, Value row, int64_t rowsPerImage) {
  Value count = arith::ConstantIndexOp::create(builder, loc, rowsPerImage);
  return {arith::DivUIOp::create(builder, loc, row, count), arith::RemUIOp::create(builder, loc, row, count)};
}

static LogicalResult emitInput(kernel::WinogradInputOp op, OpBuilder &builder) {
  Location loc = op.getLoc();
  FailureOr<LinearView> in = LinearView::get(builder, loc, op.getInput()), out = LinearView::get(builder, loc, op.getInit());
  if (failed(in) || failed(out))
    return failure();
  ArrayRef<int64_t> shape = shapeOf(op.getInput()), tiles = op.getTiles();
  int64_t side = kernel::countWinogradInputs(op.getTile(), op.getStride()), block = shape[4];
  int64_t work = shape[0] * tiles[0] * tiles[1] * shape[1] * side * side * 4;
  emitParallel(builder, loc, {shape[0] * tiles[0], shape[1]}, work, [&](OpBuilder &outer, ValueRange ivs) {
    auto [image, row] = splitRow(outer, loc, ivs[0], tiles[0]);
    TileRow to{*out, ivs[0], LinearIndex().add(ivs[1], block).emit(outer, loc), tiles[1]};
    emitLoop(outer, loc, 0, tiles[1], 1, {}, [&](OpBuilder &inner, Value tile, ValueRange) {
      emitInputTile(inner, op, *in, {image, ivs[1], row, tile}, [&](int64_t position, Value value) {
        storeLanes(inner, loc, value, out->row, to.addressOf(inner, loc, position, tile));
      });
      return SmallVector<Value>();
    });
  });
  return success();
}

static LogicalResult emitOutput(kernel::WinogradOutputOp op, OpBuilder &builder) {
  Location loc = op.getLoc();
  FailureOr<LinearView> in = LinearView::get(builder, loc, op.getInput());
  FailureOr<WinogradOutput> output = WinogradOutput::get(builder, op);
  if (failed(in) || failed(output))
    return failure();
  ArrayRef<int64_t> out = shapeOf(op.getInit());
  int64_t m = op.getTile(), rows = llvm::divideCeil(out[2], m), columns = llvm::divideCeil(out[3], m), whole = out[3] / m;
  int64_t side = kernel::countWinogradInputs(m, op.getStride()), work = out[0] * rows * columns * out[1] * side * side * 4;
  emitParallel(builder, loc, {out[0] * rows, out[1]}, work, [&](OpBuilder &outer, ValueRange ivs) {
    auto [image, row] = splitRow(outer, loc, ivs[0], rows);
    TileRow from{*in, ivs[0], LinearIndex().add(ivs[1], out[4]).emit(outer, loc), columns};
    auto emitTile = [&, image = image, row = row](OpBuilder &inner, Value tile, bool isWhole) {
      output->emitTile(inner, {image, ivs[1], row, tile}, isWhole, [&](int64_t position) {
        return loadLanes(inner, loc, in->row, from.addressOf(inner, loc, position, tile), out[4]);
      });
    };
    emitLoop(outer, loc, 0, whole, 1, {}, [&](OpBuilder &inner, Value tile, ValueRange) {
      emitTile(inner, tile, true);
      return SmallVector<Value>();
    });
    if (whole < columns)
      emitTile(outer, arith::ConstantIndexOp::create(outer, loc, whole), false);
  });
  return success();
}

namespace {
struct EmitWinogradPass : bn::impl::EmitWinogradPassBase<EmitWinogradPass> {
  void runOnOperation() override {
    if (failed(emitEach<kernel::WinogradInputOp>(getOperation(), emitInput)) ||
        failed(emitEach<kernel::WinogradOutputOp>(getOperation(), emitOutput)))
      signalPassFailure();
  }
};
} // namespace
