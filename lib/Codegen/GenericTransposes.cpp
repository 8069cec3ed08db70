// GenericTransposes.cpp - elementwise linalg ops that read an input across its rows.
// SPDX-License-Identifier: Apache-2.0
//
//   forall (outer dimensions, tile of the other dimension)
//     for tiles of the vector dimension
//       rows = load vectors along the other dimension;   columns = transpose(rows);   store body(columns)
//
// The vector dimension is that along which the output is contiguous, the other one that along which the input is. A tile reads and
// writes whole vectors, each once. Tiles at the ends are smaller.

#include "GenericEmitter.h"
#include "ParallelLoop.h"
#include "TransposeVectors.h"

using namespace mlir;
using namespace bn;

/// Whether an operand moves by more than one element along a loop.
static bool isStrided(const NestDim &dim, unsigned operand) { return dim.steps[operand] != 0 && dim.steps[operand] != 1; }

int64_t GenericEmitter::findTransposed() {
  if (!writesVectors() || nest.lanes == 1 || nest.wantsPowersOfTwo())
    return -1;
  for (unsigned i = 0; i < inputs(); ++i)
    for (auto [d, dim] : llvm::enumerate(nest.dims))
      if (isStrided(nest.dims[nest.vectorDim], i) && dim.steps[i] == 1 && dim.size > 1)
        return d;
  return -1;
}

/// One tile: `count` elements along the other dimension, `lanes` along the vectors.
void GenericEmitter::emitTransposed(OpBuilder &builder, ArrayRef<Value> indices, int64_t other, int64_t count, int64_t lanes) {
  SmallVector<SmallVector<Value>> columns(inputs());
  for (unsigned i = 0; i < inputs(); ++i) {
    if (!isStrided(nest.dims[nest.vectorDim], i) || nest.dims[other].steps[i] != 1 || count == 1)
      continue;
    SmallVector<Value> rows;
    for (int64_t lane = 0; lane < lanes; ++lane)
      rows.push_back(loadLanes(builder, loc, nest.operands[i].view.row, address(builder, i, indices, lane), count));
    columns[i] = lanes == 1 ? SmallVector<Value>() : transposeVectors(builder, loc, rows);
  }
  for (int64_t c = 0; c < count; ++c) {
    SmallVector<Value> at(indices), arguments;
    at[other] = LinearIndex(c).add(indices[other], 1).emit(builder, loc);
    for (unsigned i = 0; i < inputs(); ++i)
      arguments.push_back(columns[i].empty() ? load(builder, i, at, 0, lanes) : columns[i][c]);
    arguments.push_back(Value());
    Value result = emitVectors(builder, at, arguments, 0, lanes)[0];
    storeLanes(builder, loc, result, nest.operands.back().view.row, address(builder, inputs(), at, 0));
  }
}

void GenericEmitter::emitTransposes(OpBuilder &builder, int64_t other) {
  SmallVector<unsigned> outer;
  SmallVector<int64_t> sizes;
  int64_t iterations = 1;
  for (auto [i, dim] : llvm::enumerate(nest.dims))
    if (static_cast<int64_t>(i) != nest.vectorDim && static_cast<int64_t>(i) != other) {
      outer.push_back(i);
      sizes.push_back(dim.size);
      iterations *= dim.size;
    }
  int64_t tile = std::min(nest.lanes, kTransposed);
  auto emitTiles = [&](int64_t begin, int64_t tiles, int64_t count, int64_t first, int64_t steps, int64_t lanes) {
    if (tiles == 0 || steps == 0)
      return;
    int64_t pieces = iterations * tiles < kFewIterations ? largestDivisor(steps, kMaxSplit) : 1;
    SmallVector<int64_t> bounds(sizes);
    bounds.append({tiles, pieces});
    emitParallel(builder, loc, bounds, work(), [&](OpBuilder &b, ValueRange ivs) {
      SmallVector<Value> indices(nest.dims.size());
      for (auto [dim, iv] : llvm::zip(outer, ivs))
        indices[dim] = iv;
      indices[other] = LinearIndex(begin).add(ivs[outer.size()], count).emit(b, loc);
      emitLoop(b, loc, 0, steps / pieces, 1, {}, [&](OpBuilder &inner, Value step, ValueRange) {
        indices[nest.vectorDim] = LinearIndex(first).add(ivs.back(), steps / pieces * lanes).add(step, lanes).emit(inner, loc);
        emitTransposed(inner, indices, other, count, lanes);
        return SmallVector<Value>();
      });
    });
  };
  int64_t height = nest.dims[other].size, width = nest.dims[nest.vectorDim].size, restHeight = height % tile, restWidth = width % tile;
  auto emitRows = [&](int64_t begin, int64_t tiles, int64_t count) {
    emitTiles(begin, tiles, count, 0, width / tile, tile);
    emitTiles(begin, tiles, count, width - restWidth, restWidth > 0, restWidth);
  };
  emitRows(0, height / tile, tile);
  emitRows(height - restHeight, restHeight > 0, restHeight);
}
