// IntegerProducts.cpp - MatMulInteger, and the two sides of a product of 8-bit integers as the kernels take them.
// SPDX-License-Identifier: Apache-2.0

#include "IntegerProducts.h"
#include "Blocks.h"
#include "Constants.h"

using namespace mlir;

namespace bn::lower {

/// What makes signed bytes unsigned.
static constexpr int64_t kSignBit = 128;

//===----------------------------------------------------------------------===//
// The two sides
//===----------------------------------------------------------------------===//

Value subtractZeroPoint(NodeLowering &n, unsigned i, unsigned zeroPoint, int64_t axis, Type type) {
  Builder &b = n.b;
  bool isUnsigned = n.inElement(i).isUnsignedInteger();
  Value x = convert(b, n.in(i), type, isUnsigned);
  if (!n.has(zeroPoint))
    return x;
  Value zero = convert(b, n.in(zeroPoint), type, isUnsigned);
  SmallVector<int64_t> shape(typeOf(x).getRank() - axis, 1);
  shape[0] = typeOf(zero).getNumElements();
  if (typeOf(zero).getRank() <= 1)
    zero = reshape(b, zero, typeOf(zero).getNumElements() == 1 ? Shape() : Shape(shape));
  return map(b, typeOf(x), {x, zero}, [](Builder &b, ValueRange v) -> Value { return arith::SubIOp::create(b, v[0], v[1]); });
}

std::optional<std::vector<int16_t>> subtractKnown(NodeLowering &n, unsigned i, unsigned zeroPoint, int64_t axis) {
  ArrayRef<char> bytes = getBytes(n.constant(i)), zeros = getBytes(n.constant(zeroPoint));
  Shape shape = n.inShape(i);
  if (bytes.empty() || (n.has(zeroPoint) && zeros.size() != 1 && static_cast<int64_t>(zeros.size()) != shape[axis]))
    return std::nullopt;
  bool isUnsigned = n.inElement(i).isUnsignedInteger();
  int64_t inner = ShapedType::getNumElements(shape.drop_front(axis + 1));
  std::vector<int16_t> differences(ShapedType::getNumElements(shape));
  for (auto [place, difference] : llvm::enumerate(differences)) {
    int64_t zero = zeros.empty() ? 0 : widen(zeros[zeros.size() == 1 ? 0 : place / inner % shape[axis]], isUnsigned);
    difference = static_cast<int16_t>(widen(bytes[bytes.size() == 1 ? 0 : place], isUnsigned) - zero);
  }
  return differences;
}

Value constantSums(Builder &b, ArrayRef<int64_t> numbers, Shape shape) {
  return constantTensor(b, makeIntegers(b.getI32Type(), shape, [&](function_ref<void(int64_t, int64_t)> set) {
                          for (auto [i, number] : llvm::enumerate(numbers))
                            set(i, number);
                        }));
}

Value LeftFactors::getBorder(Builder &b) const {
  if (known)
    return number(b, getElement(), static_cast<int8_t>(*known));
  return arith::TruncIOp::create(b, getElement(), tensor::ExtractOp::create(b, zero, ValueRange()));
}

Value LeftFactors::makeBias(Builder &b, ArrayRef<int64_t> sums, Shape shape) const {
  if (known && *known == 0)
    return {};
  int64_t factor = -known.value_or(1);
  Value constant = constantSums(b, llvm::map_to_vector(sums, [&](int64_t sum) { return factor * sum; }), shape);
  if (known)
    return constant;
  return map(b, typeOf(constant), {constant, zero}, [](Builder &b, ValueRange v) -> Value { return arith::MulIOp::create(b, v[0], v[1]); });
}

LeftFactors prepareLeft(NodeLowering &n, IntegerOperands operands, int64_t axis, bool asBytes) {
  Builder &b = n.b;
  auto [left, leftZero, unused, unusedZero] = operands;
  if (!asBytes)
    return {subtractZeroPoint(n, left, leftZero, axis, b.getI16Type()), Value(), 0};
  bool isUnsigned = n.inElement(left).isUnsignedInteger();
  int64_t shift = isUnsigned ? 0 : kSignBit;
  LeftFactors factors{n.in(left), Value(), shift};
  if (!isUnsigned)
    factors.x = map(b, typeOf(factors.x), factors.x, [](Builder &b, ValueRange v) -> Value {
      return arith::XOrIOp::create(b, v[0], number(b, v[0].getType(), -kSignBit));
    });
  if (!n.has(leftZero))
    return factors;
  if (ArrayRef<char> zero = getBytes(n.constant(leftZero)); !zero.empty()) {
    factors.known = widen(zero[0], isUnsigned) + shift;
    return factors;
  }
  factors.known.reset();
  Value zero = convert(b, reshape(b, n.in(leftZero), {}), b.getI32Type(), isUnsigned);
  factors.zero = map(b, typeOf(zero), zero, [&](Builder &b, ValueRange v) -> Value {
    return arith::AddIOp::create(b, v[0], number(b, v[0].getType(), shift));
  });
  return factors;
}

RightFactors RightFactors::choose(NodeLowering &n, std::vector<int16_t> values, int64_t columns, function_ref<int64_t(int64_t)> columnOf,
                                  bool maySum) {
  RightFactors right{std::move(values), {}, false};
  if (!n.byteDots)
    return right;
  std::vector<int64_t> least(columns, 0), most(columns, 0), shifts(columns, 0);
  for (auto [i, value] : llvm::enumerate(right.values)) {
    int64_t column = columnOf(i);
    least[column] = std::min<int64_t>(least[column], value);
    most[column] = std::max<int64_t>(most[column], value);
  }
  for (int64_t column = 0; column < columns; ++column)
    if (least[column] < -kSignBit || most[column] >= kSignBit)
      shifts[column] = -kSignBit - least[column];
  right.asBytes = true;
  if (llvm::all_of(shifts, [](int64_t shift) { return shift == 0; }))
    return right;
  right.asBytes = maySum && columns > n.block; // the left side's own sums cost as much as one block
  if (!right.asBytes)
    return right;
  for (auto [i, value] : llvm::enumerate(right.values))
    value += shifts[columnOf(i)];
  right.shifts = std::move(shifts);
  return right;
}

RightFactors RightFactors::choose(NodeLowering &n, IntegerOperands operands, std::vector<int16_t> values, int64_t columns,
                                  function_ref<int64_t(int64_t)> columnOf, bool maySum) {
  bool hasOneZero = !n.has(operands.leftZero) || n.inType(operands.leftZero).getNumElements() == 1;
  return hasOneZero ? choose(n, std::move(values), columns, columnOf, maySum) : RightFactors{std::move(values), {}, false};
}

Value RightFactors::takeShifts(Builder &b, Value sums, Value lefts, Shape shape) const {
  return map(b, typeOf(sums), {sums, lefts, constantSums(b, shifts, shape)}, [](Builder &b, ValueRange v) -> Value {
    return arith::SubIOp::create(b, v[0], arith::MulIOp::create(b, v[1], v[2]));
  });
}

//===----------------------------------------------------------------------===//
// Matrix products
//===----------------------------------------------------------------------===//

Value packFactors(NodeLowering &n, ArrayRef<int16_t> factors, Shape matrix, Type element) {
  int64_t q = kernel::getLaneFactors(element), steps = ceilDiv(matrix[0], q), block = n.block;
  auto fill = [&](function_ref<void(int64_t, int64_t)> set) {
    for (int64_t k = 0; k < matrix[0]; ++k)
      for (int64_t c = 0; c < matrix[1]; ++c)
        set(((c / block * steps + k / q) * block + c % block) * q + k % q, factors[k * matrix[1] + c]);
  };
  return constantTensor(n.b, makeIntegers(element, {ceilDiv(matrix[1], block), steps, block * q}, fill));
}

/// Rows times known factors [K][N].
static Value multiplyRows(NodeLowering &n, const LeftFactors &left, Value rows, ArrayRef<int16_t> factors, Shape matrix) {
  Builder &b = n.b;
  std::vector<int64_t> sums(matrix[1]);
  for (auto [i, factor] : llvm::enumerate(factors))
    sums[i % matrix[1]] += factor;
  Value init = empty(b, {shapeOf(rows)[0], matrix[1]}, b.getI32Type());
  Value bias = left.makeBias(b, sums, {matrix[1]}), packed = packFactors(n, factors, matrix, left.getElement());
  return kernel::MatmulOp::create(b, init.getType(), rows, packed, bias, ValueRange(), init, /*packed=*/true).getResult();
}

/// Rows times a matrix that is known now.
static Value multiplyKnown(NodeLowering &n, IntegerOperands operands, std::vector<int16_t> factors) {
  Builder &b = n.b;
  Shape matrix = n.inShape(operands.right);
  auto columnOf = [&](int64_t i) { return i % matrix[1]; };
  RightFactors right = RightFactors::choose(n, operands, std::move(factors), matrix[1], columnOf, /*maySum=*/true);
  LeftFactors left = prepareLeft(n, operands, std::max<int64_t>(n.inType(operands.left).getRank() - 2, 0), right.asBytes);
  Value rows = padDepth(b, reshape(b, left.x, {typeOf(left.x).getNumElements() / matrix[0], matrix[0]}));
  Value product = multiplyRows(n, left, rows, right.values, matrix);
  if (!right.shifts.empty()) {
    std::vector<int16_t> ones(matrix[0], 1);
    product = right.takeShifts(b, product, multiplyRows(n, left, rows, ones, {matrix[0], 1}), {matrix[1]});
  }
  return reshape(b, product, n.outType().getShape());
}

/// Zero points vary by row of A and by column of B.
Value multiplyIntegers(NodeLowering &n, IntegerOperands operands) {
  auto [left, leftZero, right, rightZero] = operands;
  int64_t leftAxis = std::max<int64_t>(n.inType(left).getRank() - 2, 0), rightAxis = n.inType(right).getRank() - 1;
  bool isForKernel = n.block && n.outType().getNumElements() != 0 && n.inType(left).getNumElements() != 0;
  if (isForKernel && n.inType(right).getRank() == 2)
    if (auto factors = subtractKnown(n, right, rightZero, rightAxis))
      return multiplyKnown(n, operands, std::move(*factors));
  Type type = isForKernel ? n.b.getI16Type() : n.b.getI32Type();
  Value x = subtractZeroPoint(n, left, leftZero, leftAxis, type), y = subtractZeroPoint(n, right, rightZero, rightAxis, type);
  return multiplyBatches(n, x, y);
}

static LogicalResult lowerMatMulInteger(NodeLowering &n) {
  n.results.push_back(multiplyIntegers(n, {0, 2, 1, 3}));
  return success();
}

void addIntegerProducts(LoweringTable &table) { table["MatMulInteger"] = lowerMatMulInteger; }

} // namespace bn::lower
