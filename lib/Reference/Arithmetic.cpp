// Arithmetic.cpp - arithmetic of two or more tensors: ONNX category math.
// SPDX-License-Identifier: Apache-2.0
//
// Integers wrap to the width of their type; uint64 is computed on its bits. A division by zero is an error.

#include "Broadcast.h"
#include "Convert.h"

#include <cmath>

using namespace mlir;

namespace bn::reference {

static uint64_t bits(int64_t x) { return static_cast<uint64_t>(x); }

/// A binary operator whose result has the type of its operands.
template <typename RealFunction, typename IntegerFunction>
static LogicalResult arithmetic(Call &call, RealFunction real, IntegerFunction integer) {
  Type type = call[0].elementType;
  return evaluateBinary(call, type, real, [=](int64_t a, int64_t b) { return wrapToType(type, integer(a, b)); });
}

static LogicalResult add(Call &call) {
  return arithmetic(
      call, [](double a, double b) { return a + b; }, [](int64_t a, int64_t b) { return bits(a) + bits(b); });
}
static LogicalResult sub(Call &call) {
  return arithmetic(
      call, [](double a, double b) { return a - b; }, [](int64_t a, int64_t b) { return bits(a) - bits(b); });
}
static LogicalResult mul(Call &call) {
  return arithmetic(
      call, [](double a, double b) { return a * b; }, [](int64_t a, int64_t b) { return bits(a) * bits(b); });
}

/// Quotient rounded toward zero, and what it leaves.
static int64_t divide(bool isUnsigned, int64_t a, int64_t b) {
  if (isUnsigned)
    return bits(a) / bits(b);
  return b == -1 ? 0 - bits(a) : a / b; // the lowest number has no opposite and wraps
}
static int64_t remainder(bool isUnsigned, int64_t a, int64_t b) {
  if (isUnsigned)
    return bits(a) % bits(b);
  return b == -1 ? 0 : a % b;
}

/// Fails where an integer divisor is zero.
static LogicalResult checkDivisor(const Call &call) {
  if (!isa<FloatType>(call[1].elementType) && llvm::is_contained(call[1].integers(), 0))
    return call.error() << "expected divisors other than zero, got one";
  return success();
}

static LogicalResult div(Call &call) {
  if (failed(checkDivisor(call)))
    return failure();
  bool isUnsigned = call[0].elementType.isUnsignedInteger();
  return arithmetic(
      call, [](double a, double b) { return a / b; }, [=](int64_t a, int64_t b) { return divide(isUnsigned, a, b); });
}

/// The sign is the divisor's, or with `fmod` the dividend's.
static LogicalResult mod(Call &call) {
  if (failed(checkDivisor(call)))
    return failure();
  bool isUnsigned = call[0].elementType.isUnsignedInteger(), followsDividend = call.node.getInt("fmod", 0);
  auto real = [=](double a, double b) {
    double rest = std::fmod(a, b);
    if (followsDividend || std::isnan(rest))
      return rest;
    return rest == 0 ? std::copysign(0.0, b) : (rest < 0) != (b < 0) ? rest + b : rest;
  };
  return arithmetic(call, real, [=](int64_t a, int64_t b) {
    int64_t rest = remainder(isUnsigned, a, b);
    bool hasWrongSign = !isUnsigned && rest != 0 && (rest < 0) != (b < 0);
    return !followsDividend && hasWrongSign ? rest + b : rest;
  });
}

//===----------------------------------------------------------------------===//
// Pow
//===----------------------------------------------------------------------===//

/// base to the power of exponent, modulo 2^64; 0 below 1 for a negative exponent, as truncation has it.
static int64_t power(int64_t base, int64_t exponent) {
  if (exponent < 0)
    return base == 1 ? 1 : base == -1 ? (exponent % 2 ? -1 : 1) : 0;
  uint64_t result = 1;
  for (uint64_t factor = bits(base); exponent; exponent /= 2, factor *= factor)
    if (exponent % 2)
      result *= factor;
  return result;
}

/// Base and exponent have types of their own; the result has the base's.
static LogicalResult pow(Call &call) {
  const Tensor &base = call[0], &exponent = call[1];
  FailureOr<Dims> shapeB = getAlignedShape(call);
  if (failed(shapeB))
    return failure();
  std::optional<Dims> shape = broadcast(base.shape, *shapeB);
  if (!shape)
    return call.error() << "expected shapes that broadcast, got " << base.getType() << " and " << exponent.getType();
  Tensor *y = call.addResult(base.elementType, *shape);
  if (!y)
    return failure();
  bool isReal = isa<FloatType>(base.elementType), isExact = !isReal && !isa<FloatType>(exponent.elementType);
  if (isExact) {
    zipBroadcast(*shape, y->mutableIntegers().data(), base.integers(), base.shape, exponent.integers(), *shapeB,
                 [&](int64_t a, int64_t b) { return wrapToType(base.elementType, power(a, b)); });
    return success();
  }
  std::vector<double> a = toReals(base), b = toReals(exponent), out(y->getNumElements());
  zipBroadcast(*shape, out.data(), ArrayRef(a), base.shape, ArrayRef(b), *shapeB, [](double a, double b) { return std::pow(a, b); });
  if (isReal)
    y->values = std::move(out);
  else
    llvm::transform(out, y->mutableIntegers().begin(), [&](double x) { return wrapToType(base.elementType, truncate(x)); });
  return success();
}

//===----------------------------------------------------------------------===//
// Any number of operands
//===----------------------------------------------------------------------===//

/// Folds the operands from the left with a function for each kind.
template <typename RealFunction, typename IntegerFunction>
static LogicalResult fold(Call &call, RealFunction real, IntegerFunction integer) {
  if (call.operands.empty() || llvm::is_contained(call.operands, nullptr))
    return call.error() << "expected at least one input, and all of them present";
  Tensor sum = call[0];
  for (const Tensor *next : call.operands.drop_front()) {
    SmallVector<Tensor> result;
    const Tensor *operands[] = {&sum, next};
    Call step{call.node, operands, result};
    if (failed(arithmetic(step, real, integer)))
      return failure();
    sum = std::move(result.front());
  }
  call.results.push_back(std::move(sum));
  return success();
}

static LogicalResult sum(Call &call) {
  return fold(
      call, [](double a, double b) { return a + b; }, [](int64_t a, int64_t b) { return bits(a) + bits(b); });
}

static LogicalResult mean(Call &call) {
  if (failed(sum(call)))
    return failure();
  for (double &x : call.results.front().mutableReals())
    x /= static_cast<double>(call.operands.size());
  return success();
}

/// The larger (or smaller) of two; a NaN wins, as in numpy.
template <bool wantsLarger> static LogicalResult extreme(Call &call) {
  if (call.operands.empty() || !call.operands[0])
    return call.error() << "expected at least one input";
  bool isUnsigned = call[0].elementType.isUnsignedInteger();
  return fold(
      call, [](double a, double b) { return std::isnan(a) || (wantsLarger ? a > b : a < b) ? a : b; },
      [=](int64_t a, int64_t b) {
        bool aIsLess = isUnsigned ? bits(a) < bits(b) : a < b;
        return aIsLess == wantsLarger ? b : a;
      });
}

//===----------------------------------------------------------------------===//
// Clip, PRelu
//===----------------------------------------------------------------------===//

/// The bounds are attributes before version 11, scalars from then on; where they cross, the upper one wins.
static LogicalResult clip(Call &call) {
  const Tensor &x = call[0];
  for (unsigned bound : {1, 2})
    if (const Tensor *limit = call.get(bound); limit && (limit->getNumElements() != 1 || limit->elementType != x.elementType))
      return call.error() << "expected bounds to be scalars of the input's type, got " << limit->getType();
  Tensor *y = call.addResult(x.elementType, x.shape);
  if (!y)
    return failure();
  if (isa<FloatType>(x.elementType)) {
    double low = call.get(1) ? call[1].reals()[0] : call.node.getFloat("min", -INFINITY);
    double high = call.get(2) ? call[2].reals()[0] : call.node.getFloat("max", INFINITY);
    llvm::transform(x.reals(), y->mutableReals().begin(), [=](double v) { return v < low ? std::min(low, high) : v > high ? high : v; });
    return success();
  }
  bool isUnsigned = x.elementType.isUnsignedInteger();
  auto less = [=](int64_t a, int64_t b) { return isUnsigned ? bits(a) < bits(b) : a < b; };
  llvm::transform(x.integers(), y->mutableIntegers().begin(), [&](int64_t v) {
    int64_t raised = call.get(1) && less(v, call[1].integers()[0]) ? call[1].integers()[0] : v;
    return call.get(2) && less(call[2].integers()[0], raised) ? call[2].integers()[0] : raised;
  });
  return success();
}

/// Before version 7 a slope with one element per channel lies along axis 1.
static LogicalResult prelu(Call &call) {
  Tensor slope = call[1];
  size_t rank = call[0].shape.size();
  if (call.version() < 7 && slope.shape.size() == 1 && rank > 1)
    slope.shape.append(rank - 2, 1);
  const Tensor *operands[] = {&call[0], &slope};
  Call aligned{call.node, operands, call.results};
  return arithmetic(
      aligned, [](double x, double slope) { return x < 0 ? slope * x : x; },
      [](int64_t x, int64_t slope) { return x < 0 ? bits(slope) * bits(x) : bits(x); });
}

ArrayRef<Operator> getArithmetic() {
  static constexpr Operator table[] = {
      {"Add", "number number", add},     {"Clip", "number number? number?", clip},
      {"Div", "number number", div},     {"Max", "number...", extreme<true>},
      {"Mean", "real...", mean},         {"Min", "number...", extreme<false>},
      {"Mod", "number number", mod},     {"Mul", "number number", mul},
      {"PRelu", "number number", prelu}, {"Pow", "number number", pow},
      {"Sub", "number number", sub},     {"Sum", "real...", sum},
  };
  return table;
}

} // namespace bn::reference
