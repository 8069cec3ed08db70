// GenericStreams.cpp - elementwise linalg ops whose result goes past the cache.
// SPDX-License-Identifier: Apache-2.0

#include "GenericEmitter.h"
#include "ParallelLoop.h"
#include "StreamedStores.h"

using namespace mlir;
using namespace bn;

/// Bytes of the buffer that a memref is a part of: its other parts are written next.
static int64_t countWhole(Value memref) {
  while (auto part = memref.getDefiningOp<memref::SubViewOp>())
    memref = part.getSource();
  auto type = cast<MemRefType>(memref.getType());
  return type.getNumElements() * type.getElementTypeBitWidth() / 8;
}

bool GenericEmitter::streams() {
  if (!writesVectors() || nest.lanes < 4 || !llvm::isPowerOf2_64(nest.lanes))
    return false;
  int64_t bytes = countWhole(nest.op.getDpsInits()[0]);
  for (auto [i, operand] : llvm::enumerate(nest.operands)) {
    if (operand.scalar || operand.output)
      continue;
    if (nest.op->getOperand(i) == nest.op.getDpsInits()[0])
      return false;
    int64_t size = operand.view.element.getIntOrFloatBitWidth() / 8;
    for (const NestDim &dim : nest.dims)
      size *= dim.steps[i] ? dim.size : 1;
    bytes += size;
  }
  return shouldStream(bytes);
}

void GenericEmitter::emitStreams(OpBuilder &builder, SmallVector<int64_t> sizes, int64_t pieces, IndicesOf indicesOf) {
  int64_t size = nest.dims[nest.vectorDim].size, each = llvm::divideCeil(llvm::divideCeil(size, pieces), nest.lanes) * nest.lanes;
  sizes.push_back(llvm::divideCeil(size, each));
  unsigned out = nest.operands.size() - 1;
  emitParallel(builder, loc, sizes, work(), [&](OpBuilder &b, ValueRange ivs) {
    SmallVector<Value> indices = indicesOf(ivs.drop_back());
    Value first = LinearIndex().add(ivs.back(), each).emit(b, loc);
    indices[nest.vectorDim] = first;
    Value left = LinearIndex(size).add(first, -1).emit(b, loc);
    Value count = arith::MinUIOp::create(b, loc, left, arith::ConstantIndexOp::create(b, loc, each));
    emitStreamed(b, loc, nest.operands[out].view, address(b, out, indices, 0), count, nest.lanes,
                 [&](OpBuilder &inner, Value begin, int64_t lanes, bool aligned) {
                   indices[nest.vectorDim] = arith::AddIOp::create(inner, loc, first, begin);
                   Value result = emitBodies(inner, indices, Value(), {0, 1, lanes, 1})[0];
                   Value at = address(inner, out, indices, 0), row = nest.operands[out].view.row;
                   if (aligned)
                     storeStreamed(inner, loc, result, row, at);
                   else
                     storeLanes(inner, loc, result, row, at);
                 });
  });
}
