// Recurrents.cpp - ONNX category rnn: RNN, GRU and LSTM, all directions and layouts.
// SPDX-License-Identifier: Apache-2.0
//
// The inputs of all steps meet their weights in one product before the first step. Steps (RecurrentCells.h) are unrolled: their
// products have the same text, so codegen makes one function of them.

#include "Constants.h"
#include "RecurrentCells.h"

using namespace mlir;

namespace bn::lower {

/// The activations of all directions; false where one is unknown.
static bool readActivations(NodeLowering &n, ArrayRef<StringRef> usual, unsigned directions, SmallVectorImpl<Activation> &result) {
  auto given = dyn_cast_or_null<ArrayAttr>(n.node.getNodeAttr("activations"));
  auto alpha = dyn_cast_or_null<DenseF32ArrayAttr>(n.node.getNodeAttr("activation_alpha"));
  auto beta = dyn_cast_or_null<DenseF32ArrayAttr>(n.node.getNodeAttr("activation_beta"));
  auto entry = [](DenseF32ArrayAttr list, size_t i) {
    return list && i < static_cast<size_t>(list.size()) ? std::optional<double>(list[i]) : std::nullopt;
  };
  for (size_t i = 0; i < usual.size() * directions; ++i) {
    StringRef name = given && i < given.size() ? cast<StringAttr>(given[i]).getValue() : usual[i % usual.size()];
    result.push_back({name.lower(), entry(alpha, i), entry(beta, i), n.node.getFloat("clip", 0)});
    if (!isKnownActivation(result.back().name)) {
      (void)n.fail("activation '" + name + "' is not supported");
      return false;
    }
  }
  return true;
}

/// `next` where the sequence has a step t, `otherwise` where it has ended.
static Value whereStep(NodeLowering &n, int64_t t, Value next, Value otherwise) {
  if (!n.has(4) || !next)
    return next;
  Value lengths = reshape(n.b, n.in(4), {n.inType(4).getNumElements(), 1});
  return map(n.b, typeOf(next), {next, otherwise, lengths}, [&](Builder &b, ValueRange v) -> Value {
    Value isRunning = arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, v[2], number(b, v[2].getType(), t));
    return arith::SelectOp::create(b, isRunning, v[0], v[1]);
  });
}

/// Runs one direction; `outputs` gets h of every step, [N][H].
static State runDirection(NodeLowering &n, Direction &direction, Value x, bool isBackward, bool hasCell, SmallVectorImpl<Value> &outputs) {
  Builder &b = n.b;
  Value projected = direction.projectInput(x);
  Shape shape = shapeOf(projected);
  State state{direction.getInitial(5), hasCell ? direction.getInitial(6) : Value()};
  Value zero = n.has(4) ? filled(b, shapeOf(state.h), number(b, typeOf(state.h).getElementType(), 0)) : Value();
  outputs.resize(shape[0]);
  for (int64_t step = 0; step < shape[0]; ++step) {
    int64_t t = isBackward ? shape[0] - 1 - step : step;
    Value now = reshape(b, slice(b, projected, {t, 0, 0}, {1, shape[1], shape[2]}, {}), shape.drop_front());
    State next = direction.step(now, state);
    outputs[t] = whereStep(n, t, next.h, zero);
    state = {whereStep(n, t, next.h, state.h), whereStep(n, t, next.c, state.c)};
  }
  return state;
}

/// Values of one shape along new axes in front.
static Value stack(Builder &b, ArrayRef<Value> values, Shape lead) {
  SmallVector<int64_t> one(shapeOf(values[0])), shape(lead);
  one.insert(one.begin(), 1);
  llvm::append_range(shape, shapeOf(values[0]));
  auto parts = llvm::map_to_vector(values, [&](Value value) { return reshape(b, value, one); });
  Value all = parts.size() == 1 ? parts[0] : tensor::ConcatOp::create(b, 0, parts).getResult();
  return reshape(b, all, shape);
}

static LogicalResult lowerRecurrence(NodeLowering &n, const Recurrence &recurrence, ArrayRef<StringRef> usual) {
  Builder &b = n.b;
  unsigned directions = shapeOf(recurrence.hidden.values)[0];
  SmallVector<Activation> activations;
  if (!readActivations(n, usual, directions, activations))
    return failure();
  bool batchFirst = n.node.getInt("layout", 0), hasCell = recurrence.gates == 4;
  Value x = batchFirst ? transpose(b, n.in(0), {1, 0, 2}) : n.in(0);
  int64_t steps = shapeOf(x)[0];
  SmallVector<Value> y(steps * directions), lastH, lastC;
  for (unsigned d = 0; d < directions; ++d) {
    Direction direction(n, recurrence, d, ArrayRef(activations).slice(d * usual.size(), usual.size()));
    bool isBackward = d == 1 || n.node.getString("direction", "forward") == "reverse";
    SmallVector<Value> outputs;
    State last = runDirection(n, direction, x, isBackward, hasCell, outputs);
    for (auto [t, output] : llvm::enumerate(outputs))
      y[t * directions + d] = output;
    lastH.push_back(last.h);
    lastC.push_back(last.c);
  }
  auto state = [&](ArrayRef<Value> values) {
    Value all = stack(b, values, {static_cast<int64_t>(values.size())});
    return batchFirst ? transpose(b, all, {1, 0, 2}) : all;
  };
  Value all = n.wants(0) ? stack(b, y, {steps, directions}) : Value();
  n.results.push_back(all && batchFirst ? transpose(b, all, {2, 0, 1, 3}) : all);
  n.results.push_back(n.wants(1) ? state(lastH) : Value());
  if (hasCell)
    n.results.push_back(n.wants(2) ? state(lastC) : Value());
  n.results.resize(n.getNumOutputs());
  return success();
}

static LogicalResult lowerStandard(NodeLowering &n, int64_t gates, ArrayRef<StringRef> usual) {
  return lowerRecurrence(n, {gates, {n.in(1), n.constant(1)}, {n.in(2), n.constant(2)}}, usual);
}

/// Weights [directions][depth][rows] of 8 bits as the floats that they stand for, [directions][rows][depth]; scale and zero point are one
/// per direction, or one per row of it.
static FailureOr<Weights> dequantizeWeights(NodeLowering &n, unsigned i, unsigned scale, unsigned zero) {
  ArrayRef<char> stored = getBytes(n.constant(i)), zeros = getBytes(n.constant(zero));
  ArrayRef<float> scales = getFloats(n.constant(scale));
  Shape shape = n.inShape(i);
  int64_t directions = shape[0], depth = shape[1], rows = shape[2];
  if (static_cast<int64_t>(stored.size()) != directions * depth * rows || scales.empty() || zeros.empty())
    return n.fail("expected input " + Twine(i) + ", its scale and its zero point to be constant");
  bool isUnsigned = n.inElement(i).isUnsignedInteger(), isPerRow = n.inType(scale).getNumElements() != directions;
  auto widen = [&](char byte) -> int { return isUnsigned ? static_cast<uint8_t>(byte) : static_cast<int8_t>(byte); };
  auto at = [&](auto list, int64_t d, int64_t row) { return list[list.size() == 1 ? 0 : isPerRow ? d * rows + row : d]; };
  ElementsAttr known = makeFloats(n.b.getContext(), {directions, rows, depth}, [&](MutableArrayRef<float> out) {
    for (int64_t d = 0; d < directions; ++d)
      for (int64_t row = 0; row < rows; ++row)
        for (int64_t k = 0; k < depth; ++k)
          out[(d * rows + row) * depth + k] = (widen(stored[(d * depth + k) * rows + row]) - widen(at(zeros, d, row))) * at(scales, d, row);
  });
  return Weights{constantTensor(n.b, known), known};
}

/// Inputs: those of LSTM, then scale and zero point of W and of R. The product is one of floats, which differs from that of the integers by
/// the roundings of its sums.
static LogicalResult lowerDynamicQuantizeLstm(NodeLowering &n) {
  FailureOr<Weights> input = dequantizeWeights(n, 1, 8, 9), hidden = dequantizeWeights(n, 2, 10, 11);
  if (failed(input) || failed(hidden))
    return failure();
  return lowerRecurrence(n, {4, *input, *hidden, /*quantizes=*/true}, {"Sigmoid", "Tanh", "Tanh"});
}

void addRecurrents(LoweringTable &table) {
  table["RNN"] = [](NodeLowering &n) { return lowerStandard(n, 1, {"Tanh"}); };
  table["GRU"] = [](NodeLowering &n) { return lowerStandard(n, 3, {"Sigmoid", "Tanh"}); };
  table["LSTM"] = [](NodeLowering &n) { return lowerStandard(n, 4, {"Sigmoid", "Tanh", "Tanh"}); };
  table["com.microsoft.DynamicQuantizeLSTM"] = lowerDynamicQuantizeLstm;
}

} // namespace bn::lower
