// Recurrent.cpp - RNN, GRU and LSTM: ONNX category rnn.
// SPDX-License-Identifier: Apache-2.0
//
// One driver walks directions, steps and samples; the operators differ in their cell, which makes the next state of one sample.
// DynamicQuantizeLSTM of ONNX Runtime is LSTM with weights of 8 bits, whose inputs are rounded to 8 bits before every product.

#include "Quantization.h"
#include "RecurrentCells.h"

using namespace mlir;

namespace bn::reference {

namespace {
/// What distinguishes the operators.
struct Kind {
  int64_t gates;
  SmallVector<StringRef> activations;
  bool hasCell;
  Cell step;
  bool quantizes = false; ///< the states of all samples are rounded together before a step
};

/// Sizes of the run, and where its tensors keep what; `layout` 1 has the batch first.
struct Geometry {
  int64_t steps, batch, input, hidden, directions;
  bool batchFirst;

  Dims stateShape() const { return batchFirst ? Dims{batch, directions, hidden} : Dims{directions, batch, hidden}; }
  Dims outputShape() const { return batchFirst ? Dims{batch, steps, directions, hidden} : Dims{steps, directions, batch, hidden}; }
  int64_t inputOffset(int64_t t, int64_t n) const { return (batchFirst ? n * steps + t : t * batch + n) * input; }
  int64_t stateOffset(int64_t d, int64_t n) const { return (batchFirst ? n * directions + d : d * batch + n) * hidden; }
  int64_t outputOffset(int64_t t, int64_t d, int64_t n) const {
    return (batchFirst ? (n * steps + t) * directions + d : (t * directions + d) * batch + n) * hidden;
  }
};
} // namespace

static LogicalResult checkShape(Call &call, unsigned i, ArrayRef<int64_t> shape) {
  const Tensor *operand = call.get(i);
  if (operand && operand->shape != shape)
    return call.error() << "expected input " << i << " of type " << RankedTensorType::get(shape, operand->elementType) << ", got "
                        << operand->getType();
  return success();
}

static FailureOr<Geometry> readGeometry(Call &call, const Kind &kind) {
  const Tensor &x = call[0], &r = call[2];
  if (x.shape.size() != 3 || r.shape.size() != 3)
    return call.error() << "expected X and R of rank 3, got " << x.getType() << " and " << r.getType();
  bool batchFirst = call.node.getInt("layout", 0);
  Geometry g{x.shape[batchFirst], x.shape[!batchFirst], x.shape[2], r.shape[2], r.shape[0], batchFirst};
  int64_t rows = kind.gates * g.hidden;
  if (g.directions != (call.node.getString("direction", "forward") == "bidirectional" ? 2 : 1))
    return call.error() << "expected weights for the node's 'direction', got " << g.directions << " directions";
  if (failed(checkShape(call, 1, {g.directions, rows, g.input})) || failed(checkShape(call, 2, {g.directions, rows, g.hidden})) ||
      failed(checkShape(call, 3, {g.directions, 2 * rows})) || failed(checkShape(call, 4, {g.batch})) ||
      failed(checkShape(call, 5, g.stateShape())) || failed(checkShape(call, 6, g.stateShape())) ||
      failed(checkShape(call, 7, {g.directions, 3 * g.hidden})))
    return failure();
  if (const Tensor *lengths = call.get(4))
    for (int64_t length : lengths->integers())
      if (length < 0 || length > g.steps)
        return call.error() << "expected lengths up to " << g.steps << ", got " << length;
  return g;
}

static Weights getWeights(Call &call, const Kind &kind, const Geometry &g, int64_t d) {
  int64_t rows = kind.gates * g.hidden;
  auto at = [&](unsigned i, int64_t size) { return call.get(i) ? call[i].reals().data() + d * size : nullptr; };
  return {at(1, rows * g.input), at(2, rows * g.hidden), at(3, 2 * rows), at(7, 3 * g.hidden), g.input, g.hidden, kind.gates};
}

static Vector getInitial(Call &call, unsigned i, const Geometry &g, int64_t offset) {
  return call.get(i) ? Vector(call[i].reals().slice(offset, g.hidden)) : Vector(g.hidden);
}

/// Rounds the hidden states to 8 bits between the least and the largest of them.
static void roundStates(MutableArrayRef<State> states) {
  Vector all;
  for (const State &state : states)
    llvm::append_range(all, state.h);
  Steps steps(all);
  for (State &state : states)
    for (double &value : state.h)
      value = steps.round(value);
}

/// Runs one direction of all samples. Outputs behind the end of a sequence stay 0; a backward direction starts at its end.
static void runDirection(Call &call, const Kind &kind, const Geometry &g, int64_t d, ArrayRef<Activation> f) {
  Weights weights = getWeights(call, kind, g, d);
  bool isBackward = d == 1 || call.node.getString("direction", "forward") == "reverse";
  std::vector<State> states;
  for (int64_t n = 0; n < g.batch; ++n)
    states.push_back({getInitial(call, 5, g, g.stateOffset(d, n)), getInitial(call, 6, g, g.stateOffset(d, n))});
  for (int64_t step = 0; step < g.steps; ++step) {
    std::vector<State> seen = states;
    if (kind.quantizes)
      roundStates(seen);
    for (int64_t n = 0; n < g.batch; ++n) {
      int64_t length = call.get(4) ? call[4].integers()[n] : g.steps, t = isBackward ? length - 1 - step : step;
      if (step >= length)
        continue;
      kind.step(call, weights, f, call[0].reals().data() + g.inputOffset(t, n), seen[n]);
      llvm::copy(seen[n].h, call.results[0].mutableReals().begin() + g.outputOffset(t, d, n));
      states[n] = std::move(seen[n]);
    }
  }
  for (int64_t n = 0; n < g.batch; ++n) {
    llvm::copy(states[n].h, call.results[1].mutableReals().begin() + g.stateOffset(d, n));
    if (kind.hasCell)
      llvm::copy(states[n].c, call.results[2].mutableReals().begin() + g.stateOffset(d, n));
  }
}

static LogicalResult evaluateRecurrence(Call &call, const Kind &kind) {
  FailureOr<Geometry> geometry = readGeometry(call, kind);
  if (failed(geometry))
    return failure();
  const Geometry &g = *geometry;
  FailureOr<std::vector<Activation>> activations = readActivations(call, kind.activations, g.directions);
  Type type = call[0].elementType;
  if (failed(activations) || !call.addResult(type, g.outputShape()) || !call.addResult(type, g.stateShape()) ||
      (kind.hasCell && !call.addResult(type, g.stateShape())))
    return failure();
  size_t perDirection = kind.activations.size();
  for (int64_t d = 0; d < g.directions; ++d)
    runDirection(call, kind, g, d, ArrayRef(*activations).slice(d * perDirection, perDirection));
  return success();
}

static LogicalResult rnn(Call &call) { return evaluateRecurrence(call, {1, {"Tanh"}, false, stepRnn}); }
static LogicalResult gru(Call &call) { return evaluateRecurrence(call, {3, {"Sigmoid", "Tanh"}, false, stepGru}); }
static LogicalResult lstm(Call &call) { return evaluateRecurrence(call, {4, {"Sigmoid", "Tanh", "Tanh"}, true, stepLstm}); }

/// Weights [directions][depth][rows] of 8 bits as the reals that they stand for, [directions][rows][depth]; scale and zero point are one
/// per direction, or one per row of it.
static FailureOr<Tensor> readQuantizedWeights(Call &call, unsigned i, unsigned scale, unsigned zero) {
  const Tensor &stored = call[i];
  if (stored.shape.size() != 3)
    return call.error() << "expected weights of rank 3, got " << stored.getType();
  int64_t directions = stored.shape[0], depth = stored.shape[1], rows = stored.shape[2], count = call[scale].getNumElements();
  if ((count != directions && count != directions * rows) || call[zero].getNumElements() != count)
    return call.error() << "expected a scale and a zero point per direction, or per row of it, got " << call[scale].getType() << " and "
                        << call[zero].getType();
  Tensor weights = makeTensor(call[0].elementType, {directions, rows, depth});
  auto next = weights.mutableReals().begin();
  for (int64_t d = 0; d < directions; ++d)
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t k = 0; k < depth; ++k) {
        int64_t parameter = count == directions ? d : d * rows + row;
        *next++ = (stored.integers()[(d * depth + k) * rows + row] - call[zero].integers()[parameter]) * call[scale].reals()[parameter];
      }
  return weights;
}

/// Operands: those of LSTM, then scale and zero point of W and of R.
static LogicalResult dynamicQuantizeLstm(Call &call) {
  FailureOr<Tensor> w = readQuantizedWeights(call, 1, 8, 9), r = readQuantizedWeights(call, 2, 10, 11);
  if (failed(w) || failed(r))
    return failure();
  Tensor x = call[0];
  Steps steps(x.reals());
  for (double &value : x.mutableReals())
    value = steps.round(value);
  SmallVector<const Tensor *> operands(call.operands.take_front(8));
  operands[0] = &x, operands[1] = &*w, operands[2] = &*r;
  Call reals{call.node, operands, call.results};
  return evaluateRecurrence(reals, {4, {"Sigmoid", "Tanh", "Tanh"}, true, stepLstm, /*quantizes=*/true});
}

ArrayRef<Operator> getRecurrents() {
  static constexpr Operator table[] = {
      {"com.microsoft.DynamicQuantizeLSTM",
       "real integer integer real? integer? real? real? real? real integer real integer", dynamicQuantizeLstm},
      {"GRU", "real real real real? integer? real?", gru},
      {"LSTM", "real real real real? integer? real? real? real?", lstm},
      {"RNN", "real real real real? integer? real?", rnn},
  };
  return table;
}

} // namespace bn::reference
