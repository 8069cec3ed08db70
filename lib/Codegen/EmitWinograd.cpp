// EmitWinograd.cpp - emits the loops of the two transforms around a Winograd convolution's matrix products.
// SPDX-License-Identifier: Apache-2.0
//
//   input     forall (row of tiles, block of channels): for tile: load α×α vectors, transform columns, then rows, store
//   output    forall (row of tiles, block of channels): for tile: load, transform, add bias, store epilogue(·) inside the image
//
// A transform is a product of small sparse matrices (Winograd.h); it becomes straight code without its zeros and ones.

#include "EmitEach.h"
#include "Epilogue.h"
#include "ParallelLoop.h"
#include "bn/Codegen/Passes.h"
#include "bn/IR/Kernel/Winograd.h"

namespace bn {
#define GEN_PASS_DEF_EMITWINOGRADPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

static ArrayRef<int64_t> shapeOf(Value value) { return cast<MemRefType>(value.getType()).getShape(); }

/// sum + factor·value; a null sum is zero.
static Value accumulate(OpBuilder &builder, Location loc, Value sum, double factor, Value value) {
  auto constant = [&] {
    auto type = cast<VectorType>(value.getType());
    return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, builder.getFloatAttr(type.getElementType(), factor)));
  };
  if (!sum)
    return factor == 1 ? value : arith::MulFOp::create(builder, loc, value, constant()).getResult();
  if (factor == 1)
    return arith::AddFOp::create(builder, loc, sum, value);
  if (factor == -1)
    return arith::SubFOp::create(builder, loc, sum, value);
  return vector::FMAOp::create(builder, loc, value, constant(), sum);
}

/// The product of the matrices and a column of vectors. Terms with a factor of 1 come first: they need no multiplication.
static SmallVector<Value> transform(OpBuilder &builder, Location loc, ArrayRef<kernel::WinogradMatrix> matrices, ArrayRef<Value> column) {
  SmallVector<Value> values(column);
  for (const kernel::WinogradMatrix &matrix : matrices) {
    SmallVector<Value> results(matrix.rows());
    for (bool ones : {true, false})
      for (int64_t r = 0; r < matrix.rows(); ++r)
        for (int64_t c = 0; c < matrix.columns; ++c)
          if (double factor = matrix.at(r, c); factor != 0 && (factor == 1) == ones)
            results[r] = accumulate(builder, loc, results[r], factor, values[c]);
    values = results;
  }
  return values;
}

/// M·tile·Mᵀ for a square tile of vectors, row by row.
static SmallVector<Value> transformTile(OpBuilder &builder, Location loc, ArrayRef<kernel::WinogradMatrix> matrices, ArrayRef<Value> tile) {
  int64_t from = matrices.front().columns, to = matrices.back().rows();
  SmallVector<Value> half(to * from), result;
  for (int64_t x = 0; x < from; ++x) {
    SmallVector<Value> column;
    for (int64_t y = 0; y < from; ++y)
      column.push_back(tile[y * from + x]);
    for (auto [y, value] : llvm::enumerate(transform(builder, loc, matrices, column)))
      half[y * from + x] = value;
  }
  for (int64_t y = 0; y < to; ++y)
    llvm::append_range(result, transform(builder, loc, matrices, ArrayRef(half).slice(y * from, from)));
  return result;
}

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
  const kernel::WinogradTransforms &winograd = kernel::getWinograd(op.getTile());
  ArrayRef<int64_t> shape = shapeOf(op.getInput()), tiles = op.getTiles();
  int64_t side = winograd.inputTile(), block = shape[4];
  int64_t work = shape[0] * tiles[0] * tiles[1] * shape[1] * side * side * 4;
  emitParallel(builder, loc, {shape[0] * tiles[0], shape[1]}, work, [&](OpBuilder &outer, ValueRange ivs) {
    auto [image, row] = splitRow(outer, loc, ivs[0], tiles[0]);
    TileRow to{*out, ivs[0], LinearIndex().add(ivs[1], block).emit(outer, loc), tiles[1]};
    emitLoop(outer, loc, 0, tiles[1], 1, {}, [&](OpBuilder &inner, Value tile, ValueRange) {
      LinearIndex corner(in->offset);
      corner.add(image, in->strides[0]).add(ivs[1], in->strides[1]);
      corner.add(row, winograd.tile * in->strides[2]).add(tile, winograd.tile * in->strides[3]);
      Value start = corner.emit(inner, loc);
      SmallVector<Value> elements;
      for (int64_t i = 0; i < side * side; ++i) {
        LinearIndex at(i / side * in->strides[2] + i % side * in->strides[3]);
        elements.push_back(loadLanes(inner, loc, in->row, at.add(start, 1).emit(inner, loc), block));
      }
      for (auto [i, value] : llvm::enumerate(transformTile(inner, loc, winograd.input, elements)))
        storeLanes(inner, loc, value, out->row, to.addressOf(inner, loc, i, tile));
      return SmallVector<Value>();
    });
  });
  return success();
}

namespace {
class OutputEmitter {
public:
  explicit OutputEmitter(kernel::WinogradOutputOp op) : op(op), loc(op.getLoc()), winograd(kernel::getWinograd(op.getTile())) {}
  LogicalResult emit(OpBuilder &builder);

private:
  void emitTile(OpBuilder &builder, const TileRow &from, Value image, Value row, Value channelBlock, Value tile, int64_t columns);

  kernel::WinogradOutputOp op;
  Location loc;
  const kernel::WinogradTransforms &winograd;
  LinearView input, bias;
  std::optional<Epilogue> epilogue;
  ArrayRef<int64_t> out;
};
} // namespace

LogicalResult OutputEmitter::emit(OpBuilder &builder) {
  FailureOr<LinearView> in = LinearView::get(builder, loc, op.getInput());
  FailureOr<LinearView> b = op.getBias() ? LinearView::get(builder, loc, op.getBias()) : LinearView();
  FailureOr<Epilogue> e = Epilogue::get(builder, loc, op.getEpilogue(), op.getExtras(), op.getInit());
  if (failed(in) || failed(b) || failed(e))
    return failure();
  std::tie(input, bias, epilogue) = std::tuple(*in, *b, *e);
  out = shapeOf(op.getInit());
  int64_t m = winograd.tile, rows = llvm::divideCeil(out[2], m), whole = out[3] / m, rest = out[3] % m;
  int64_t work = out[0] * rows * (whole + 1) * out[1] * winograd.inputTile() * winograd.inputTile() * 4;
  emitParallel(builder, loc, {out[0] * rows, out[1]}, work, [&](OpBuilder &outer, ValueRange ivs) {
    auto [image, row] = splitRow(outer, loc, ivs[0], rows);
    TileRow from{input, ivs[0], LinearIndex().add(ivs[1], out[4]).emit(outer, loc), whole + (rest != 0)};
    emitLoop(outer, loc, 0, whole, 1, {}, [&, image = image, row = row](OpBuilder &inner, Value tile, ValueRange) {
      emitTile(inner, from, image, row, ivs[1], tile, m);
      return SmallVector<Value>();
    });
    if (rest)
      emitTile(outer, from, image, row, ivs[1], arith::ConstantIndexOp::create(outer, loc, whole), rest);
  });
  return success();
}

/// Transforms one tile and stores its first `columns` columns, and of its rows those inside the image.
void OutputEmitter::emitTile(OpBuilder &builder, const TileRow &from, Value image, Value row, Value channelBlock, Value tile,
                             int64_t columns) {
  int64_t m = winograd.tile, side = winograd.inputTile();
  SmallVector<Value> products;
  for (int64_t i = 0; i < side * side; ++i)
    products.push_back(loadLanes(builder, loc, input.row, from.addressOf(builder, loc, i, tile), out[4]));
  SmallVector<Value> sums = transformTile(builder, loc, winograd.output, products);
  Value start = op.getBias() ? loadLanes(builder, loc, bias.row,
                                         LinearIndex(bias.offset).add(channelBlock, bias.strides[0]).emit(builder, loc), out[4])
                             : Value();
  Value firstRow = LinearIndex().add(row, m).emit(builder, loc), firstColumn = LinearIndex().add(tile, m).emit(builder, loc);
  auto storeRow = [&](OpBuilder &inner, int64_t y) {
    for (int64_t x = 0; x < columns; ++x) {
      Value sum = sums[y * m + x];
      if (start)
        sum = arith::AddFOp::create(inner, loc, sum, start);
      epilogue->store(inner, loc, sum, {{image, channelBlock, firstRow, firstColumn, Value()}, {0, 0, y, x, 0}});
    }
  };
  for (int64_t y = 0; y < m; ++y) {
    if (y < (out[2] - 1) % m + 1) { // the last row of tiles has this row, too
      storeRow(builder, y);
      continue;
    }
    Value last = arith::ConstantIndexOp::create(builder, loc, out[2] - 1 - y);
    Value isInside = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sle, firstRow, last);
    scf::IfOp::create(builder, loc, isInside, [&](OpBuilder &inner, Location) {
      storeRow(inner, y);
      scf::YieldOp::create(inner, loc);
    });
  }
}

namespace {
struct EmitWinogradPass : bn::impl::EmitWinogradPassBase<EmitWinogradPass> {
  void runOnOperation() override {
    auto output = [](auto op, OpBuilder &builder) { return OutputEmitter(op).emit(builder); };
    if (failed(emitEach<kernel::WinogradInputOp>(getOperation(), emitInput)) ||
        failed(emitEach<kernel::WinogradOutputOp>(getOperation(), output)))
      signalPassFailure();
  }
};
} // namespace
