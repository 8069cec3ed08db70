// Convolutions.cpp - Conv, ConvInteger and ConvTranspose of any rank, group, stride, dilation and padding.
// SPDX-License-Identifier: Apache-2.0

#include "BlockedConvolution.h"
#include "Products.h"
#include "Window.h"

using namespace mlir;

namespace bn::lower {

/// Σ over input channels and taps, without bias: x is N×C×…, padded; weights are M×C/group×….
static Value convolve(Builder &b, Value x, Value weights, const Window &window, int64_t groups, Shape outShape, Type compute) {
  unsigned spatial = window.size();
  Shape in = shapeOf(x), filter = shapeOf(weights);
  int64_t perGroupIn = in[1] / groups, perGroupOut = filter[0] / groups;
  // Loops: n, g, m, out…, then c, taps….
  SmallVector<int64_t> splitIn = {in[0], groups, perGroupIn}, splitFilter = {groups, perGroupOut, perGroupIn};
  llvm::append_range(splitIn, in.drop_front(2));
  llvm::append_range(splitFilter, filter.drop_front(2));
  SmallVector<int64_t> splitOut = {outShape[0], groups, perGroupOut};
  llvm::append_range(splitOut, outShape.drop_front(2));
  unsigned parallel = 3 + spatial, loops = parallel + 1 + spatial;
  auto d = [&](unsigned i) { return b.getAffineDimExpr(i); };
  SmallVector<AffineExpr> inExprs = {d(0), d(1), d(parallel)}, filterExprs = {d(1), d(2), d(parallel)};
  for (unsigned i = 0; i < spatial; ++i) {
    inExprs.push_back(window.at(i, d(3 + i), d(parallel + 1 + i)));
    filterExprs.push_back(d(parallel + 1 + i));
  }
  SmallVector<AffineMap> maps = {AffineMap::get(loops, 0, inExprs, b.getContext()), AffineMap::get(loops, 0, filterExprs, b.getContext())};
  Value sum = contract(b, splitOut, {reshape(b, x, splitIn), reshape(b, weights, splitFilter)}, maps, parallel, number(b, compute, 0),
                       multiplyAdd);
  return reshape(b, sum, outShape);
}

/// Adds the bias, if any, and rounds to the result's type.
static Value addBias(NodeLowering &n, Value sum, Value bias) {
  if (!bias)
    return convert(n.b, sum, n.outType().getElementType());
  return mapChannels(n.b, n.outType(), sum, bias, 1, [](Builder &b, ValueRange v) -> Value {
    return arith::AddFOp::create(b, v[0], v[1]);
  });
}

static LogicalResult lowerConv(NodeLowering &n) {
  Builder &b = n.b;
  Shape out = n.outType().getShape();
  Type element = n.inType(0).getElementType();
  Window window = getWindow(n.node, n.inShape(1).drop_front(2), n.inShape(0).drop_front(2), out.drop_front(2));
  bool addsBias = false;
  if (Value result = convolveBlocked(n, n.in(0), window, n.node.getInt("group", 1), addsBias)) {
    n.results.push_back(addBias(n, result, addsBias ? Value() : n.in(2)));
    return success();
  }
  Value x = padForWindow(b, n.in(0), window, out.drop_front(2), number(b, element, 0));
  Value sum = convolve(b, x, n.in(1), window, n.node.getInt("group", 1), out, getComputeType(element));
  n.results.push_back(addBias(n, sum, n.in(2)));
  return success();
}

Value convolveIntegers(NodeLowering &n, IntegerOperands operands) {
  Builder &b = n.b;
  auto [input, inputZero, filter, filterZero] = operands;
  Shape out = n.outType().getShape();
  Window window = getWindow(n.node, n.inShape(filter).drop_front(2), n.inShape(input).drop_front(2), out.drop_front(2));
  Value x = padForWindow(b, subtractZeroPoint(n, input, inputZero, 0), window, out.drop_front(2), number(b, b.getI32Type(), 0));
  return convolve(b, x, subtractZeroPoint(n, filter, filterZero, 0), window, n.node.getInt("group", 1), out, b.getI32Type());
}

static LogicalResult lowerConvInteger(NodeLowering &n) {
  n.results.push_back(convolveIntegers(n, {0, 2, 1, 3}));
  return success();
}

/// Where the result of a ConvTranspose starts in the full correlation, by spatial dimension.
static SmallVector<int64_t> getTransposePads(NodeLowering &n, const Window &window, Ints in, Ints out) {
  auto outputShape = n.node.getInts("output_shape");
  StringRef automatic = n.node.getString("auto_pad", "NOTSET");
  bool isSame = automatic == "SAME_UPPER" || automatic == "SAME_LOWER";
  if (!outputShape && !isSame)
    return window.low;
  SmallVector<int64_t> begin;
  auto extra = n.node.getInts("output_padding");
  for (unsigned i = 0; i < window.size(); ++i) {
    int64_t total = std::max<int64_t>((in[i] - 1) * window.strides[i] + (extra ? (*extra)[i] : 0) + window.extent(i) - out[i], 0);
    begin.push_back(automatic == "SAME_UPPER" ? total / 2 : total - total / 2);
  }
  return begin;
}

/// Weights C×M/g×k… of a transposed convolution as those M×C/g×k… of the convolution that it is the gradient of, mirrored.
static Value mirrorFilter(Builder &b, Value weights, int64_t groups) {
  Shape shape = shapeOf(weights);
  int64_t perGroupIn = shape[0] / groups, perGroupOut = shape[1];
  SmallVector<int64_t> split = {groups, perGroupIn, perGroupOut}, swapped = {groups * perGroupOut, perGroupIn}, permutation = {0, 2, 1};
  llvm::append_range(split, shape.drop_front(2));
  llvm::append_range(swapped, shape.drop_front(2));
  llvm::append_range(permutation, llvm::seq<int64_t>(3, split.size()));
  Value result = reshape(b, transpose(b, reshape(b, weights, split), permutation), swapped);
  for (unsigned axis = 2; axis < swapped.size(); ++axis)
    if (swapped[axis] > 1)
      result = take(b, result, axis, llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(swapped[axis]))));
  return result;
}

/// x with stride − 1 zeros between its elements. Written in order: the op before x could not fuse into scattered places.
static Value spreadOut(Builder &b, Value x, Shape shape, Ints strides) {
  return generate(b, RankedTensorType::get(shape, typeOf(x).getElementType()), [&](Builder &b, ValueRange at) -> Value {
    SmallVector<Value> place;
    Value isElement = number(b, b.getI1Type(), 1);
    for (auto [i, stride] : llvm::zip(at, strides)) {
      place.push_back(arith::DivUIOp::create(b, i, index(b, stride)));
      Value rest = arith::RemUIOp::create(b, i, index(b, stride));
      Value isAligned = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, rest, index(b, 0));
      isElement = arith::AndIOp::create(b, isElement, isAligned);
    }
    Value element = tensor::ExtractOp::create(b, x, place);
    if (isa<FloatType>(element.getType()))
      element = convertFloat(b, element, getComputeType(element.getType()));
    return arith::SelectOp::create(b, isElement, element, number(b, element.getType(), 0));
  });
}

/// A convolution of stride 1 with the mirrored filter over the input with stride − 1 zeros between its elements.
static LogicalResult lowerConvTranspose(NodeLowering &n) {
  Builder &b = n.b;
  Shape in = n.inShape(0), out = n.outType().getShape();
  Type element = n.inType(0).getElementType();
  int64_t groups = n.node.getInt("group", 1);
  Window window = getWindow(n.node, n.inShape(1).drop_front(2), in.drop_front(2), out.drop_front(2));
  SmallVector<int64_t> begin = getTransposePads(n, window, in.drop_front(2), out.drop_front(2));
  SmallVector<int64_t> spread(in), strides(in.size(), 1), low = {0, 0}, high = {0, 0};
  for (unsigned i = 0; i < window.size(); ++i) {
    strides[i + 2] = window.strides[i];
    spread[i + 2] = (in[i + 2] - 1) * window.strides[i] + 1;
    low.push_back(window.extent(i) - 1 - begin[i]);
    high.push_back(out[i + 2] - 1 + window.extent(i) - spread[i + 2] - low.back());
  }
  Value x = n.in(0), zero = number(b, element, 0);
  if (Shape(spread) != in)
    x = spreadOut(b, x, spread, strides);
  window.strides.assign(window.size(), 1);
  Value sum = convolve(b, pad(b, x, low, high, zero), mirrorFilter(b, n.in(1), groups), window, groups, out, getComputeType(element));
  n.results.push_back(addBias(n, sum, n.in(2)));
  return success();
}

void addConvolutions(LoweringTable &table) {
  table["Conv"] = lowerConv;
  table["ConvInteger"] = lowerConvInteger;
  table["ConvTranspose"] = lowerConvTranspose;
}

} // namespace bn::lower
