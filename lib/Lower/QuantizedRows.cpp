// QuantizedRows.cpp - rows rounded to 8 bits while the model runs, and their product with known weights of 8 bits.
// SPDX-License-Identifier: Apache-2.0

#include "QuantizedRows.h"
#include "Blocks.h"
#include "Constants.h"
#include "Elementwise.h"
#include "IntegerProducts.h"
#include "Reductions.h"

using namespace mlir;

namespace bn::lower {

static Value mapFloats(NodeLowering &n, RankedTensorType type, ValueRange inputs, function_ref<Value(Element &, ValueRange)> body) {
  return map(n.b, type, inputs, [&](Builder &inner, ValueRange v) {
    Element e(n, inner, type.getElementType());
    return body(e, v);
  });
}

QuantizedRows::QuantizedRows(NodeLowering &n, Value x) : n(n) {
  auto scalar = RankedTensorType::get({}, typeOf(x).getElementType());
  auto nearest = [](Element &e, Value v) -> Value { return math::RoundEvenOp::create(e.b, v); };
  Value low = reduceMin(n.b, x, {0, 1}), high = reduceMax(n.b, x, {0, 1});
  scale = mapFloats(n, scalar, {low, high}, [](Element &e, ValueRange v) {
    Value zero = e.num(0, v[0]), range = e.sub(e.atLeast(v[1], zero), e.atMost(v[0], zero));
    return e.select(e.equal(range, zero), e.num(1, zero), e.div(range, e.num(255, zero)));
  });
  zeroPoint = mapFloats(n, scalar, {low, scale}, [&](Element &e, ValueRange v) {
    Value zero = e.num(0, v[0]);
    return e.atMost(nearest(e, e.div(e.neg(e.atMost(v[0], zero)), v[1])), e.num(255, zero));
  });
  stored = mapFloats(n, typeOf(x), {x, scale, zeroPoint}, [&](Element &e, ValueRange v) {
    return e.atMost(e.atLeast(e.add(nearest(e, e.div(v[0], v[1])), v[2]), e.num(0, v[0])), e.num(255, v[0]));
  });
}

Value QuantizedRows::toReals() {
  return mapFloats(n, typeOf(stored), {stored, scale, zeroPoint}, [](Element &e, ValueRange v) {
    return e.mul(e.sub(v[0], v[2]), v[1]);
  });
}

StoredMatrix StoredMatrix::make(NodeLowering &n, const StoredWeights &weights, int64_t direction, int64_t first, int64_t count) {
  Builder &b = n.b;
  std::vector<int16_t> values;
  std::vector<int64_t> sums(count);
  for (int64_t k = 0; k < weights.depth; ++k) {
    auto row = weights.values.begin() + (direction * weights.depth + k) * weights.columns + first;
    values.insert(values.end(), row, row + count);
    for (int64_t c = 0; c < count; ++c)
      sums[c] += row[c];
  }
  RightFactors right = RightFactors::choose(
      n, std::move(values), count, [&](int64_t i) { return i % count; }, /*maySum=*/false);
  Type element = right.asBytes ? b.getI8Type() : b.getI16Type();
  StoredMatrix matrix{packFactors(n, right.values, {weights.depth, count}, element), Value(), Value()};
  if (right.asBytes)
    matrix.sums = constantSums(b, sums, {count});
  matrix.scales = constantTensor(b, makeFloats(b.getContext(), {count}, [&](MutableArrayRef<float> scales) {
                                   llvm::copy(ArrayRef(weights.scales).slice(direction * weights.columns + first, count), scales.begin());
                                 }));
  return matrix;
}

Value QuantizedRows::multiply(const StoredMatrix &matrix) {
  Builder &b = n.b;
  bool asBytes = static_cast<bool>(matrix.sums);
  Type element = typeOf(matrix.packed).getElementType();
  auto toInteger = [](Builder &b, Value real) -> Value { return arith::FPToSIOp::create(b, b.getI32Type(), real); };
  Value rows = map(b, RankedTensorType::get(shapeOf(stored), element), {stored, zeroPoint}, [&](Builder &b, ValueRange v) -> Value {
    Value number = asBytes ? v[0] : arith::SubFOp::create(b, v[0], v[1]).getResult();
    return arith::TruncIOp::create(b, element, toInteger(b, number));
  });
  Value init = empty(b, {shapeOf(stored)[0], typeOf(matrix.scales).getNumElements()}, b.getI32Type());
  rows = padDepth(b, rows);
  Value product =
      kernel::MatmulOp::create(b, init.getType(), rows, matrix.packed, Value(), ValueRange(), init, /*packed=*/true).getResult();
  SmallVector<Value> operands = {product, scale, matrix.scales};
  if (asBytes)
    operands.append({matrix.sums, zeroPoint});
  return map(b, RankedTensorType::get(shapeOf(product), b.getF32Type()), operands, [&](Builder &b, ValueRange v) -> Value {
    Value sum = asBytes ? arith::SubIOp::create(b, v[0], arith::MulIOp::create(b, v[3], toInteger(b, v[4]))).getResult() : v[0];
    return arith::MulFOp::create(b, arith::SIToFPOp::create(b, b.getF32Type(), sum), arith::MulFOp::create(b, v[1], v[2]));
  });
}

} // namespace bn::lower
