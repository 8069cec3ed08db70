// TransposeVectors.cpp - a small matrix in registers, transposed.
// SPDX-License-Identifier: Apache-2.0
//
//   for s = 1, 2, 4, …: the upper right of each block of 2s × 2s changes place with the lower left
//
// A step takes two vectors and gives two, so that n rows are transposed by n·log₂n shuffles. What is no square of a power of two becomes
// one first; the shuffles of what nobody reads are left out by the backend.

#include "TransposeVectors.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

/// The first lanes of a vector as one of `lanes`; whatever is behind them.
static Value resize(OpBuilder &builder, Location loc, Value vector, int64_t lanes) {
  int64_t given = cast<VectorType>(vector.getType()).getNumElements();
  SmallVector<int64_t> mask(lanes, vector::ShuffleOp::kPoisonIndex);
  for (int64_t i = 0; i < std::min(lanes, given); ++i)
    mask[i] = i;
  return given == lanes ? vector : vector::ShuffleOp::create(builder, loc, vector, vector, mask).getResult();
}

SmallVector<Value> bn::transposeVectors(OpBuilder &builder, Location loc, ValueRange rows) {
  int64_t columns = cast<VectorType>(rows[0].getType()).getNumElements(), given = rows.size();
  int64_t size = llvm::PowerOf2Ceil(std::max(columns, given));
  SmallVector<Value> square;
  for (int64_t i = 0; i < size; ++i)
    square.push_back(i < given ? resize(builder, loc, rows[i], size) : square[0]);
  for (int64_t s = 1; s < size; s *= 2) {
    SmallVector<int64_t> low(size), high(size);
    for (int64_t i = 0; i < size; ++i) {
      low[i] = i & s ? size + i - s : i;
      high[i] = i & s ? size + i : i + s;
    }
    for (int64_t i = 0; i < size; ++i) {
      if (i & s)
        continue;
      Value top = square[i], bottom = square[i + s];
      square[i] = vector::ShuffleOp::create(builder, loc, top, bottom, low);
      square[i + s] = vector::ShuffleOp::create(builder, loc, top, bottom, high);
    }
  }
  square.truncate(columns);
  for (Value &column : square)
    column = resize(builder, loc, column, given);
  return square;
}
