// EmitConv.cpp - emits the loops of a blocked convolution around a tile of accumulators in registers.
// SPDX-License-Identifier: Apache-2.0
//
//   forall (image, tile of output channels, row)           or (image, row, tile), so that the larger operand is read once
//     for x in tiles of positions                          a second, smaller tile for the rest of a row
//       accumulators = bias
//       for input block, kh, kw, input channel             all in registers
//         accumulators += input[…] · weights[…]
//       store epilogue(accumulators)
//
// A 1×1 convolution of stride 1 has no rows: height and width merge and are cut into rows that tiles divide well.

#include "EmitEach.h"
#include "Epilogue.h"
#include "ParallelLoop.h"
#include "RegisterTile.h"
#include "bn/Codegen/Passes.h"

namespace bn {
#define GEN_PASS_DEF_EMITCONVPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

/// Input channels per iteration of the innermost loop; more only make the code longer.
static constexpr int64_t kUnroll = 4;
/// Positions of a merged row: long enough for tiles, short enough to share among workers.
static constexpr int64_t kMinRow = 24, kMaxRow = 128;

namespace {
class ConvEmitter {
public:
  ConvEmitter(kernel::ConvOp op, unsigned registers, const DotIntrinsics &dots)
      : op(op), loc(op.getLoc()), registers(registers), dots(dots) {}
  LogicalResult emit(OpBuilder &builder);

private:
  void chooseRows();
  void emitRow(OpBuilder &builder, Value image, Value tileIndex, Value row);
  void emitTile(OpBuilder &builder, Value image, Value firstBlock, Value row, Value column, RegisterTile shape);
  SmallVector<Value> emitReduction(OpBuilder &builder, Value image, Value firstBlock, Value row, Value column, ValueRange start,
                                   RegisterTile shape);
  SmallVector<Value> emitWindow(OpBuilder &builder, Value inputStart, const WeightPanel &panel, Value inputBlock, int64_t channels,
                                ValueRange start, RegisterTile shape);
  SmallVector<Value> emitChannels(OpBuilder &builder, Value inputBase, const WeightPanel &panel, Value weightBase, int64_t channels,
                                  ValueRange start, RegisterTile shape);

  kernel::ConvOp op;
  Location loc;
  unsigned registers;
  DotIntrinsics dots;
  LinearView input, weights, bias;
  std::optional<Epilogue> epilogue;
  RegisterTile tile;
  int64_t block, inputBlocks, outputBlocks, rows, columns; ///< blocks of one group; rows and columns after merging
  int64_t rowStep, columnStep;                             ///< elements of the input that a row, a column moves
  int64_t factors;                                         ///< input channels of a step: as many as fill a lane
  bool merged = false, prefetches = false;
};
} // namespace

static ArrayRef<int64_t> shapeOf(Value value) { return cast<MemRefType>(value.getType()).getShape(); }

/// Merges height and width where memory allows and chooses the width of a row with its tile.
void ConvEmitter::chooseRows() {
  ArrayRef<int64_t> in = shapeOf(op.getInput()), out = shapeOf(op.getInit()), kernel = shapeOf(op.getWeights()).slice(2, 2);
  rows = out[2];
  columns = out[3];
  rowStep = op.getStrides()[0] * input.strides[2];
  columnStep = op.getStrides()[1] * input.strides[3];
  auto choose = [&](int64_t width, int64_t rows) {
    return chooseTile(width, outputBlocks, registers, prefetches && rows == 1 ? kArrival : 0);
  };
  tile = choose(columns, rows);
  merged = kernel[0] == 1 && kernel[1] == 1 && op.getStrides()[0] == 1 && op.getStrides()[1] == 1 && in[3] == out[3] &&
           input.strides[2] == in[3] * input.strides[3] && epilogue->canMerge(2, 3);
  if (!merged)
    return;
  int64_t positions = rows * columns;
  double best = costOf(columns, tile) * rows;
  for (int64_t width = std::min(kMinRow, positions); width <= std::min(kMaxRow, positions); ++width) {
    if (positions % width)
      continue;
    RegisterTile candidate = choose(width, positions / width);
    if (double cost = costOf(width, candidate) * (positions / width); cost < best) {
      best = cost;
      tile = candidate;
      columns = width;
      rows = positions / width;
    }
  }
  rowStep = columns * columnStep;
}

LogicalResult ConvEmitter::emit(OpBuilder &builder) {
  FailureOr<LinearOperands> operands = LinearOperands::get(builder, op, op.getInput(), op.getWeights());
  if (failed(operands))
    return failure();
  std::tie(input, weights, bias, epilogue) = std::tuple(operands->lhs, operands->rhs, operands->bias, operands->epilogue);
  if (input.strides.size() == 4) // planes
    input.strides = {input.strides[0], 0, input.strides[2], input.strides[3], input.strides[1]};
  ArrayRef<int64_t> shape = shapeOf(op.getWeights()), out = shapeOf(op.getInit());
  factors = kernel::getLaneFactors(input.element);
  if (factors > 1 && input.strides[4] != 1)
    return failure();
  block = out[4];
  prefetches = isBeyondCache(op.getWeights());
  inputBlocks = shape[1];
  outputBlocks = out[1] / op.getGroups();
  chooseRows();
  int64_t images = out[0], tiles = out[1] / tile.blocks;
  int64_t work = images * out[1] * rows * columns * inputBlocks * block * shape[2] * shape[3];
  bool weightsLarger = ShapedType::getNumElements(shape) > ShapedType::getNumElements(shapeOf(op.getInput()));
  SmallVector<int64_t> sizes{images, weightsLarger ? tiles : rows, weightsLarger ? rows : tiles};
  emitParallel(builder, loc, sizes, work, [&](OpBuilder &inner, ValueRange ivs) {
    emitRow(inner, ivs[0], weightsLarger ? ivs[1] : ivs[2], weightsLarger ? ivs[2] : ivs[1]);
  });
  return success();
}

void ConvEmitter::emitRow(OpBuilder &builder, Value image, Value tileIndex, Value row) {
  Value firstBlock = LinearIndex().add(tileIndex, tile.blocks).emit(builder, loc);
  int64_t rest = columns % tile.positions, whole = columns - rest;
  emitLoop(builder, loc, 0, whole, tile.positions, {}, [&](OpBuilder &inner, Value column, ValueRange) {
    emitTile(inner, image, firstBlock, row, column, tile);
    return SmallVector<Value>();
  });
  if (rest)
    emitTile(builder, image, firstBlock, row, arith::ConstantIndexOp::create(builder, loc, whole), {rest, tile.blocks});
}

void ConvEmitter::emitTile(OpBuilder &builder, Value image, Value firstBlock, Value row, Value column, RegisterTile shape) {
  SmallVector<Value> start;
  for (int64_t b = 0; b < shape.blocks; ++b) {
    auto type = VectorType::get({block}, kernel::getSumType(input.element));
    if (op.getBias()) {
      LinearIndex index(bias.offset + b * bias.strides[0]);
      start.push_back(loadLanes(builder, loc, bias.row, index.add(firstBlock, bias.strides[0]).emit(builder, loc), block));
    } else {
      start.push_back(arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type)));
    }
  }
  SmallVector<Value> all;
  for (int64_t p = 0; p < shape.positions; ++p)
    llvm::append_range(all, start);
  SmallVector<Value> sums = emitReduction(builder, image, firstBlock, row, column, all, shape);
  // Merged rows are positions of one long row, of which the output's third index is the start.
  Value outputColumn = merged ? LinearIndex().add(row, columns).add(column, 1).emit(builder, loc) : column;
  for (int64_t p = 0; p < shape.positions; ++p)
    for (int64_t b = 0; b < shape.blocks; ++b)
      epilogue->store(builder, loc, sums[p * shape.blocks + b],
                      {{image, firstBlock, merged ? Value() : row, outputColumn, Value()}, {0, b, 0, p, 0}});
}

SmallVector<Value> ConvEmitter::emitReduction(OpBuilder &builder, Value image, Value firstBlock, Value row, Value column,
                                              ValueRange start, RegisterTile shape) {
  LinearIndex inputIndex(input.offset), weightIndex(weights.offset);
  inputIndex.add(image, input.strides[0]).add(row, rowStep).add(column, columnStep);
  weightIndex.add(firstBlock, weights.strides[0]);
  if (op.getGroups() > 1) {
    Value perGroup = arith::ConstantIndexOp::create(builder, loc, outputBlocks);
    Value group = arith::DivUIOp::create(builder, loc, firstBlock, perGroup);
    inputIndex.add(group, inputBlocks * input.strides[1]);
  }
  Value inputStart = inputIndex.emit(builder, loc);
  int64_t stride = weights.strides[0], step = weights.strides[4];
  WeightPanel panel{weights.row, weightIndex.emit(builder, loc), shape.blocks, stride, stride / step, step};
  // The last block of channels may be partly empty; what is empty is not read.
  int64_t channels = op.getChannels().value_or(inputBlocks * block), whole = channels / block;
  SmallVector<Value> sums = emitLoop(builder, loc, 0, whole, 1, start, [&](OpBuilder &inner, Value inputBlock, ValueRange carried) {
    return emitWindow(inner, inputStart, panel, inputBlock, block, carried, shape);
  });
  if (int64_t rest = channels % block)
    sums = emitWindow(builder, inputStart, panel, arith::ConstantIndexOp::create(builder, loc, whole), rest, sums, shape);
  return sums;
}

SmallVector<Value> ConvEmitter::emitWindow(OpBuilder &builder, Value inputStart, const WeightPanel &panel, Value inputBlock,
                                           int64_t channels, ValueRange start, RegisterTile shape) {
  ArrayRef<int64_t> kernel = shapeOf(op.getWeights()).slice(2, 2);
  return emitLoop(builder, loc, 0, kernel[0], 1, start, [&](OpBuilder &b1, Value kh, ValueRange s1) {
    return emitLoop(b1, loc, 0, kernel[1], 1, s1, [&](OpBuilder &b2, Value kw, ValueRange s2) {
      LinearIndex input, weight;
      input.add(inputStart, 1).add(inputBlock, this->input.strides[1]);
      input.add(kh, op.getDilations()[0] * this->input.strides[2]).add(kw, op.getDilations()[1] * this->input.strides[3]);
      weight.add(panel.start, 1).add(inputBlock, weights.strides[1]).add(kh, weights.strides[2]).add(kw, weights.strides[3]);
      return emitChannels(b2, input.emit(b2, loc), panel, weight.emit(b2, loc), channels, s2, shape);
    });
  });
}

SmallVector<Value> ConvEmitter::emitChannels(OpBuilder &builder, Value inputBase, const WeightPanel &panel, Value weightBase,
                                             int64_t channels, ValueRange start, RegisterTile shape) {
  int64_t steps = channels / factors, unroll = steps % kUnroll ? steps : kUnroll, inputStep = factors * input.strides[4];
  return emitLoop(builder, loc, 0, steps, unroll, start, [&](OpBuilder &inner, Value step, ValueRange sums) {
    Value inputAt = LinearIndex().add(inputBase, 1).add(step, inputStep).emit(inner, loc);
    Value weightAt = LinearIndex().add(weightBase, 1).add(step, panel.stepStride).emit(inner, loc);
    auto scalar = [&](int64_t p, int64_t u) {
      return loadFactors(inner, loc, input.row, LinearIndex(p * columnStep + u * inputStep).add(inputAt, 1).emit(inner, loc));
    };
    PanelLoader vector(inner, loc, panel, weightAt, prefetches, block * factors);
    return emitMultiplyAdds(inner, loc, sums, shape, unroll, scalar, vector, dots);
  });
}

namespace {
struct EmitConvPass : bn::impl::EmitConvPassBase<EmitConvPass> {
  using EmitConvPassBase::EmitConvPassBase;

  void runOnOperation() override {
    auto emit = [&](auto op, OpBuilder &builder) { return ConvEmitter(op, registers, {byteDot, bfloatDot}).emit(builder); };
    if (failed(emitEach<kernel::ConvOp>(getOperation(), emit)))
      signalPassFailure();
  }
};
} // namespace
