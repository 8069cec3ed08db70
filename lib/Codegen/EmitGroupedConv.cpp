// EmitGroupedConv.cpp - emits the loops of a blocked convolution whose groups lie within blocks: depthwise, or of a few channels.
// SPDX-License-Identifier: Apache-2.0
//
//   forall (image, block of channels, row)
//     for x in tiles of positions
//       accumulators = bias
//       for each row of the windows, each channel i of a group, each element under the row, unrolled:
//         lanes of the element = its group's channel i;   accumulators of its windows += lanes · weight
//       store epilogue(accumulators)
//
// In a group of one channel the lanes are what they are. Else the rows of the windows are a loop: unrolled it is much code.

#include "EmitEach.h"
#include "Epilogue.h"
#include "ParallelLoop.h"
#include "bn/Codegen/Passes.h"

#include <map>

namespace bn {
#define GEN_PASS_DEF_EMITGROUPEDCONVPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

/// Positions of a tile: more make long code and gain nothing.
static constexpr int64_t kMaxPositions = 14;

namespace {
class GroupedEmitter {
public:
  GroupedEmitter(kernel::GroupedConvOp op, unsigned registers) : op(op), loc(op.getLoc()), registers(registers) {}
  LogicalResult emit(OpBuilder &builder);

private:
  void emitTile(OpBuilder &builder, ValueRange ivs, Value column, int64_t positions);
  SmallVector<Value> emitWindows(OpBuilder &builder, ValueRange ivs, Value column, ValueRange start);
  SmallVector<Value> emitRow(OpBuilder &builder, const LinearIndex &element, const LinearIndex &weight, ValueRange start);
  Value pickChannel(OpBuilder &builder, Value element, int64_t channel);

  kernel::GroupedConvOp op;
  Location loc;
  unsigned registers;
  LinearView input, weights, bias;
  std::optional<Epilogue> epilogue;
  int64_t block = 0, group = 0; ///< channels of both
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

LogicalResult GroupedEmitter::emit(OpBuilder &builder) {
  FailureOr<LinearOperands> operands = LinearOperands::get(builder, op, op.getInput(), op.getWeights());
  if (failed(operands))
    return failure();
  std::tie(input, weights, bias, epilogue) = std::tuple(operands->lhs, operands->rhs, operands->bias, operands->epilogue);
  ArrayRef<int64_t> out = shapeOf(op.getInit()), kernel = shapeOf(op.getWeights()).slice(2, 2);
  block = out[4];
  group = shapeOf(op.getWeights())[1];
  int64_t columns = out[3], positions = choosePositions(columns, std::min<int64_t>(kMaxPositions, registers / 2));
  int64_t work = out[0] * out[1] * out[2] * columns * kernel[0] * kernel[1] * group;
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

/// Each lane gets the element's channel `channel` of its own group.
Value GroupedEmitter::pickChannel(OpBuilder &builder, Value element, int64_t channel) {
  if (group == 1)
    return element;
  SmallVector<int64_t> lanes;
  for (int64_t lane = 0; lane < block; ++lane)
    lanes.push_back(lane / group * group + channel);
  return vector::ShuffleOp::create(builder, loc, element, element, lanes);
}

/// Adds what one row of the windows sees; `element` and `weight` are where the row begins.
SmallVector<Value> GroupedEmitter::emitRow(OpBuilder &builder, const LinearIndex &element, const LinearIndex &weight, ValueRange start) {
  int64_t kernelWidth = shapeOf(op.getWeights())[3], stride = op.getStrides()[1], dilation = op.getDilations()[1];
  std::map<int64_t, SmallVector<std::pair<int64_t, int64_t>>> windows; // column of the input: (position, kw) that it serves
  for (int64_t p = 0, positions = start.size(); p < positions; ++p)
    for (int64_t kw = 0; kw < kernelWidth; ++kw)
      windows[p * stride + kw * dilation].emplace_back(p, kw);
  SmallVector<Value> sums(start);
  auto load = [&](const LinearView &view, LinearIndex index, int64_t shift) {
    return widen(builder, loc, loadLanes(builder, loc, view.row, index.add(shift).emit(builder, loc), block));
  };
  for (int64_t channel = 0; channel < group; ++channel) {
    SmallVector<Value> row;
    for (int64_t kw = 0; kw < kernelWidth; ++kw)
      row.push_back(load(weights, weight, channel * weights.strides[1] + kw * weights.strides[3]));
    for (auto &[at, users] : windows) {
      Value lanes = pickChannel(builder, load(input, element, at * input.strides[3]), channel);
      for (auto [p, kw] : users)
        sums[p] = vector::FMAOp::create(builder, loc, lanes, row[kw], sums[p]);
    }
  }
  return sums;
}

SmallVector<Value> GroupedEmitter::emitWindows(OpBuilder &builder, ValueRange ivs, Value column, ValueRange start) {
  int64_t kernelHeight = shapeOf(op.getWeights())[2], rowStep = op.getDilations()[0] * input.strides[2];
  LinearIndex element(input.offset), weight(weights.offset);
  element.add(ivs[0], input.strides[0]).add(ivs[1], input.strides[1]);
  element.add(ivs[2], op.getStrides()[0] * input.strides[2]).add(column, op.getStrides()[1] * input.strides[3]);
  Value firstElement = element.emit(builder, loc), firstWeight = weight.add(ivs[1], weights.strides[0]).emit(builder, loc);
  if (group > 1)
    return emitLoop(builder, loc, 0, kernelHeight, 1, start, [&](OpBuilder &inner, Value kh, ValueRange carried) {
      return emitRow(inner, LinearIndex().add(firstElement, 1).add(kh, rowStep),
                     LinearIndex().add(firstWeight, 1).add(kh, weights.strides[2]), carried);
    });
  SmallVector<Value> sums(start);
  for (int64_t kh = 0; kh < kernelHeight; ++kh)
    sums = emitRow(builder, LinearIndex(kh * rowStep).add(firstElement, 1), LinearIndex(kh * weights.strides[2]).add(firstWeight, 1), sums);
  return sums;
}

void GroupedEmitter::emitTile(OpBuilder &builder, ValueRange ivs, Value column, int64_t positions) {
  auto type = VectorType::get({block}, weights.element);
  Value start = op.getBias()
                    ? loadLanes(builder, loc, bias.row, LinearIndex(bias.offset).add(ivs[1], bias.strides[0]).emit(builder, loc), block)
                    : arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type)).getResult();
  SmallVector<Value> sums = emitWindows(builder, ivs, column, SmallVector<Value>(positions, start));
  for (int64_t p = 0; p < positions; ++p)
    epilogue->store(builder, loc, sums[p], {{ivs[0], ivs[1], ivs[2], column, Value()}, {0, 0, 0, p, 0}});
}

namespace {
struct EmitGroupedConvPass : bn::impl::EmitGroupedConvPassBase<EmitGroupedConvPass> {
  using EmitGroupedConvPassBase::EmitGroupedConvPassBase;

  void runOnOperation() override {
    auto emit = [&](auto op, OpBuilder &builder) { return GroupedEmitter(op, registers).emit(builder); };
    if (failed(emitEach<kernel::GroupedConvOp>(getOperation(), emit)))
      signalPassFailure();
  }
};
} // namespace
