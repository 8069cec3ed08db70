// Activation.cpp - elementwise functions of one real tensor: ONNX category math, activations included.
// SPDX-License-Identifier: Apache-2.0

#include "Convert.h"
#include "Operator.h"

#include <cmath>
#include <numbers>

using namespace mlir;

namespace bn::reference {

/// y = f(x) for every element.
template <typename Function> static LogicalResult map(Call &call, Function f) {
  Tensor *y = call.addResult(call[0].elementType, call[0].shape);
  if (!y)
    return failure();
  llvm::transform(call[0].reals(), y->mutableReals().begin(), f);
  return success();
}

/// An operator without attributes, as a table entry.
template <auto f> static LogicalResult unary(Call &call) { return map(call, f); }

/// The attribute, or the operator's default as a float32, which is what ONNX attributes are.
static double parameter(Call &call, StringRef name, float fallback) { return call.node.getFloat(name, fallback); }

static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
static double softplus(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }
static double relu(double x) { return x < 0 ? 0 : x; }
static double roundHalfToEven(double x) { return std::nearbyint(x); }
static double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }

//===----------------------------------------------------------------------===//
// Integers too
//===----------------------------------------------------------------------===//

/// y = f(x) for reals and g(x) for integers, wrapped to their width. uint64 comes by its bits, so that g sees large values as negative.
template <auto f, auto g> static LogicalResult unaryNumber(Call &call) {
  const Tensor &x = call[0];
  if (isa<FloatType>(x.elementType))
    return map(call, f);
  Tensor *y = call.addResult(x.elementType, x.shape);
  if (!y)
    return failure();
  llvm::transform(x.integers(), y->mutableIntegers().begin(), [&](int64_t value) { return wrapToType(x.elementType, g(value)); });
  return success();
}

static int64_t negateInteger(int64_t x) { return static_cast<int64_t>(-static_cast<uint64_t>(x)); }
static int64_t absInteger(int64_t x) { return x < 0 ? negateInteger(x) : x; }
static int64_t signInteger(int64_t x) { return (x > 0) - (x < 0); }
static int64_t reluInteger(int64_t x) { return x < 0 ? 0 : x; }

//===----------------------------------------------------------------------===//
// With attributes
//===----------------------------------------------------------------------===//

static LogicalResult leakyRelu(Call &call) {
  double alpha = parameter(call, "alpha", 0.01f);
  return map(call, [=](double x) { return x < 0 ? alpha * x : x; });
}

static LogicalResult elu(Call &call) {
  double alpha = parameter(call, "alpha", 1);
  return map(call, [=](double x) { return x < 0 ? alpha * std::expm1(x) : x; });
}

static LogicalResult celu(Call &call) {
  double alpha = parameter(call, "alpha", 1);
  return map(call, [=](double x) { return x < 0 ? alpha * std::expm1(x / alpha) : x; });
}

static LogicalResult selu(Call &call) {
  bool isFirst = call.version() < 6;
  double alpha = parameter(call, "alpha", isFirst ? 1.6732f : 1.67326319217681884765625f);
  double gamma = parameter(call, "gamma", isFirst ? 1.0507f : 1.05070102214813232421875f);
  return map(call, [=](double x) { return gamma * (x > 0 ? x : alpha * std::expm1(x)); });
}

static LogicalResult hardSigmoid(Call &call) {
  double alpha = parameter(call, "alpha", 0.2f), beta = parameter(call, "beta", 0.5f);
  return map(call, [=](double x) { return std::clamp(alpha * x + beta, 0.0, 1.0); });
}

static LogicalResult thresholdedRelu(Call &call) {
  double alpha = parameter(call, "alpha", 1);
  return map(call, [=](double x) { return x > alpha ? x : 0; });
}

static LogicalResult swish(Call &call) {
  double alpha = parameter(call, "alpha", 1);
  return map(call, [=](double x) { return x * sigmoid(alpha * x); });
}

static LogicalResult gelu(Call &call) {
  if (call.node.getString("approximate", "none") == "tanh")
    return map(call, [](double x) { return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x))); });
  return map(call, [](double x) { return 0.5 * x * (1 + std::erf(x / std::numbers::sqrt2)); });
}

static LogicalResult shrink(Call &call) {
  double bias = parameter(call, "bias", 0), lambda = parameter(call, "lambd", 0.5f);
  auto f = [=](double x) { return x < -lambda ? x + bias : x > lambda ? x - bias : 0; };
  if (isa<FloatType>(call[0].elementType))
    return map(call, f);
  Tensor *y = call.addResult(call[0].elementType, call[0].shape);
  if (!y)
    return failure();
  llvm::transform(call[0].integers(), y->mutableIntegers().begin(),
                  [&](int64_t x) { return wrapToType(y->elementType, truncate(f(toReal(y->elementType, x)))); });
  return success();
}

/// Affine, ScaledTanh: experimental operators that old files have.
static LogicalResult affine(Call &call) {
  double alpha = parameter(call, "alpha", 1), beta = parameter(call, "beta", 0);
  return map(call, [=](double x) { return alpha * x + beta; });
}

static LogicalResult scaledTanh(Call &call) {
  double alpha = parameter(call, "alpha", 1), beta = parameter(call, "beta", 1);
  return map(call, [=](double x) { return alpha * std::tanh(beta * x); });
}

static LogicalResult isInf(Call &call) {
  bool positive = call.node.getInt("detect_positive", 1), negative = call.node.getInt("detect_negative", 1);
  Tensor *y = call.addResult(IntegerType::get(call.node->getContext(), 1), call[0].shape);
  if (!y)
    return failure();
  llvm::transform(call[0].reals(), y->mutableIntegers().begin(), [=](double x) { return std::isinf(x) && (x > 0 ? positive : negative); });
  return success();
}

static LogicalResult isNan(Call &call) {
  Tensor *y = call.addResult(IntegerType::get(call.node->getContext(), 1), call[0].shape);
  if (!y)
    return failure();
  llvm::transform(call[0].reals(), y->mutableIntegers().begin(), [](double x) { return std::isnan(x); });
  return success();
}

ArrayRef<Operator> getActivations() {
  static constexpr Operator table[] = {
      {"Abs", "number", unaryNumber<[](double x) { return std::fabs(x); }, absInteger>},
      {"Acos", "real", unary<[](double x) { return std::acos(x); }>},
      {"Acosh", "real", unary<[](double x) { return std::acosh(x); }>},
      {"Affine", "real", affine},
      {"Asin", "real", unary<[](double x) { return std::asin(x); }>},
      {"Asinh", "real", unary<[](double x) { return std::asinh(x); }>},
      {"Atan", "real", unary<[](double x) { return std::atan(x); }>},
      {"Atanh", "real", unary<[](double x) { return std::atanh(x); }>},
      {"Ceil", "real", unary<[](double x) { return std::ceil(x); }>},
      {"Celu", "real", celu},
      {"Cos", "real", unary<[](double x) { return std::cos(x); }>},
      {"Cosh", "real", unary<[](double x) { return std::cosh(x); }>},
      {"Elu", "real", elu},
      {"Erf", "real", unary<[](double x) { return std::erf(x); }>},
      {"Exp", "real", unary<[](double x) { return std::exp(x); }>},
      {"Floor", "real", unary<[](double x) { return std::floor(x); }>},
      {"Gelu", "real", gelu},
      {"HardSigmoid", "real", hardSigmoid},
      {"HardSwish", "real", unary<[](double x) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); }>},
      {"IsInf", "real", isInf},
      {"IsNaN", "real", isNan},
      {"LeakyRelu", "real", leakyRelu},
      {"Log", "real", unary<[](double x) { return std::log(x); }>},
      {"Mish", "real", unary<[](double x) { return x * std::tanh(softplus(x)); }>},
      {"Neg", "number", unaryNumber<[](double x) { return -x; }, negateInteger>},
      {"Reciprocal", "real", unary<[](double x) { return 1 / x; }>},
      {"Relu", "number", unaryNumber<relu, reluInteger>},
      {"Round", "real", unary<roundHalfToEven>},
      {"ScaledTanh", "real", scaledTanh},
      {"Selu", "real", selu},
      {"Shrink", "number", shrink},
      {"Sigmoid", "real", unary<sigmoid>},
      {"Sign", "number", unaryNumber<sign, signInteger>},
      {"Sin", "real", unary<[](double x) { return std::sin(x); }>},
      {"Sinh", "real", unary<[](double x) { return std::sinh(x); }>},
      {"Softplus", "real", unary<softplus>},
      {"Softsign", "real", unary<[](double x) { return x / (1 + std::fabs(x)); }>},
      {"Sqrt", "real", unary<[](double x) { return std::sqrt(x); }>},
      {"Swish", "real", swish},
      {"Tan", "real", unary<[](double x) { return std::tan(x); }>},
      {"Tanh", "real", unary<[](double x) { return std::tanh(x); }>},
      {"ThresholdedRelu", "real", thresholdedRelu},
  };
  return table;
}

} // namespace bn::reference
