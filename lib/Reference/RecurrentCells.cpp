// RecurrentCells.cpp - activations and cells of RNN, GRU and LSTM.
// SPDX-License-Identifier: Apache-2.0

#include "RecurrentCells.h"

#include "llvm/ADT/StringSwitch.h"

#include <cmath>

using namespace mlir;

namespace bn::reference {

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

FailureOr<std::vector<Activation>> readActivations(Call &call, ArrayRef<StringRef> usual, size_t directions) {
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

void stepRnn(Call &, const Weights &weights, ArrayRef<Activation> f, const double *x, State &state) {
  Vector next(weights.hidden);
  for (int64_t i = 0; i < weights.hidden; ++i)
    next[i] = f[0](weights.fromInput(i, x) + weights.fromHidden(i, state.h));
  state.h = std::move(next);
}

void stepGru(Call &call, const Weights &weights, ArrayRef<Activation> f, const double *x, State &state) {
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

void stepLstm(Call &call, const Weights &weights, ArrayRef<Activation> f, const double *x, State &state) {
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

} // namespace bn::reference
