// Quantization.cpp - ONNX category quantization: between reals and the integers that stand for them, and products of these.
// SPDX-License-Identifier: Apache-2.0
//
// real = (stored − zero point)·scale. Products are summed in 32-bit integers, scaled once, and stored again.

#include "Products.h"

#include <cmath>

using namespace mlir;

namespace bn::lower {

/// A scale or zero point as an operand that broadcasts to x: one number, one per index of `axis`, or one per block of it.
static Value spread(NodeLowering &n, unsigned i, Shape x) {
  Builder &b = n.b;
  Value parameter = n.in(i);
  int64_t rank = x.size(), axis = NodeLowering::wrap(n.node.getInt("axis", 1), rank), block = n.node.getInt("block_size", 0);
  if (typeOf(parameter).getNumElements() == 1)
    return reshape(b, parameter, {});
  if (typeOf(parameter).getRank() <= 1) {
    SmallVector<int64_t> shape(rank - axis, 1);
    shape[0] = typeOf(parameter).getNumElements();
    return reshape(b, parameter, shape);
  }
  if (block <= 1)
    return parameter;
  SmallVector<int64_t> split(shapeOf(parameter)), repeated(split), merged(split);
  split.insert(split.begin() + axis + 1, 1);
  repeated.insert(repeated.begin() + axis + 1, block);
  merged[axis] *= block;
  Value all = reshape(b, broadcast(b, reshape(b, parameter, split), repeated), merged);
  return slice(b, all, SmallVector<int64_t>(rank, 0), x, {});
}

/// An integer as a real of `type`.
static Value toReal(Builder &b, Value x, Type type, bool isUnsigned) {
  return isUnsigned ? arith::UIToFPOp::create(b, type, x).getResult() : arith::SIToFPOp::create(b, type, x).getResult();
}

/// The nearest integer of `to`, ties to even, after the zero point was added. NaN becomes the lowest.
static Value saturate(Builder &b, Value x, Value zeroPoint, Type to) {
  bool isUnsigned = to.isUnsignedInteger();
  unsigned width = to.getIntOrFloatBitWidth();
  double low = isUnsigned ? 0 : -std::ldexp(1, width - 1), high = std::ldexp(1, isUnsigned ? width : width - 1) - 1;
  x = math::RoundEvenOp::create(b, x);
  if (zeroPoint)
    x = arith::AddFOp::create(b, x, toReal(b, zeroPoint, x.getType(), isUnsigned));
  x = arith::MinNumFOp::create(b, arith::MaxNumFOp::create(b, x, number(b, x.getType(), low)), number(b, x.getType(), high));
  Value integer = arith::FPToSIOp::create(b, b.getI32Type(), x);
  return width == 32 ? integer : arith::TruncIOp::create(b, b.getIntegerType(width), integer).getResult();
}

/// Whether the integers are of 8 or 16 bits, which every float holds after rounding.
static bool isNarrow(Type type) { return type.isInteger(8) || type.isInteger(16); }

static LogicalResult lowerQuantizeLinear(NodeLowering &n) {
  Type to = n.outElement();
  if (!isNarrow(to))
    return n.fail("expected a result of 8 or 16 bits");
  bool isReal = isa<FloatType>(n.inElement(0));
  SmallVector<Value> operands = {n.in(0), spread(n, 1, n.inShape(0))};
  if (n.has(2))
    operands.push_back(spread(n, 2, n.inShape(0)));
  n.results.push_back(map(n.b, n.outType(), operands, [&](Builder &b, ValueRange v) -> Value {
    Value scale = isa<FloatType>(v[1].getType()) ? v[1] : toReal(b, v[1], b.getF32Type(), false); // of 32 bits, says the standard
    Value x = isReal ? v[0] : toReal(b, v[0], scale.getType(), n.inElement(0).isUnsignedInteger());
    return saturate(b, arith::DivFOp::create(b, convertFloat(b, x, scale.getType()), scale), v.size() > 2 ? v[2] : Value(), to);
  }));
  return success();
}

static LogicalResult lowerDequantizeLinear(NodeLowering &n) {
  Type from = n.inElement(0);
  if (isa<FloatType>(from))
    return n.fail("expected integers");
  bool isUnsigned = from.isUnsignedInteger();
  SmallVector<Value> operands = {n.in(0), spread(n, 1, n.inShape(0))};
  if (n.has(2))
    operands.push_back(spread(n, 2, n.inShape(0)));
  n.results.push_back(map(n.b, n.outType(), operands, [&](Builder &b, ValueRange v) -> Value {
    auto widen = [&](Value x) -> Value {
      if (x.getType().isInteger(32))
        return x;
      if (isUnsigned)
        return arith::ExtUIOp::create(b, b.getI32Type(), x);
      return arith::ExtSIOp::create(b, b.getI32Type(), x);
    };
    Value x = widen(v[0]);
    if (v.size() > 2)
      x = arith::SubIOp::create(b, x, widen(v[2]));
    return arith::MulFOp::create(b, toReal(b, x, v[1].getType(), false), v[1]);
  }));
  return success();
}

/// sum·(a·b/y) + zero point, stored. Scales vary by `axis` of the result, or not at all.
static Value requantize(NodeLowering &n, Value sum, unsigned aScale, unsigned bScale, unsigned yScale, unsigned yZero, int64_t axis) {
  auto parameter = [&](unsigned i) {
    SmallVector<int64_t> shape(n.outType().getRank() - axis, 1);
    int64_t count = n.inType(i).getNumElements();
    if (count > 1)
      shape[0] = count;
    return reshape(n.b, n.in(i), count > 1 ? Shape(shape) : Shape());
  };
  SmallVector<Value> operands = {sum, parameter(aScale), parameter(bScale), parameter(yScale)};
  if (n.has(yZero))
    operands.push_back(parameter(yZero));
  return map(n.b, n.outType(), operands, [&](Builder &b, ValueRange v) -> Value {
    Value scale = arith::DivFOp::create(b, arith::MulFOp::create(b, v[1], v[2]), v[3]);
    Value x = arith::MulFOp::create(b, toReal(b, v[0], scale.getType(), false), scale);
    return saturate(b, x, v.size() > 4 ? v[4] : Value(), n.outElement());
  });
}

/// x, its scale and zero point, filter, its scale and zero point, the result's, bias.
static LogicalResult lowerQLinearConv(NodeLowering &n) {
  Value sum = convolveIntegers(n, {0, 2, 3, 5});
  if (n.has(8))
    sum = mapChannels(n.b, typeOf(sum), sum, n.in(8), 1, [](Builder &b, ValueRange v) -> Value {
      return arith::AddIOp::create(b, v[0], v[1]);
    });
  n.results.push_back(requantize(n, sum, 1, 4, 6, 7, 1));
  return success();
}

/// a, its scale and zero point, b, its scale and zero point, the result's.
static LogicalResult lowerQLinearMatMul(NodeLowering &n) {
  if (n.inType(1).getNumElements() > 1)
    return n.fail("expected one scale for the left side");
  n.results.push_back(requantize(n, multiplyIntegers(n, {0, 2, 3, 5}), 1, 4, 6, 7, n.outType().getRank() - 1));
  return success();
}

void addQuantization(LoweringTable &table) {
  table["QuantizeLinear"] = lowerQuantizeLinear;
  table["DequantizeLinear"] = lowerDequantizeLinear;
  table["QLinearConv"] = lowerQLinearConv;
  table["QLinearMatMul"] = lowerQLinearMatMul;
}

} // namespace bn::lower
