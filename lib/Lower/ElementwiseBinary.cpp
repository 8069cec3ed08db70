// ElementwiseBinary.cpp - one element of the operators with two or more inputs.
// SPDX-License-Identifier: Apache-2.0

#include "Elementwise.h"

using namespace mlir;

namespace bn::lower {

/// Folds any number of inputs with one of Element's helpers.
template <Value (Element::*combine)(Value, Value)> static Value emitFold(Element &e, ValueRange x) {
  Value result = x[0];
  for (Value next : x.drop_front())
    result = (e.*combine)(result, next);
  return result;
}

template <typename Op> static Value emitBits(Element &e, ValueRange x) { return Op::create(e.b, x[0], x[1]); }

static Value emitMean(Element &e, ValueRange x) {
  return e.div(emitFold<&Element::add>(e, x), e.num(x.size(), x[0]));
}

static Value emitLessOrEqual(Element &e, Value x, Value y) {
  if (e.isFloat())
    return arith::CmpFOp::create(e.b, arith::CmpFPredicate::OLE, x, y);
  return arith::CmpIOp::create(e.b, e.isUnsigned() ? arith::CmpIPredicate::ule : arith::CmpIPredicate::sle, x, y);
}

/// An exponent of another type than the base is converted; the result has the base's type.
static Value emitPow(Element &e, ValueRange x) {
  auto constant = e.n.constantReals(1);
  if (constant && constant->size() == 1 && (*constant)[0] == 2.0)
    return e.mul(x[0], x[0]);
  if (constant && constant->size() == 1 && (*constant)[0] == 0.5 && e.isFloat())
    return math::SqrtOp::create(e.b, x[0]);
  Type wide = e.isFloat() ? x[0].getType() : e.b.getF64Type();
  auto real = [&](Value v, Type onnxType) -> Value {
    if (isa<FloatType>(onnxType))
      return convertFloat(e.b, v, wide);
    return onnxType.isUnsignedInteger() ? arith::UIToFPOp::create(e.b, wide, v).getResult()
                                        : arith::SIToFPOp::create(e.b, wide, v).getResult();
  };
  Value power = math::PowFOp::create(e.b, real(x[0], e.type), real(x[1], e.n.inElement(1)));
  return e.isFloat() ? power : arith::FPToSIOp::create(e.b, x[0].getType(), power).getResult();
}

/// The remainder has the divisor's sign, or with `fmod` the dividend's.
static Value emitMod(Element &e, ValueRange x) {
  Value rest = e.rem(x[0], x[1]);
  if (e.isUnsigned() || e.n.node.getInt("fmod", 0))
    return rest;
  Value zero = e.num(0, rest);
  Value differ = arith::XOrIOp::create(e.b, e.less(rest, zero), e.less(x[1], zero));
  Value nonZero = e.isFloat() ? arith::CmpFOp::create(e.b, arith::CmpFPredicate::UNE, rest, zero).getResult()
                              : arith::CmpIOp::create(e.b, arith::CmpIPredicate::ne, rest, zero).getResult();
  Value wrong = arith::AndIOp::create(e.b, differ, nonZero);
  return e.select(wrong, e.add(rest, x[1]), rest);
}

/// A shift by the width or more, as a number without sign, leaves nothing: zeros, or the sign of a signed number shifted right.
static Value emitBitShift(Element &e, ValueRange x) {
  int64_t width = x[0].getType().getIntOrFloatBitWidth();
  bool isLeft = e.n.node.getString("direction", "") == "LEFT", fillsSign = !isLeft && !e.isUnsigned();
  Value isLess = arith::CmpIOp::create(e.b, arith::CmpIPredicate::ult, x[1], e.num(width, x[0]));
  Value amount = e.select(isLess, x[1], e.num(fillsSign ? width - 1 : 0, x[0]));
  if (fillsSign)
    return arith::ShRSIOp::create(e.b, x[0], amount);
  Value shifted = isLeft ? arith::ShLIOp::create(e.b, x[0], amount).getResult() : arith::ShRUIOp::create(e.b, x[0], amount).getResult();
  return e.select(isLess, shifted, e.num(0, x[0]));
}

void addBinary(ElementwiseTable &table) {
  table["Add"] = {Domain::Number, emitFold<&Element::add>};
  table["Sub"] = {Domain::Number, emitFold<&Element::sub>};
  table["Mul"] = {Domain::Number, emitFold<&Element::mul>};
  table["Div"] = {Domain::Number, emitFold<&Element::div>};
  table["Sum"] = {Domain::Float, emitFold<&Element::add>};
  table["Max"] = {Domain::Number, emitFold<&Element::max>};
  table["Min"] = {Domain::Number, emitFold<&Element::min>};
  table["Mean"] = {Domain::Float, emitMean};
  table["Pow"] = {Domain::Number, emitPow};
  table["Mod"] = {Domain::Number, emitMod};
  table["Equal"] = {Domain::Any, emitFold<&Element::equal>};
  table["Less"] = {Domain::Number, emitFold<&Element::less>};
  table["Greater"] = {Domain::Number, [](Element &e, ValueRange x) { return e.less(x[1], x[0]); }};
  table["LessOrEqual"] = {Domain::Number, [](Element &e, ValueRange x) { return emitLessOrEqual(e, x[0], x[1]); }};
  table["GreaterOrEqual"] = {Domain::Number, [](Element &e, ValueRange x) { return emitLessOrEqual(e, x[1], x[0]); }};
  table["And"] = {Domain::Bool, emitBits<arith::AndIOp>};
  table["Or"] = {Domain::Bool, emitBits<arith::OrIOp>};
  table["Xor"] = {Domain::Bool, emitBits<arith::XOrIOp>};
  table["BitwiseAnd"] = {Domain::Integer, emitBits<arith::AndIOp>};
  table["BitwiseOr"] = {Domain::Integer, emitBits<arith::OrIOp>};
  table["BitwiseXor"] = {Domain::Integer, emitBits<arith::XOrIOp>};
  table["BitShift"] = {Domain::Integer, emitBitShift};
  table["Where"] = {Domain::Bool, [](Element &e, ValueRange x) { return e.select(x[0], x[1], x[2]); }};
}

} // namespace bn::lower
