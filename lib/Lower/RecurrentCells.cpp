// RecurrentCells.cpp - one step of RNN, GRU and LSTM in one direction.
// SPDX-License-Identifier: Apache-2.0
//
// A step is the product of the state with its weights and one elementwise op per new state.

#include "RecurrentCells.h"

#include "Blocks.h"
#include "Constants.h"
#include "Products.h"

using namespace mlir;

namespace bn::lower {

Value Activation::emit(Element &e, Value x) const {
  auto a = [&](double fallback) { return e.num(alpha.value_or(fallback), x); };
  auto c = [&](double fallback) { return e.num(beta.value_or(fallback), x); };
  Value zero = e.num(0, x), one = e.num(1, x);
  if (clip > 0)
    x = e.atMost(e.atLeast(x, e.num(-clip, x)), e.num(clip, x));
  auto tanh = [&](Value y) -> Value { return math::TanhOp::create(e.b, y); };
  if (name == "sigmoid")
    return e.sigmoid(x);
  if (name == "tanh")
    return tanh(x);
  if (name == "relu")
    return e.atLeast(x, zero);
  if (name == "affine")
    return e.add(e.mul(a(1), x), c(0));
  if (name == "leakyrelu")
    return e.select(e.less(x, zero), e.mul(a(0.01f), x), x);
  if (name == "thresholdedrelu")
    return e.select(e.less(a(1), x), x, zero);
  if (name == "scaledtanh")
    return e.mul(a(1), tanh(e.mul(c(0), x)));
  if (name == "hardsigmoid")
    return e.atMost(e.atLeast(e.add(e.mul(a(0.2f), x), c(0.5)), zero), one);
  if (name == "elu")
    return e.select(e.less(x, zero), e.mul(a(1), math::ExpM1Op::create(e.b, x)), x);
  if (name == "softsign")
    return e.div(x, e.add(one, math::AbsFOp::create(e.b, x)));
  return e.softplus(x);
}

bool isKnownActivation(StringRef activation) {
  static constexpr StringLiteral names[] = {"sigmoid",    "tanh",        "relu", "affine",   "leakyrelu", "thresholdedrelu",
                                            "scaledtanh", "hardsigmoid", "elu",  "softsign", "softplus"};
  return llvm::is_contained(names, activation);
}

//===----------------------------------------------------------------------===//
// Pieces of a step
//===----------------------------------------------------------------------===//

bool Direction::isPacked(const Weights &weights) const {
  bool isKnown = static_cast<int64_t>(getFloats(weights.known).size()) == typeOf(weights.values).getNumElements();
  return n.block && n.inType(0).getElementType().isF32() && isKnown;
}

bool Direction::isStored(const Weights &weights) const { return n.block && weights.stored; }

const StoredMatrix &Direction::getStored(const Weights &weights, int64_t first, int64_t count) {
  StoredMatrix &matrix = storedMatrices[{&weights, first, count}];
  if (!matrix.packed)
    matrix = StoredMatrix::make(n, *weights.stored, d, first * hidden(), count * hidden());
  return matrix;
}

Value Direction::getMatrix(const Weights &weights, int64_t first, int64_t count) {
  Value &value = matrices[{&weights, first, count}];
  if (value)
    return value;
  Shape shape = shapeOf(weights.values);
  int64_t depth = shape[2], begin = first * hidden(), height = count * hidden();
  if (!isPacked(weights)) {
    Value part = slice(b, weights.values, {d, begin, 0}, {1, height, depth}, {});
    return value = transpose(b, reshape(b, part, {height, depth}), {1, 0});
  }
  ElementsAttr matrix = makeFloats(b.getContext(), {height, depth}, [&](MutableArrayRef<float> out) {
    llvm::copy(getFloats(weights.known).slice((d * shape[1] + begin) * depth, height * depth), out.begin());
  });
  return value = packMatrix(b, matrix, true, 1, n.block);
}

Value Direction::multiply(Value rows, const Weights &weights, int64_t first, int64_t count) {
  if (recurrence.quantizes) {
    QuantizedRows steps(n, rows);
    if (isStored(weights))
      return steps.multiply(getStored(weights, first, count));
    rows = steps.toReals();
  }
  Value matrix = getMatrix(weights, first, count);
  if (!isPacked(weights))
    return multiplyMatrices(n, rows, matrix);
  Value init = empty(b, {shapeOf(rows)[0], count * hidden()}, typeOf(rows).getElementType());
  return kernel::MatmulOp::create(b, init.getType(), rows, matrix, Value(), ValueRange(), init, true).getResult();
}

Value Direction::getBias(int64_t half, int64_t first, int64_t count) {
  int64_t size = hidden();
  return n.has(3) ? reshape(b, slice(b, n.in(3), {d, (half * gates + first) * size}, {1, count * size}, {}), {count * size}) : Value();
}

Value Direction::getPeephole(int64_t gate) {
  return n.has(7) ? reshape(b, slice(b, n.in(7), {d, gate * hidden()}, {1, hidden()}, {}), {hidden()}) : Value();
}

Value Direction::add(Value x, Value y) {
  return lower::map(b, typeOf(x), {x, y}, [](Builder &b, ValueRange v) -> Value { return arith::AddFOp::create(b, v[0], v[1]); });
}

Value Direction::map(ValueRange inputs, llvm::function_ref<Value(Element &, ValueRange)> body) {
  auto type = RankedTensorType::get({shapeOf(inputs[0])[0], hidden()}, typeOf(inputs[0]).getElementType());
  return lower::map(b, type, inputs, [&](Builder &inner, ValueRange v) {
    Element e(n, inner, n.inElement(0));
    return body(e, v);
  });
}

Value Direction::projectInput(Value x) {
  Shape shape = shapeOf(x);
  int64_t steps = shape[0], batch = shape[1], width = gates * hidden();
  Value sum = multiply(reshape(b, x, {steps * batch, shape[2]}), recurrence.input, 0, gates);
  for (int64_t half = 0; half < (gates == 3 ? 1 : 2); ++half) // a GRU multiplies its state's bias
    if (Value bias = getBias(half, 0, gates))
      sum = add(sum, bias);
  return reshape(b, sum, {steps, batch, width});
}

//===----------------------------------------------------------------------===//
// Cells
//===----------------------------------------------------------------------===//

State Direction::stepRnn(Value x, const State &state) {
  Value sum = add(x, multiply(state.h, recurrence.hidden, 0, 1));
  return {map(sum, [&](Element &e, ValueRange v) { return f[0].emit(e, v[0]); }), Value()};
}

/// Gates: update, reset, hidden.
State Direction::stepGru(Value x, const State &state) {
  bool resetsLast = n.node.getInt("linear_before_reset", 0);
  Value recurrent = multiply(state.h, recurrence.hidden, 0, resetsLast ? 3 : 2);
  if (Value bias = getBias(1, 0, resetsLast ? 3 : 2))
    recurrent = add(recurrent, bias);
  auto both = [&](int64_t i) {
    return map({gate(x, i), gate(recurrent, i)}, [&](Element &e, ValueRange v) { return f[0].emit(e, e.add(v[0], v[1])); });
  };
  Value update = both(0), reset = both(1), fromHidden;
  if (resetsLast) {
    fromHidden = map({reset, gate(recurrent, 2)}, [](Element &e, ValueRange v) { return e.mul(v[0], v[1]); });
  } else {
    fromHidden = multiply(map({reset, state.h}, [](Element &e, ValueRange v) { return e.mul(v[0], v[1]); }), recurrence.hidden, 2, 1);
    if (Value bias = getBias(1, 2, 1))
      fromHidden = add(fromHidden, bias);
  }
  Value h = map({update, gate(x, 2), fromHidden, state.h}, [&](Element &e, ValueRange v) {
    return e.add(e.mul(e.sub(e.num(1, v[0]), v[0]), f[1].emit(e, e.add(v[1], v[2]))), e.mul(v[0], v[3]));
  });
  return {h, Value()};
}

/// Gates: input, output, forget, cell; peepholes: input, output, forget.
State Direction::stepLstm(Value x, const State &state) {
  Value sum = add(x, multiply(state.h, recurrence.hidden, 0, 4));
  bool couples = n.node.getInt("input_forget", 0), peeps = n.has(7);
  SmallVector<Value> inputs = {gate(sum, 0), gate(sum, 2), gate(sum, 3), state.c};
  if (peeps)
    inputs.append({getPeephole(0), getPeephole(2)});
  Value c = map(inputs, [&](Element &e, ValueRange v) {
    auto peep = [&](Value x, unsigned i) { return peeps ? e.add(x, e.mul(v[4 + i], v[3])) : x; };
    Value input = f[0].emit(e, peep(v[0], 0));
    Value forget = couples ? e.sub(e.num(1, input), input) : f[0].emit(e, peep(v[1], 1));
    return e.add(e.mul(forget, v[3]), e.mul(input, f[1].emit(e, v[2])));
  });
  SmallVector<Value> outputs = {gate(sum, 1), c};
  if (peeps)
    outputs.push_back(getPeephole(1));
  Value h = map(outputs, [&](Element &e, ValueRange v) {
    Value output = f[0].emit(e, peeps ? e.add(v[0], e.mul(v[2], v[1])) : v[0]);
    return e.mul(output, f[2].emit(e, v[1]));
  });
  return {h, c};
}

void Direction::prepareWeights() {
  if (gates == 3 && !n.node.getInt("linear_before_reset", 0)) { // the hidden gate comes after the others
    getMatrix(recurrence.hidden, 0, 2);
    getMatrix(recurrence.hidden, 2, 1);
    return;
  }
  if (isStored(recurrence.hidden))
    getStored(recurrence.hidden, 0, gates);
  else
    getMatrix(recurrence.hidden, 0, gates);
}

State Direction::step(Value projected, const State &state) {
  return gates == 1 ? stepRnn(projected, state) : gates == 3 ? stepGru(projected, state) : stepLstm(projected, state);
}

} // namespace bn::lower
