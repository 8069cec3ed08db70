// WinogradTiles.cpp - the two transforms of one tile of a Winograd convolution.
// SPDX-License-Identifier: Apache-2.0
//
// A transform is a product of small sparse matrices (Winograd.h); it becomes straight code without its zeros and ones.

#include "WinogradTiles.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace bn;

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

SmallVector<Value> bn::transformTile(OpBuilder &builder, Location loc, ArrayRef<kernel::WinogradMatrix> matrices, ArrayRef<Value> tile) {
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

void bn::emitInputTile(OpBuilder &builder, kernel::WinogradInputOp op, const LinearView &in, const WinogradTile &at,
                       llvm::function_ref<void(int64_t, Value)> store) {
  Location loc = op.getLoc();
  const kernel::WinogradTransforms &winograd = kernel::getWinograd(op.getTile(), op.getStride());
  int64_t side = winograd.inputTile(), step = winograd.tile * winograd.stride;
  int64_t block = cast<MemRefType>(op.getInput().getType()).getShape().back();
  LinearIndex corner(in.offset);
  corner.add(at.image, in.strides[0]).add(at.block, in.strides[1]).add(at.row, step * in.strides[2]).add(at.column, step * in.strides[3]);
  Value start = corner.emit(builder, loc);
  SmallVector<Value> elements;
  for (int64_t i = 0; i < side * side; ++i) {
    LinearIndex index(i / side * in.strides[2] + i % side * in.strides[3]);
    elements.push_back(widen(builder, loc, loadLanes(builder, loc, in.row, index.add(start, 1).emit(builder, loc), block)));
  }
  for (auto [i, value] : llvm::enumerate(transformTile(builder, loc, winograd.input, elements)))
    store(i, value);
}

FailureOr<WinogradOutput> WinogradOutput::get(OpBuilder &builder, kernel::WinogradOutputOp op) {
  WinogradOutput output;
  output.op = op;
  FailureOr<LinearView> bias = op.getBias() ? LinearView::get(builder, op.getLoc(), op.getBias()) : LinearView();
  FailureOr<Epilogue> epilogue = Epilogue::get(builder, op.getLoc(), op.getEpilogue(), op.getExtras(), op.getInit());
  if (failed(bias) || failed(epilogue))
    return failure();
  output.bias = *bias;
  output.epilogue = *epilogue;
  return output;
}

/// Emits `body` where `first` is at most `last`; without a question where that is always so.
static void emitInside(OpBuilder &builder, Location loc, Value first, int64_t last, bool always,
                       llvm::function_ref<void(OpBuilder &)> body) {
  if (always)
    return body(builder);
  Value limit = arith::ConstantIndexOp::create(builder, loc, last);
  Value isInside = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sle, first, limit);
  scf::IfOp::create(builder, loc, isInside, [&](OpBuilder &inner, Location) {
    body(inner);
    scf::YieldOp::create(inner, loc);
  });
}

void WinogradOutput::emitTile(OpBuilder &builder, const WinogradTile &at, bool isWhole, llvm::function_ref<Value(int64_t)> load) {
  Location loc = op.getLoc();
  const kernel::WinogradTransforms &winograd = kernel::getWinograd(op.getTile(), op.getStride());
  ArrayRef<int64_t> out = cast<MemRefType>(op.getInit().getType()).getShape();
  int64_t m = winograd.tile, side = winograd.inputTile();
  SmallVector<Value> products;
  for (int64_t i = 0; i < side * side; ++i)
    products.push_back(load(i));
  SmallVector<Value> sums = transformTile(builder, loc, winograd.output, products);
  Value start = op.getBias() ? loadLanes(builder, loc, bias.row,
                                         LinearIndex(bias.offset).add(at.block, bias.strides[0]).emit(builder, loc), out[4])
                             : Value();
  Value firstRow = LinearIndex().add(at.row, m).emit(builder, loc), firstColumn = LinearIndex().add(at.column, m).emit(builder, loc);
  for (int64_t y = 0; y < m; ++y)
    emitInside(builder, loc, firstRow, out[2] - 1 - y, y <= (out[2] - 1) % m, [&](OpBuilder &inRow) {
      for (int64_t x = 0; x < m; ++x)
        emitInside(inRow, loc, firstColumn, out[3] - 1 - x, isWhole || x <= (out[3] - 1) % m, [&](OpBuilder &inner) {
          Value sum = sums[y * m + x];
          if (start)
            sum = arith::AddFOp::create(inner, loc, sum, start);
          epilogue.store(inner, loc, sum, {{at.image, at.block, firstRow, firstColumn, Value()}, {0, 0, y, x, 0}});
        });
    });
}
