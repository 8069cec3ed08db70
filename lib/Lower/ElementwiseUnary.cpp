// ElementwiseUnary.cpp - one element of the operators with one input that are no activations.
// SPDX-License-Identifier: Apache-2.0

#include "Elementwise.h"

using namespace mlir;

namespace bn::lower {

template <typename Op> static Value emitFloat(Element &e, ValueRange x) { return Op::create(e.b, x[0]); }

static Value emitAbs(Element &e, ValueRange x) {
  if (e.isFloat())
    return math::AbsFOp::create(e.b, x[0]);
  return e.isUnsigned() ? x[0] : e.select(e.less(x[0], e.num(0, x[0])), e.neg(x[0]), x[0]);
}

static Value emitSign(Element &e, ValueRange x) {
  Value zero = e.num(0, x[0]), one = e.num(1, x[0]);
  Value positive = e.select(e.less(zero, x[0]), one, zero);
  return e.isUnsigned() ? positive : e.select(e.less(x[0], zero), e.num(-1, x[0]), positive);
}

static Value emitIsNaN(Element &e, ValueRange x) { return arith::CmpFOp::create(e.b, arith::CmpFPredicate::UNO, x[0], x[0]); }

static Value emitIsInf(Element &e, ValueRange x) {
  double inf = std::numeric_limits<double>::infinity();
  Value positive = e.equal(x[0], e.num(inf, x[0])), negative = e.equal(x[0], e.num(-inf, x[0]));
  bool wantsPositive = e.n.node.getInt("detect_positive", 1), wantsNegative = e.n.node.getInt("detect_negative", 1);
  if (wantsPositive && wantsNegative)
    return arith::OrIOp::create(e.b, positive, negative);
  return wantsPositive ? positive : wantsNegative ? negative : number(e.b, e.b.getI1Type(), 0);
}

void addUnary(ElementwiseTable &table) {
  table["Abs"] = {Domain::Number, emitAbs};
  table["Neg"] = {Domain::Number, [](Element &e, ValueRange x) { return e.neg(x[0]); }};
  table["Sign"] = {Domain::Number, emitSign};
  table["Reciprocal"] = {Domain::Float, [](Element &e, ValueRange x) { return e.div(e.num(1, x[0]), x[0]); }};
  table["Sqrt"] = {Domain::Float, emitFloat<math::SqrtOp>};
  table["Exp"] = {Domain::Float, emitFloat<math::ExpOp>};
  table["Log"] = {Domain::Float, emitFloat<math::LogOp>};
  table["Ceil"] = {Domain::Float, emitFloat<math::CeilOp>};
  table["Floor"] = {Domain::Float, emitFloat<math::FloorOp>};
  table["Round"] = {Domain::Float, emitFloat<math::RoundEvenOp>};
  table["Erf"] = {Domain::Float, emitFloat<math::ErfOp>};
  table["Sin"] = {Domain::Float, emitFloat<math::SinOp>};
  table["Cos"] = {Domain::Float, emitFloat<math::CosOp>};
  table["Tan"] = {Domain::Float, emitFloat<math::TanOp>};
  table["Asin"] = {Domain::Float, emitFloat<math::AsinOp>};
  table["Acos"] = {Domain::Float, emitFloat<math::AcosOp>};
  table["Atan"] = {Domain::Float, emitFloat<math::AtanOp>};
  table["Sinh"] = {Domain::Float, emitFloat<math::SinhOp>};
  table["Cosh"] = {Domain::Float, emitFloat<math::CoshOp>};
  table["Asinh"] = {Domain::Float, emitFloat<math::AsinhOp>};
  table["Acosh"] = {Domain::Float, emitFloat<math::AcoshOp>};
  table["Atanh"] = {Domain::Float, emitFloat<math::AtanhOp>};
  table["IsNaN"] = {Domain::Float, emitIsNaN};
  table["IsInf"] = {Domain::Float, emitIsInf};
  table["Not"] = {Domain::Bool, [](Element &e, ValueRange x) -> Value {
                    return arith::XOrIOp::create(e.b, x[0], number(e.b, e.b.getI1Type(), 1));
                  }};
  table["BitwiseNot"] = {Domain::Integer, [](Element &e, ValueRange x) -> Value {
                           return arith::XOrIOp::create(e.b, x[0], e.num(-1, x[0]));
                         }};
}

} // namespace bn::lower
