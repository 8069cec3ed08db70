// WinogradGroup.cpp - the loops of a Winograd convolution that goes group by group of tiles.
// SPDX-License-Identifier: Apache-2.0
//
//   forall (part): for groups of tiles of the part:
//     for blocks of channels, tiles: transform into the scratch        [position][tile][channel]
//     for positions, groups of channels, columns, rows: products in tiles of registers     [position][tile][channel]
//     for blocks of channels, tiles: transform back into the image

#include "WinogradGroup.h"
#include "ParallelLoop.h"
#include "RegisterTile.h"
#include "SpreadRows.h"

using namespace mlir;
using namespace bn;

/// The parts of the parallel loop.
static constexpr int64_t kParts = 16;
/// Steps of the reduction per iteration of the innermost loop.
static constexpr int64_t kUnroll = 4;

static ArrayRef<int64_t> shapeOf(Value value) { return cast<MemRefType>(value.getType()).getShape(); }

namespace {
/// Transformed tiles of a group: [position][tile][channel]. They are on the worker's stack, so that it finds in its cache what it left
/// there; a buffer for each part would come from memory.
struct Scratch {
  Value buffer;
  int64_t position, tile; ///< elements from one to the next
};

class GroupEmitter {
public:
  GroupEmitter(Winograd ops, int64_t group, unsigned registers, const DotIntrinsics &dots)
      : ops(ops), loc(ops.output.getLoc()), group(group), registers(registers), dots(dots) {}
  LogicalResult emit(OpBuilder &builder);

private:
  WinogradTile tileAt(OpBuilder &builder, Value first, Value tile, Value block);
  void emitInput(OpBuilder &builder, Value first);
  void emitProduct(OpBuilder &builder);
  void emitTile(OpBuilder &builder, Value left, Value right, Value out, RegisterTile shape);
  void emitOutput(OpBuilder &builder, Value first);
  Scratch allocate(OpBuilder &builder, int64_t channels, Type element);

  Winograd ops;
  Location loc;
  int64_t group;
  unsigned registers;
  DotIntrinsics dots;
  LinearView image, weights;
  Scratch transformed, products;
  std::optional<WinogradOutput> output;
};
} // namespace

Scratch GroupEmitter::allocate(OpBuilder &builder, int64_t channels, Type element) {
  int64_t tile = channels, position = spreadRow(group * tile, element);
  return {allocateOnStack(builder, loc, ops.positions() * position, element), position, tile};
}

LogicalResult GroupEmitter::emit(OpBuilder &builder) {
  FailureOr<LinearView> in = LinearView::get(builder, loc, ops.input.getInput());
  FailureOr<LinearView> right = LinearView::get(builder, loc, ops.product.getRhs());
  FailureOr<WinogradOutput> out = WinogradOutput::get(builder, ops.output);
  if (failed(in) || failed(right) || failed(out))
    return failure();
  std::tie(image, weights, output) = std::tuple(*in, *right, *out);
  int64_t groups = ops.tiles() / group, parts = std::min(kParts, groups);
  int64_t work = ops.tiles() * ops.positions() * ops.groupInputs() * ops.outputs() / ops.block();
  emitParallel(builder, loc, {parts}, work, [&](OpBuilder &outer, ValueRange ivs) {
    transformed = allocate(outer, ops.inputs(), weights.element);
    products = allocate(outer, ops.outputs(), kernel::getSumType(weights.element));
    emitPart(outer, loc, groups, ivs[0], parts, [&](OpBuilder &inner, Value index) {
      Value first = LinearIndex().add(index, group).emit(inner, loc);
      emitInput(inner, first);
      emitProduct(inner);
      emitOutput(inner, first);
    });
  });
  return success();
}

/// The tile with a number, of a block of channels.
WinogradTile GroupEmitter::tileAt(OpBuilder &builder, Value first, Value tile, Value block) {
  ArrayRef<int64_t> perImage = ops.input.getTiles();
  SmallVector<Value> at = delinearize(builder, loc, arith::AddIOp::create(builder, loc, first, tile),
                                      {shapeOf(ops.input.getInput())[0], perImage[0], perImage[1]});
  return {at[0], block, at[1], at[2]};
}

void GroupEmitter::emitInput(OpBuilder &builder, Value first) {
  int64_t channels = ops.inputs(), block = ops.block();
  emitLoop(builder, loc, 0, channels / block, 1, {}, [&](OpBuilder &outer, Value channelBlock, ValueRange) {
    emitLoop(outer, loc, 0, group, 1, {}, [&](OpBuilder &inner, Value tile, ValueRange) {
      LinearIndex to;
      to.add(tile, transformed.tile).add(channelBlock, block);
      WinogradTile at = tileAt(inner, first, tile, channelBlock);
      emitInputTile(inner, ops.input, image, at, [&](int64_t position, Value value) {
        storeLanes(inner, loc, value, transformed.buffer, LinearIndex(to).add(position * transformed.position).emit(inner, loc));
      });
      return SmallVector<Value>();
    });
    return SmallVector<Value>();
  });
}

void GroupEmitter::emitProduct(OpBuilder &builder) {
  int64_t block = ops.block(), channelGroups = ops.product.getGroups(), groupBlocks = ops.outputs() / block / channelGroups;
  RegisterTile shape = chooseCuts(group, groupBlocks, countCachedRows(transformed.tile * Winograd::bytesOf(transformed.buffer)), registers);
  emitLoop(builder, loc, 0, ops.positions() * channelGroups, 1, {}, [&](OpBuilder &outer, Value product, ValueRange) {
    SmallVector<Value> at = delinearize(outer, loc, product, {ops.positions(), channelGroups});
    for (const Span &blocks : cutIntoTiles(groupBlocks, shape.blocks))
      emitLoop(outer, loc, 0, blocks.tiles, 1, {}, [&](OpBuilder &middle, Value blockTile, ValueRange) {
        Value firstBlock = LinearIndex(blocks.begin).add(at[1], groupBlocks).add(blockTile, blocks.size).emit(middle, loc);
        Value right = LinearIndex(weights.offset).add(at[0], weights.strides[0]).add(firstBlock, weights.strides[1]).emit(middle, loc);
        for (const Span &rows : cutIntoTiles(group, shape.positions))
          emitLoop(middle, loc, 0, rows.tiles, 1, {}, [&](OpBuilder &inner, Value rowTile, ValueRange) {
            Value row = LinearIndex(rows.begin).add(rowTile, rows.size).emit(inner, loc);
            LinearIndex from, to;
            from.add(at[0], transformed.position).add(row, transformed.tile).add(at[1], ops.groupInputs());
            to.add(at[0], products.position).add(row, products.tile).add(firstBlock, block);
            emitTile(inner, from.emit(inner, loc), right, to.emit(inner, loc), {rows.size, blocks.size});
            return SmallVector<Value>();
          });
        return SmallVector<Value>();
      });
    return SmallVector<Value>();
  });
}

/// A tile of accumulators through the whole reduction.
void GroupEmitter::emitTile(OpBuilder &builder, Value left, Value right, Value out, RegisterTile shape) {
  int64_t block = ops.block(), factors = kernel::getLaneFactors(weights.element);
  auto type = VectorType::get({block}, kernel::getSumType(weights.element));
  Value zero = arith::ConstantOp::create(builder, loc, cast<TypedAttr>(builder.getZeroAttr(type)));
  SmallVector<Value> sums(shape.size(), zero);
  sums = emitLoop(builder, loc, 0, ops.groupInputs() / factors, kUnroll, sums, [&](OpBuilder &inner, Value k, ValueRange carried) {
    Value from = LinearIndex().add(left, 1).add(k, factors).emit(inner, loc);
    Value weight = LinearIndex().add(right, 1).add(k, weights.strides[2]).emit(inner, loc);
    auto scalar = [&](int64_t p, int64_t u) {
      return loadFactors(inner, loc, transformed.buffer, LinearIndex(p * transformed.tile + u * factors).add(from, 1).emit(inner, loc));
    };
    auto vector = [&](int64_t b, int64_t u) {
      int64_t shift = b * weights.strides[1] + u * weights.strides[2];
      prefetch(inner, loc, weights.row, LinearIndex(shift + kPrefetchSteps * weights.strides[2]).add(weight, 1).emit(inner, loc));
      return loadLanes(inner, loc, weights.row, LinearIndex(shift).add(weight, 1).emit(inner, loc), block * factors);
    };
    return emitMultiplyAdds(inner, loc, carried, shape, kUnroll, scalar, vector, dots);
  });
  for (auto [i, sum] : llvm::enumerate(sums)) {
    int64_t shift = i / shape.blocks * products.tile + i % shape.blocks * block;
    storeLanes(builder, loc, sum, products.buffer, LinearIndex(shift).add(out, 1).emit(builder, loc));
  }
}

void GroupEmitter::emitOutput(OpBuilder &builder, Value first) {
  int64_t channels = ops.outputs(), block = ops.block();
  bool isWhole = shapeOf(ops.output.getInit())[3] % ops.output.getTile() == 0;
  emitLoop(builder, loc, 0, channels / block, 1, {}, [&](OpBuilder &outer, Value channelBlock, ValueRange) {
    emitLoop(outer, loc, 0, group, 1, {}, [&](OpBuilder &inner, Value tile, ValueRange) {
      LinearIndex from;
      from.add(tile, products.tile).add(channelBlock, block);
      output->emitTile(inner, tileAt(inner, first, tile, channelBlock), isWhole, [&](int64_t position) {
        return loadLanes(inner, loc, products.buffer, LinearIndex(from).add(position * products.position).emit(inner, loc), block);
      });
      return SmallVector<Value>();
    });
    return SmallVector<Value>();
  });
}

LogicalResult bn::emitWinogradGroups(OpBuilder &builder, Winograd ops, int64_t group, unsigned registers, const DotIntrinsics &dots) {
  return GroupEmitter(ops, group, registers, dots).emit(builder);
}
