// Recurrent.cpp - RNN, GRU and LSTM: ONNX category rnn.
// SPDX-License-Identifier: Apache-2.0
//
// One driver walks directions, samples and steps; the operators differ in their cell, which makes the next state of one sample.

#include "Operator.h"

#include "llvm/ADT/StringSwitch.h"

#include <cmath>
#include <functional>

using namespace mlir;

namespace bn::reference {

using Vector = std::vector<double>;
using Activation = std::function<double(double)>;

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

/// Entry `i` of a list of floats, where it is given.
static std::optional<double> getFloat(Call &call, StringRef name, size_t i) {
  auto list = dyn_cast_or_null<DenseF32ArrayAttr>(call.node.getNodeAttr(name));
  return list && i < static_cast<size_t>(list.size()) ? std::optional<double>(list[i]) : std::nullopt;
}

/// Activation `i`, or null for an unknown name.
static Activation makeActivation(Call &call, StringRef name, size_t i) {
  auto alpha = [&](double fallback) { return getFloat(call, "activation_alpha", i).value_or(fallback); };
  double beta = getFloat(call, "activation_beta", i).value_or(0);
  double hardBeta = getFloat(call, "activation_beta", i).value_or(0.5);
  return llvm::StringSwitch<Activation>(name.lower())
      .Case("sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); })
      .Case("tanh", [](double x) { return std::tanh(x); })
      .Case("relu", [](double x) { return std::max(x, 0.0); })
      .Case("affine", [a = alpha(1), beta](double x) { return a * x + beta; })
      .Case("leakyrelu", [a = alpha(0.01f)](double x) { return x < 0 ? a * x : x; })
      .Case("thresholdedrelu", [a = alpha(1)](double x) { return x > a ? x : 0; })
      .Case("scaledtanh", [a = alpha(1), beta](double x) { return a * std::tanh(beta * x); })
      .Case("hardsigmoid", [a = alpha(0.2f), hardBeta](double x) { return std::clamp(a * x + hardBeta, 0.0, 1.0); })
      .Case("elu", [a = alpha(1)](double x) { return x < 0 ? a * std::expm1(x) : x; })
      .Case("softsign", [](double x) { return x / (1 + std::fabs(x)); })
      .Case("softplus", [](double x) { return std::log1p(std::exp(x)); })
      .Default(nullptr);
}

/// The activations of all directions: those of the node, or the operator's own for each direction. Clips their inputs where asked.
static FailureOr<std::vector<Activation>> readActivations(Call &call, ArrayRef<StringRef> usual, size_t directions) {
  SmallVector<StringRef> names;
  if (auto given = dyn_cast_or_null<ArrayAttr>(call.node.getNodeAttr("activations")))
    for (StringAttr name : given.getAsRange<StringAttr>())
      names.push_back(name);
  while (names.size() < usual.size() * directions)
    names.push_back(usual[names.size() % usual.size()]);
  double clip = call.node.getFloat("clip", 0);
  std::vector<Activation> activations;
  for (auto [i, name] : llvm::enumerate(names)) {
    Activation f = makeActivation(call, name, i);
    if (!f)
      return call.error() << "expected activations of the standard, got '" << name << "'";
    activations.push_back(clip > 0 ? [=](double x) { return f(std::clamp(x, -clip, clip)); } : f);
  }
  return activations;
}

//===----------------------------------------------------------------------===//
// Cells
//===----------------------------------------------------------------------===//

namespace {
/// The weights of one direction. Rows are hidden units, gate after gate.
struct Weights {
  const double *w, *r, *b, *p; ///< b and p are null where absent
  int64_t input, hidden, gates;

  double fromInput(int64_t row, const double *x) const {
    double sum = b ? b[row] : 0;
    for (int64_t i = 0; i < input; ++i)
      sum += w[row * input + i] * x[i];
    return sum;
  }
  double fromHidden(int64_t row, const Vector &h) const {
    double sum = b ? b[gates * hidden + row] : 0;
    for (int64_t i = 0; i < hidden; ++i)
      sum += r[row * hidden + i] * h[i];
    return sum;
  }
  double peephole(int64_t row) const { return p ? p[row] : 0; }
};

/// Hidden and cell state of one sample.
struct State {
  Vector h, c;
};

/// Moves the state one step on.
using Cell = llvm::function_ref<void(Call &call, const Weights &weights, ArrayRef<Activation> f, const double *x, State &state)>;

/// What distinguishes the operators.
struct Kind {
  int64_t gates;
  SmallVector<StringRef> activations;
  bool hasCell;
  Cell step;
};
} // namespace

static void stepRnn(Call &, const Weights &weights, ArrayRef<Activation> f, const double *x, State &state) {
  Vector next(weights.hidden);
  for (int64_t i = 0; i < weights.hidden; ++i)
    next[i] = f[0](weights.fromInput(i, x) + weights.fromHidden(i, state.h));
  state.h = std::move(next);
}

/// Gates: update z, reset r, hidden h.
static void stepGru(Call &call, const Weights &weights, ArrayRef<Activation> f, const double *x, State &state) {
  int64_t n = weights.hidden;
  Vector z(n), reset(n), resetHidden(n), next(n);
  for (int64_t i = 0; i < n; ++i) {
    z[i] = f[0](weights.fromInput(i, x) + weights.fromHidden(i, state.h));
    reset[i] = f[0](weights.fromInput(n + i, x) + weights.fromHidden(n + i, state.h));
    resetHidden[i] = reset[i] * state.h[i];
  }
  bool resetsLast = call.node.getInt("linear_before_reset", 0);
  for (int64_t i = 0; i < n; ++i) {
    double hidden = resetsLast ? reset[i] * weights.fromHidden(2 * n + i, state.h) : weights.fromHidden(2 * n + i, resetHidden);
    next[i] = (1 - z[i]) * f[1](weights.fromInput(2 * n + i, x) + hidden) + z[i] * state.h[i];
  }
  state.h = std::move(next);
}

/// Gates: input i, output o, forget f, cell c; peepholes: i, o, f.
static void stepLstm(Call &call, const Weights &weights, ArrayRef<Activation> f, const double *x, State &state) {
  int64_t n = weights.hidden;
  bool couples = call.node.getInt("input_forget", 0);
  auto sum = [&](int64_t gate, int64_t i) { return weights.fromInput(gate * n + i, x) + weights.fromHidden(gate * n + i, state.h); };
  Vector next(n);
  for (int64_t i = 0; i < n; ++i) {
    double input = f[0](sum(0, i) + weights.peephole(i) * state.c[i]);
    double forget = couples ? 1 - input : f[0](sum(2, i) + weights.peephole(2 * n + i) * state.c[i]);
    double cell = forget * state.c[i] + input * f[1](sum(3, i));
    next[i] = f[0](sum(1, i) + weights.peephole(n + i) * cell) * f[2](cell);
    state.c[i] = cell;
  }
  state.h = std::move(next);
}

//===----------------------------------------------------------------------===//
// The driver
//===----------------------------------------------------------------------===//

namespace {
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

/// Outputs behind the end of a sequence stay 0; a backward direction starts at its end.
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
    for (int64_t n = 0; n < g.batch; ++n) {
      Weights weights = getWeights(call, kind, g, d);
      int64_t length = call.get(4) ? call[4].integers()[n] : g.steps, at = g.stateOffset(d, n);
      bool isBackward = d == 1 || call.node.getString("direction", "forward") == "reverse";
      State state{getInitial(call, 5, g, at), getInitial(call, 6, g, at)};
      for (int64_t step = 0; step < length; ++step) {
        int64_t t = isBackward ? length - 1 - step : step;
        kind.step(call, weights, ArrayRef(*activations).slice(d * perDirection, perDirection), call[0].reals().data() + g.inputOffset(t, n),
                  state);
        llvm::copy(state.h, call.results[0].mutableReals().begin() + g.outputOffset(t, d, n));
      }
      llvm::copy(state.h, call.results[1].mutableReals().begin() + at);
      if (kind.hasCell)
        llvm::copy(state.c, call.results[2].mutableReals().begin() + at);
    }
  return success();
}

static LogicalResult rnn(Call &call) { return evaluateRecurrence(call, {1, {"Tanh"}, false, stepRnn}); }
static LogicalResult gru(Call &call) { return evaluateRecurrence(call, {3, {"Sigmoid", "Tanh"}, false, stepGru}); }
static LogicalResult lstm(Call &call) { return evaluateRecurrence(call, {4, {"Sigmoid", "Tanh", "Tanh"}, true, stepLstm}); }

ArrayRef<Operator> getRecurrents() {
  static constexpr Operator table[] = {
      {"GRU", "real real real real? integer? real?", gru},
      {"LSTM", "real real real real? integer? real? real? real?", lstm},
      {"RNN", "real real real real? integer? real?", rnn},
  };
  return table;
}

} // namespace bn::reference
