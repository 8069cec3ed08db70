// EmitDepthwiseConv.cpp - emits the loops of a blocked depthwise convolution.
// SPDX-License-Identifier: Apache-2.0
//
//   forall (image, block of channels, row)
//     for x in tiles of positions
//       accumulators = bias
//       for each element under the tile's windows, unrolled: accumulators of its windows += element · weight
//       store epilogue(accumulators)

#include "EmitEach.h"
#include "Epilogue.h"
#include "ParallelLoop.h"
#include "bn/Codegen/Passes.h"

#include <map>

namespace bn {
#define GEN_PASS_DEF_EMITDEPTHWISECONVPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

/// Positions of a tile: more make long code and gain nothing.
static constexpr int64_t kMaxPositions = 14;

namespace {
class DepthwiseEmitter {
public:
  DepthwiseEmitter(kernel::DepthwiseConvOp op, unsigned registers) : op(op), loc(op.getLoc()), registers(registers) {}
  LogicalResult emit(OpBuilder &builder);

private:
  void emitTile(OpBuilder &builder, ValueRange ivs, Value column, int64_t positions);
  Value loadWeight(OpBuilder &builder, Value channels, int64_t kh, int64_t kw);

  kernel::DepthwiseConvOp op;
  Location loc;
  unsigned registers;
  LinearView input, weights, bias;
  std::optional<Epilogue> epilogue;
  int64_t block = 0;
};
} // namespace

static ArrayRef<int64_t> shapeOf(Value value) { return cast<MemRefType>(value.getType()).getShape(); }

/// The number of positions, at most `most`, whose tiles waste least of a row.
static int64_t choosePositions(int64_t columns, int64_t most) {
  auto cost = [&](int64_t p) { return llvm::divideCeil(columns, p) * 2 + columns; };
  int64_t best = 1;
  for (int64_t p = 1; p <= std::min(columns, most); ++p)
    if (cost(p) < cost(best) || (columns % p == 0 && cost(p) == cost(best)))
      best = p;
  return best;
}

LogicalResult DepthwiseEmitter::emit(OpBuilder &builder) {
  FailureOr<LinearOperands> operands = LinearOperands::get(builder, op, op.getInput(), op.getWeights());
  if (failed(operands))
    return failure();
  std::tie(input, weights, bias, epilogue) = std::tuple(operands->lhs, operands->rhs, operands->bias, operands->epilogue);
  ArrayRef<int64_t> out = shapeOf(op.getInit()), kernel = shapeOf(op.getWeights()).slice(1, 2);
  block = out[4];
  int64_t columns = out[3], positions = choosePositions(columns, std::min<int64_t>(kMaxPositions, registers / 2));
  int64_t work = out[0] * out[1] * out[2] * columns * kernel[0] * kernel[1];
  emitParallel(builder, loc, {out[0], out[1], out[2]}, work, [&](OpBuilder &row, ValueRange ivs) {
    int64_t rest = columns % positions, whole = columns - rest;
    emitLoop(row, loc, 0, whole, positions, {}, [&](OpBuilder &inner, Value column, ValueRange) {
      emitTile(inner, ivs, column, positions);
      return SmallVector<Value>();
    });
    if (rest)
      emitTile(row, ivs, arith::ConstantIndexOp::create(row, loc, whole), rest);
  });
  return success();
}

Value DepthwiseEmitter::loadWeight(OpBuilder &builder, Value channels, int64_t kh, int64_t kw) {
  LinearIndex index(weights.offset + kh * weights.strides[1] + kw * weights.strides[2]);
  return loadLanes(builder, loc, weights.row, index.add(channels, weights.strides[0]).emit(builder, loc), block);
}

void DepthwiseEmitter::emitTile(OpBuilder &builder, ValueRange ivs, Value column, int64_t positions) {
  ArrayRef<int64_t> kernel = shapeOf(op.getWeights()).slice(1, 2), strides = op.getStrides(), dilations = op.getDilations();
  auto type = VectorType::get({block}, input.element);
  Value start = op.getBias() ? loadLanes(builder, loc, bias.row,
                                         LinearIndex(bias.offset).add(ivs[1], bias.strides[0]).emit(builder, loc), block)
                             : arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type)).getResult();
  SmallVector<Value> sums(positions, start);
  Value base = LinearIndex(input.offset)
                   .add(ivs[0], input.strides[0])
                   .add(ivs[1], input.strides[1])
                   .add(ivs[2], strides[0] * input.strides[2])
                   .add(column, strides[1] * input.strides[3])
                   .emit(builder, loc);
  for (int64_t kh = 0; kh < kernel[0]; ++kh) {
    std::map<int64_t, SmallVector<std::pair<int64_t, int64_t>>> windows; // column of the input: (position, kw) that it serves
    for (int64_t p = 0; p < positions; ++p)
      for (int64_t kw = 0; kw < kernel[1]; ++kw)
        windows[p * strides[1] + kw * dilations[1]].emplace_back(p, kw);
    SmallVector<Value> row;
    for (int64_t kw = 0; kw < kernel[1]; ++kw)
      row.push_back(loadWeight(builder, ivs[1], kh, kw));
    for (auto &[at, users] : windows) {
      LinearIndex index(kh * dilations[0] * input.strides[2] + at * input.strides[3]);
      Value element = loadLanes(builder, loc, input.row, index.add(base, 1).emit(builder, loc), block);
      for (auto [p, kw] : users)
        sums[p] = vector::FMAOp::create(builder, loc, element, row[kw], sums[p]);
    }
  }
  for (int64_t p = 0; p < positions; ++p)
    epilogue->store(builder, loc, sums[p], {{ivs[0], ivs[1], ivs[2], column, Value()}, {0, 0, 0, p, 0}});
}

namespace {
struct EmitDepthwiseConvPass : bn::impl::EmitDepthwiseConvPassBase<EmitDepthwiseConvPass> {
  using EmitDepthwiseConvPassBase::EmitDepthwiseConvPassBase;

  void runOnOperation() override {
    auto emit = [&](auto op, OpBuilder &builder) { return DepthwiseEmitter(op, registers).emit(builder); };
    if (failed(emitEach<kernel::DepthwiseConvOp>(getOperation(), emit)))
      signalPassFailure();
  }
};
} // namespace
