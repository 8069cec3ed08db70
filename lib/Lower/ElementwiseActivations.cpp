// ElementwiseActivations.cpp - one element of the activations. NaN goes through all of them.
// SPDX-License-Identifier: Apache-2.0

#include "Elementwise.h"

using namespace mlir;

namespace bn::lower {

/// x where it is not negative, otherwise what `negative` says.
static Value byNegative(Element &e, Value x, Value negative) { return e.select(e.less(x, e.num(0, x)), negative, x); }

static Value expm1(Element &e, Value x) { return math::ExpM1Op::create(e.b, x); }

static Value emitHardSigmoid(Element &e, Value x, double alpha, double beta) {
  Value line = e.add(e.mul(x, e.num(alpha, x)), e.num(beta, x));
  return e.atMost(e.atLeast(line, e.num(0, x)), e.num(1, x));
}

static Value emitElu(Element &e, ValueRange x) {
  return byNegative(e, x[0], e.mul(e.attr("alpha", 1.0, x[0]), expm1(e, x[0])));
}

static Value emitSelu(Element &e, ValueRange x) {
  Value alpha = e.attr("alpha", 1.67326319217681884765625, x[0]), gamma = e.attr("gamma", 1.05070102214813232421875, x[0]);
  return e.mul(gamma, byNegative(e, x[0], e.mul(alpha, expm1(e, x[0]))));
}

/// max(0, x) + min(0, alpha·(e^(x/alpha) − 1))
static Value emitCelu(Element &e, ValueRange x) {
  Value alpha = e.attr("alpha", 1.0, x[0]), zero = e.num(0, x[0]);
  return e.add(e.max(zero, x[0]), e.min(zero, e.mul(alpha, expm1(e, e.div(x[0], alpha)))));
}

static Value emitGelu(Element &e, ValueRange x) {
  Value half = e.mul(e.num(0.5, x[0]), x[0]), one = e.num(1, x[0]);
  if (e.n.node.getString("approximate", "none") != "tanh")
    return e.mul(half, e.add(one, math::ErfOp::create(e.b, e.mul(x[0], e.num(0.70710678118654752, x[0])))));
  Value cube = e.mul(x[0], e.mul(x[0], x[0]));
  Value inner = e.mul(e.num(0.79788456080286536, x[0]), e.add(x[0], e.mul(e.num(0.044715, x[0]), cube)));
  return e.mul(half, e.add(one, math::TanhOp::create(e.b, inner)));
}

/// Integers are moved as real numbers, and what that gives is truncated.
static Value emitShrinkOfIntegers(Element &e, Value x) {
  Type wide = e.b.getF64Type();
  Value real = e.isUnsigned() ? arith::UIToFPOp::create(e.b, wide, x).getResult() : arith::SIToFPOp::create(e.b, wide, x).getResult();
  Value lambda = e.attr("lambd", 0.5, real), bias = e.attr("bias", 0.0, real), low = arith::NegFOp::create(e.b, lambda);
  Value above = e.select(e.less(lambda, real), arith::SubFOp::create(e.b, real, bias), e.num(0, real));
  Value result = e.select(e.less(real, low), arith::AddFOp::create(e.b, real, bias), above);
  return e.isUnsigned() ? arith::FPToUIOp::create(e.b, x.getType(), result).getResult()
                        : arith::FPToSIOp::create(e.b, x.getType(), result).getResult();
}

static Value emitShrink(Element &e, ValueRange x) {
  if (!e.isFloat())
    return emitShrinkOfIntegers(e, x[0]);
  Value lambda = e.attr("lambd", 0.5, x[0]), bias = e.attr("bias", 0.0, x[0]);
  Value above = e.select(e.less(lambda, x[0]), e.sub(x[0], bias), e.num(0, x[0]));
  return e.select(e.less(x[0], e.neg(lambda)), e.add(x[0], bias), above);
}

/// Limits from inputs 1 and 2, or from attributes before version 11. An absent limit does not limit.
static Value emitClip(Element &e, ValueRange x) {
  auto limit = [&](unsigned i, StringRef name) -> Value {
    if (i < x.size() && x[i])
      return x[i];
    auto attr = dyn_cast_or_null<FloatAttr>(e.n.node.getNodeAttr(name));
    return attr ? e.num(attr.getValueAsDouble(), x[0]) : Value();
  };
  Value result = x[0];
  if (Value low = limit(1, "min"))
    result = e.atLeast(result, low);
  if (Value high = limit(2, "max"))
    result = e.atMost(result, high);
  return result;
}

void addActivations(ElementwiseTable &table) {
  table["Relu"] = {Domain::Number, [](Element &e, ValueRange x) { return e.atLeast(x[0], e.num(0, x[0])); }};
  table["LeakyRelu"] = {Domain::Float, [](Element &e, ValueRange x) {
                          return byNegative(e, x[0], e.mul(e.attr("alpha", 0.01f, x[0]), x[0]));
                        }};
  table["PRelu"] = {Domain::Number, [](Element &e, ValueRange x) { return byNegative(e, x[0], e.mul(x[1], x[0])); }};
  table["ThresholdedRelu"] = {Domain::Float, [](Element &e, ValueRange x) {
                                return e.select(e.less(e.attr("alpha", 1.0, x[0]), x[0]), x[0], e.num(0, x[0]));
                              }};
  table["Sigmoid"] = {Domain::Float, [](Element &e, ValueRange x) { return e.sigmoid(x[0]); }};
  table["Swish"] = {Domain::Float, [](Element &e, ValueRange x) {
                      return e.mul(x[0], e.sigmoid(e.mul(e.attr("alpha", 1.0, x[0]), x[0])));
                    }};
  table["HardSigmoid"] = {Domain::Float, [](Element &e, ValueRange x) {
                            return emitHardSigmoid(e, x[0], e.n.node.getFloat("alpha", 0.2f), e.n.node.getFloat("beta", 0.5f));
                          }};
  table["HardSwish"] = {Domain::Float, [](Element &e, ValueRange x) {
                          return e.mul(x[0], emitHardSigmoid(e, x[0], 1.0 / 6, 0.5));
                        }};
  table["Tanh"] = {Domain::Float, [](Element &e, ValueRange x) -> Value { return math::TanhOp::create(e.b, x[0]); }};
  table["Elu"] = {Domain::Float, emitElu};
  table["Selu"] = {Domain::Float, emitSelu};
  table["Celu"] = {Domain::Float, emitCelu};
  table["Gelu"] = {Domain::Float, emitGelu};
  table["Softplus"] = {Domain::Float, [](Element &e, ValueRange x) { return e.softplus(x[0]); }};
  table["Softsign"] = {Domain::Float, [](Element &e, ValueRange x) {
                         return e.div(x[0], e.add(e.num(1, x[0]), math::AbsFOp::create(e.b, x[0])));
                       }};
  table["Mish"] = {Domain::Float, [](Element &e, ValueRange x) {
                     return e.mul(x[0], math::TanhOp::create(e.b, e.softplus(x[0])));
                   }};
  table["Shrink"] = {Domain::Number, emitShrink};
  table["Clip"] = {Domain::Number, emitClip};
}

} // namespace bn::lower
