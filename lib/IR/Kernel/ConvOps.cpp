// ConvOps.cpp - verifiers of the ops whose windows slide over blocked activations.
// SPDX-License-Identifier: Apache-2.0

#include "Constraints.h"
#include "bn/IR/Kernel/Kernel.h"
#include "bn/IR/Kernel/Winograd.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace bn::kernel;

/// C3: the last window ends inside the input.
static LogicalResult verifyWindow(Operation *op, Named input, Named init, ArrayRef<int64_t> window, ArrayRef<int64_t> strides,
                                  ArrayRef<int64_t> dilations) {
  for (int i : {0, 1}) {
    int64_t last = (init.shape()[2 + i] - 1) * strides[i] + (window[i] - 1) * dilations[i];
    if (last >= input.shape()[2 + i])
      return op->emitOpError("expected dimension ") << 2 + i << " of input to be above " << last << ", got " << input.shape()[2 + i];
  }
  return success();
}

LogicalResult ConvOp::verify() {
  Named input{"input", getInput()}, weights{"weights", getWeights()}, bias{"bias", getBias()}, init{"init", getInit()};
  bool planes = input.rank() == 4;
  if (failed(verifyRank(*this, input, planes ? 4 : 5)) || failed(verifyRank(*this, weights, 6)) || failed(verifyRank(*this, bias, 2)) ||
      failed(verifyRank(*this, init, 5)) || failed(verifyFactors(*this, input, weights, bias)) ||
      failed(verifyDestination(*this, getInit())))
    return failure();
  ArrayRef<int64_t> in = input.shape(), out = init.shape();
  Type factor = getElementTypeOrSelf(getInput());
  int64_t each = getLaneFactors(factor);
  if (planes && each > 1) // C1
    return emitOpError("expected blocks of ") << factor << ", got " << getInput().getType();
  int64_t groups = getGroups(), block = out[4], inputBlocks = planes ? 1 : in[1];
  if (inputBlocks % groups || out[1] % groups) // C2
    return emitOpError("expected 'groups' to divide the channel blocks ") << inputBlocks << " and " << out[1] << ", got " << groups;
  if (failed(verifySize(*this, init, 0, in[0])) || (!planes && failed(verifySize(*this, input, 4, block))) ||
      failed(verifySize(*this, weights, 0, out[1])) || failed(verifySize(*this, weights, 1, inputBlocks / groups)) ||
      failed(verifySize(*this, weights, 4, block / each)) || failed(verifySize(*this, weights, 5, block * each)))
    return failure();
  if (getBias() && (failed(verifySize(*this, bias, 0, out[1])) || failed(verifySize(*this, bias, 1, block))))
    return failure();
  int64_t most = weights.shape()[1] * block, channels = getChannels().value_or(most);
  if (channels > most || channels <= most - block) // C6
    return emitOpError("expected 'channels' in the last block, from ") << most - block + 1 << " to " << most << ", got " << channels;
  if (block % each || channels % each) // C7
    return emitOpError("expected blocks and 'channels' to be multiples of ") << each << ", got " << block << " and " << channels;
  if (planes && failed(verifySize(*this, input, 1, channels))) // C6
    return failure();
  if (failed(verifyWindow(*this, input, init, weights.shape().slice(2, 2), getStrides(), getDilations())))
    return failure();
  return verifyEpilogue(*this, getEpilogue(), getSumType(factor), getExtras(), init);
}

LogicalResult StrassenConvOp::verify() {
  Named input{"input", getInput()}, weights{"weights", getWeights()}, bias{"bias", getBias()}, init{"init", getInit()};
  if (failed(verifyRank(*this, input, 5)) || failed(verifyRank(*this, weights, 4)) || failed(verifyRank(*this, bias, 2)) ||
      failed(verifyRank(*this, init, 5)) || failed(verifyPrecision(*this, {input, weights, bias, init})) ||
      failed(verifyDestination(*this, getInit())))
    return failure();
  ArrayRef<int64_t> in = input.shape(), out = init.shape();
  if (in[1] % 2 || out[1] % 2) // C2
    return emitOpError("expected even numbers of channel blocks, got ") << in[1] << " and " << out[1];
  for (int64_t dim : {0, 2, 3, 4})
    if (failed(verifySize(*this, init, dim, in[dim])))
      return failure();
  constexpr int64_t products = 7;
  int64_t sizes[] = {out[1] / 2, products, in[1] * in[4] / 2, in[4]};
  for (auto [dim, size] : llvm::enumerate(sizes))
    if (failed(verifySize(*this, weights, dim, size)))
      return failure();
  if (getBias() && (failed(verifySize(*this, bias, 0, out[1])) || failed(verifySize(*this, bias, 1, out[4]))))
    return failure();
  return verifyEpilogue(*this, getEpilogue(), getElementTypeOrSelf(getInput()), getExtras(), init);
}

LogicalResult GroupedConvOp::verify() {
  Named input{"input", getInput()}, weights{"weights", getWeights()}, bias{"bias", getBias()}, init{"init", getInit()};
  if (failed(verifyRank(*this, input, 5)) || failed(verifyRank(*this, weights, 5)) || failed(verifyRank(*this, bias, 2)) ||
      failed(verifyRank(*this, init, 5)) || failed(verifyPrecision(*this, {input, weights, bias})) ||
      failed(verifyDestination(*this, getInit())))
    return failure();
  ArrayRef<int64_t> in = input.shape();
  if (failed(verifySize(*this, init, 0, in[0])) || failed(verifySize(*this, init, 1, in[1])) || failed(verifySize(*this, init, 4, in[4])) ||
      failed(verifySize(*this, weights, 0, in[1])) || failed(verifySize(*this, weights, 4, in[4])))
    return failure();
  if (in[4] % weights.shape()[1]) // C2
    return emitOpError("expected a group to divide the block of ") << in[4] << " channels, got " << weights.shape()[1];
  if (getBias() && (failed(verifySize(*this, bias, 0, in[1])) || failed(verifySize(*this, bias, 1, in[4]))))
    return failure();
  if (failed(verifyWindow(*this, input, init, weights.shape().slice(2, 2), getStrides(), getDilations())))
    return failure();
  return verifyEpilogue(*this, getEpilogue(), getElementTypeOrSelf(getWeights()), getExtras(), init);
}

LogicalResult WinogradInputOp::verify() {
  Named input{"input", getInput()}, init{"init", getInit()};
  int64_t tile = getTile(), side = countWinogradInputs(tile, getStride());
  if (failed(verifyRank(*this, input, 5)) || failed(verifyRank(*this, init, 3)) || failed(verifyPrecision(*this, {input, init})) ||
      failed(verifyDestination(*this, getInit())))
    return failure();
  ArrayRef<int64_t> in = input.shape(), tiles = getTiles();
  for (int i : {0, 1})
    if (int64_t least = countWinogradInputs(tiles[i] * tile, getStride()); least > in[2 + i]) // C3
      return emitOpError("expected dimension ") << 2 + i << " of input to be at least " << least << ", got " << in[2 + i];
  if (failed(verifySize(*this, init, 0, side * side)) || failed(verifySize(*this, init, 1, in[0] * tiles[0] * tiles[1])))
    return failure();
  return verifySize(*this, init, 2, in[1] * in[4]);
}

LogicalResult WinogradOutputOp::verify() {
  Named input{"input", getInput()}, bias{"bias", getBias()}, init{"init", getInit()};
  int64_t tile = getTile(), side = countWinogradInputs(tile, getStride());
  if (failed(verifyRank(*this, input, 3)) || failed(verifyRank(*this, bias, 2)) || failed(verifyRank(*this, init, 5)) ||
      failed(verifyPrecision(*this, {input, bias})) || failed(verifyDestination(*this, getInit())))
    return failure();
  ArrayRef<int64_t> out = init.shape();
  int64_t tiles = out[0] * llvm::divideCeil(out[2], tile) * llvm::divideCeil(out[3], tile);
  if (failed(verifySize(*this, input, 0, side * side)) || failed(verifySize(*this, input, 1, tiles)) ||
      failed(verifySize(*this, input, 2, out[1] * out[4])))
    return failure();
  if (getBias() && (failed(verifySize(*this, bias, 0, out[1])) || failed(verifySize(*this, bias, 1, out[4]))))
    return failure();
  return verifyEpilogue(*this, getEpilogue(), getElementTypeOrSelf(getInput()), getExtras(), init);
}

LogicalResult PoolOp::verify() {
  Named input{"input", getInput()}, init{"init", getInit()};
  if (failed(verifyRank(*this, input, 5)) || failed(verifyRank(*this, init, 5)) || failed(verifyPrecision(*this, {input, init})) ||
      failed(verifyDestination(*this, getInit())))
    return failure();
  for (int64_t dim : {0, 1, 4})
    if (failed(verifySize(*this, init, dim, input.shape()[dim])))
      return failure();
  for (int i : {0, 1}) { // C3
    int64_t first = (getWindow()[i] - 1) * getDilations()[i] - getPads()[i];
    int64_t last = (init.shape()[2 + i] - 1) * getStrides()[i] - getPads()[i];
    if (first < 0 || last >= input.shape()[2 + i])
      return emitOpError("expected every window to hold an element of the input");
  }
  return success();
}
