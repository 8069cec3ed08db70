// EmitMatmul.cpp - emits the loops of a matrix product around a tile of accumulators in registers.
// SPDX-License-Identifier: Apache-2.0
//
//   forall (matrix and group, tile of column blocks, part of the rows)
//     for tiles of rows
//       accumulators = bias;   for k: accumulators += lhs[rows][k] · rhs[k][columns];   store epilogue(accumulators)
//
// All rows of a part use the same columns of the right side while they are in the cache: they come from memory once, ahead of their use.
// Tiles that are smaller by one row or one block, where the sizes are no multiples, have loops of their own.

#include "EmitEach.h"
#include "Epilogue.h"
#include "ParallelLoop.h"
#include "RegisterTile.h"
#include "bn/Codegen/Passes.h"

namespace bn {
#define GEN_PASS_DEF_EMITMATMULPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

/// Steps of the reduction per iteration of the innermost loop.
static constexpr int64_t kUnroll = 4;
/// Iterations of the parallel loop that keep the workers busy; where columns give fewer, the rows come in parts.
static constexpr int64_t kFewIterations = 64;

namespace {
class MatmulEmitter {
public:
  MatmulEmitter(kernel::MatmulOp op, unsigned registers, int64_t vectorBits, const DotIntrinsics &dots)
      : op(op), loc(op.getLoc()), registers(registers), vectorBits(vectorBits), dots(dots) {}
  LogicalResult emit(OpBuilder &builder);

private:
  void emitColumns(OpBuilder &builder, ArrayRef<Span> rowSpans, Span blockSpan, int64_t lanes);
  void emitTile(OpBuilder &builder, Value matrix, Value group, Value row, Value firstBlock, RegisterTile shape, int64_t lanes);
  Value loadBias(OpBuilder &builder, Value firstBlock, int64_t b, int64_t lanes);
  Value finishWholeVector(OpBuilder &builder, Value sum, Value firstBlock, int64_t b, int64_t lanes);

  kernel::MatmulOp op;
  Location loc;
  unsigned registers;
  int64_t vectorBits;
  DotIntrinsics dots;
  LinearView lhs, rhs, bias;
  std::optional<Epilogue> epilogue;
  bool prefetches;
  Type sumType;
  int64_t block, matrices, groups, rows;
  int64_t depth, factors;                          ///< of a group, in steps of as many factors as fill a lane
  int64_t groupBlocks;                             ///< blocks of columns of a group
  int64_t lhsMatrix, rhsMatrix, rhsBlock, rhsStep; ///< elements from one matrix, block of columns, k to the next
};
} // namespace

static ArrayRef<int64_t> shapeOf(Value value) { return cast<MemRefType>(value.getType()).getShape(); }

LogicalResult MatmulEmitter::emit(OpBuilder &builder) {
  FailureOr<LinearOperands> operands = LinearOperands::get(builder, op, op.getLhs(), op.getRhs());
  if (failed(operands))
    return failure();
  std::tie(lhs, rhs, bias, epilogue) = std::tuple(operands->lhs, operands->rhs, operands->bias, operands->epilogue);
  ArrayRef<int64_t> left = shapeOf(op.getLhs()), right = shapeOf(op.getRhs());
  bool batched = left.size() == 3, batchedRhs = right.size() == (op.getPacked() ? 4u : 3u);
  matrices = batched ? left[0] : 1;
  rows = left[batched];
  sumType = kernel::getSumType(lhs.element);
  factors = kernel::getLaneFactors(lhs.element);
  if (factors > 1 && lhs.strides.back() != 1)
    return failure();
  groups = op.getGroups();
  depth = left.back() / factors / groups;
  block = op.getPacked() ? right.back() / factors : vectorBits / lhs.element.getIntOrFloatBitWidth();
  prefetches = isBeyondCache(op.getRhs());
  lhsMatrix = batched ? lhs.strides[0] : 0;
  rhsMatrix = batchedRhs ? rhs.strides[0] : 0;
  rhsBlock = op.getPacked() ? rhs.strides[batchedRhs] : block;
  rhsStep = op.getPacked() ? rhs.strides[batchedRhs + 1] : rhs.strides[batchedRhs];
  int64_t columns = shapeOf(op.getInit()).back();
  groupBlocks = columns / block / groups;
  int64_t rowBytes = lhs.strides[batched] * lhs.element.getIntOrFloatBitWidth() / 8;
  RegisterTile tile = chooseCuts(rows, std::max<int64_t>(groupBlocks, 1), countCachedRows(rowBytes), registers, prefetches ? kArrival : 0);
  SmallVector<Span> rowSpans = cutIntoTiles(rows, tile.positions);
  for (Span blockSpan : cutIntoTiles(groupBlocks, tile.blocks))
    emitColumns(builder, rowSpans, blockSpan, block);
  if (columns % block)
    emitColumns(builder, rowSpans, {groupBlocks, 1, 1}, columns % block);
  return success();
}

void MatmulEmitter::emitColumns(OpBuilder &builder, ArrayRef<Span> rowSpans, Span blockSpan, int64_t lanes) {
  int64_t products = matrices * groups, work = products * rows * blockSpan.tiles * blockSpan.size * depth, rowTiles = 0;
  for (const Span &span : rowSpans)
    rowTiles += span.tiles;
  int64_t parts = std::min<int64_t>(rowTiles, llvm::divideCeil(kFewIterations, products * blockSpan.tiles));
  emitParallel(builder, loc, {matrices, groups, blockSpan.tiles, parts}, work, [&](OpBuilder &outer, ValueRange ivs) {
    Value firstBlock = LinearIndex(blockSpan.begin).add(ivs[1], groupBlocks).add(ivs[2], blockSpan.size).emit(outer, loc);
    for (const Span &span : rowSpans)
      emitPart(outer, loc, span.tiles, ivs[3], parts, [&](OpBuilder &inner, Value rowTile) {
        Value row = LinearIndex(span.begin).add(rowTile, span.size).emit(inner, loc);
        emitTile(inner, ivs[0], ivs[1], row, firstBlock, {span.size, blockSpan.size}, lanes);
      });
  });
}

Value MatmulEmitter::loadBias(OpBuilder &builder, Value firstBlock, int64_t b, int64_t lanes) {
  return loadLanes(builder, loc, bias.row, LinearIndex(bias.offset + b * block).add(firstBlock, block).emit(builder, loc), lanes);
}

/// The lanes of a sum that are columns, with their bias: instructions on several factors of a lane take whole vectors.
Value MatmulEmitter::finishWholeVector(OpBuilder &builder, Value sum, Value firstBlock, int64_t b, int64_t lanes) {
  if (lanes == 1)
    sum = vector::ExtractOp::create(builder, loc, sum, 0);
  else if (lanes < block)
    sum = vector::ShuffleOp::create(builder, loc, sum, sum, llvm::to_vector(llvm::seq<int64_t>(lanes)));
  if (!op.getBias())
    return sum;
  Value shift = loadBias(builder, firstBlock, b, lanes);
  if (sumType.isInteger())
    return arith::AddIOp::create(builder, loc, sum, shift);
  return arith::AddFOp::create(builder, loc, sum, shift);
}

void MatmulEmitter::emitTile(OpBuilder &builder, Value matrix, Value group, Value row, Value firstBlock, RegisterTile shape,
                             int64_t lanes) {
  unsigned rowDim = lhs.strides.size() - 2;
  auto zero = [&]() -> Value {
    int64_t used = factors > 1 ? block : lanes;
    Type type = used == 1 ? sumType : VectorType::get({used}, sumType);
    return arith::ConstantOp::create(builder, loc, cast<TypedAttr>(builder.getZeroAttr(type)));
  };
  SmallVector<Value> start;
  for (int64_t p = 0; p < shape.positions; ++p)
    for (int64_t b = 0; b < shape.blocks; ++b)
      start.push_back(op.getBias() && factors == 1 ? loadBias(builder, firstBlock, b, lanes) : zero());
  LinearIndex lhsBase(lhs.offset);
  lhsBase.add(matrix, lhsMatrix).add(group, depth * factors * lhs.strides.back()).add(row, lhs.strides[rowDim]);
  Value lhsStart = lhsBase.emit(builder, loc);
  Value rhsBase = LinearIndex(rhs.offset).add(matrix, rhsMatrix).add(firstBlock, rhsBlock).emit(builder, loc);
  WeightPanel panel{rhs.row, rhsBase, shape.blocks, rhsBlock, depth, rhsStep};
  auto steps = [&](OpBuilder &inner, Value k, ValueRange sums, int64_t unroll) {
    Value lhsAt = LinearIndex().add(lhsStart, 1).add(k, factors * lhs.strides.back()).emit(inner, loc);
    Value rhsAt = LinearIndex().add(rhsBase, 1).add(k, rhsStep).emit(inner, loc);
    auto scalar = [&](int64_t p, int64_t u) {
      int64_t shift = p * lhs.strides[rowDim] + u * factors * lhs.strides.back();
      return loadFactors(inner, loc, lhs.row, LinearIndex(shift).add(lhsAt, 1).emit(inner, loc));
    };
    PanelLoader vector(inner, loc, panel, rhsAt, prefetches, factors > 1 ? block * factors : lanes);
    return emitMultiplyAdds(inner, loc, sums, shape, unroll, scalar, vector, dots);
  };
  int64_t rest = depth % kUnroll;
  SmallVector<Value> sums = emitLoop(builder, loc, 0, depth - rest, kUnroll, start, [&](OpBuilder &inner, Value k, ValueRange carried) {
    return steps(inner, k, carried, kUnroll);
  });
  if (rest)
    sums = steps(builder, arith::ConstantIndexOp::create(builder, loc, depth - rest), sums, rest);
  Value column = LinearIndex().add(firstBlock, block).emit(builder, loc);
  for (int64_t p = 0; p < shape.positions; ++p)
    for (int64_t b = 0; b < shape.blocks; ++b) {
      OutputPosition at{{row, column}, {p, b * block}};
      if (rowDim == 1) {
        at.indices.insert(at.indices.begin(), matrix);
        at.shifts.insert(at.shifts.begin(), 0);
      }
      Value result = sums[p * shape.blocks + b];
      epilogue->store(builder, loc, factors > 1 ? finishWholeVector(builder, result, firstBlock, b, lanes) : result, at);
    }
}

namespace {
struct EmitMatmulPass : bn::impl::EmitMatmulPassBase<EmitMatmulPass> {
  using EmitMatmulPassBase::EmitMatmulPassBase;

  void runOnOperation() override {
    auto emit = [&](auto op, OpBuilder &builder) {
      return MatmulEmitter(op, registers, vectorBits, {byteDot, bfloatDot}).emit(builder);
    };
    if (failed(emitEach<kernel::MatmulOp>(getOperation(), emit)))
      signalPassFailure();
  }
};
} // namespace
