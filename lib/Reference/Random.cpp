// Random.cpp - operators that draw their results.
// SPDX-License-Identifier: Apache-2.0
//
// A node draws from its attribute `seed`, or, where it has none, from its name: it gives the same numbers every time it runs, on
// every machine. They are not those of another runtime with that seed; the standard says of which distribution they are, and no more.

#include "Convert.h"
#include "Operator.h"
#include "bn/IR/Onnx/Names.h"
#include "llvm/Support/xxhash.h"

#include <cmath>
#include <random>

using namespace mlir;

namespace bn::reference {

namespace {
/// The numbers of one node. The distributions of the standard library differ from one library to the next.
class Dice {
public:
  explicit Dice(const Call &call) {
    uint64_t seed = llvm::xxh3_64bits(onnx::getDisplayName(call.node));
    if (auto integer = dyn_cast_or_null<IntegerAttr>(call.node.getNodeAttr("seed")))
      seed = integer.getInt();
    else if (call.node.getNodeAttr("seed"))
      seed = llvm::bit_cast<uint32_t>(static_cast<float>(call.node.getFloat("seed", 0)));
    std::seed_seq both{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
    engine.seed(both);
  }

  /// Between 0, included, and 1.
  double uniform() { return (engine() >> 11) * 0x1p-53; }
  /// By Box and Muller.
  double normal() {
    double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * M_PI * uniform());
  }

private:
  std::mt19937_64 engine;
};
} // namespace

/// Adds the result, and hands it to `fill`; its type is that of the attribute `dtype`, or `otherwise`.
static LogicalResult draw(Call &call, ArrayRef<int64_t> shape, Type otherwise, llvm::function_ref<double(Dice &, size_t)> next) {
  int64_t dataType = call.node.getInt("dtype", 0);
  Type type = dataType ? getDataType(call.node->getContext(), dataType) : otherwise;
  if (!type || !type.isIntOrFloat())
    return call.unsupported() << "expected numbers, got data type " << dataType;
  Tensor *y = call.addResult(type, shape);
  if (!y)
    return failure();
  Dice dice(call);
  for (size_t i = 0, e = y->getNumElements(); i < e; ++i) {
    double value = next(dice, i);
    if (isa<FloatType>(type))
      y->mutableReals()[i] = value;
    else
      y->mutableIntegers()[i] = truncate(value);
  }
  return success();
}

/// Draws from one distribution, in the shape of the attribute or of the operand.
static LogicalResult drawAlike(Call &call, llvm::function_ref<double(Dice &)> next) {
  auto number = [&](Dice &dice, size_t) { return next(dice); };
  if (call.get(0))
    return draw(call, call[0].shape, call[0].elementType, number);
  std::optional<ArrayRef<int64_t>> shape = call.node.getInts("shape");
  if (!shape)
    return call.error() << "expected attribute 'shape'";
  return draw(call, *shape, Float32Type::get(call.node->getContext()), number);
}

static LogicalResult randomNormal(Call &call) {
  double mean = call.node.getFloat("mean", 0), scale = call.node.getFloat("scale", 1);
  return drawAlike(call, [=](Dice &dice) { return mean + scale * dice.normal(); });
}

static LogicalResult randomUniform(Call &call) {
  double low = call.node.getFloat("low", 0), high = call.node.getFloat("high", 1);
  return drawAlike(call, [=](Dice &dice) { return low + (high - low) * dice.uniform(); });
}

/// 1 with the probability that is the operand's element, otherwise 0.
static LogicalResult bernoulli(Call &call) {
  return draw(call, call[0].shape, call[0].elementType, [&](Dice &dice, size_t i) { return dice.uniform() < call[0].reals()[i]; });
}

/// Classes by the logarithms of their weights, one row of them a sample.
static LogicalResult multinomial(Call &call) {
  const Tensor &logs = call[0];
  int64_t count = call.node.getInt("sample_size", 1);
  if (logs.shape.size() != 2 || logs.shape[1] == 0)
    return call.error() << "expected rows of at least one class, got " << logs.getType();
  int64_t classes = logs.shape[1];
  return draw(call, {logs.shape[0], count}, IntegerType::get(call.node->getContext(), 32), [&](Dice &dice, size_t i) {
    ArrayRef<double> row = logs.reals().slice(i / count * classes, classes);
    double largest = *llvm::max_element(row), sum = 0, at = 0;
    for (double log : row)
      sum += std::exp(log - largest);
    double target = dice.uniform() * sum;
    int64_t chosen = 0;
    for (; chosen + 1 < classes && (at += std::exp(row[chosen] - largest)) <= target;)
      ++chosen;
    return static_cast<double>(chosen);
  });
}

/// The probability with which a Dropout drops an element: 0 outside of training.
static FailureOr<double> getDropRatio(Call &call) {
  bool trains = call.get(2) && llvm::is_contained(call[2].integers(), 1);
  FailureOr<double> ratio = call.get(1) ? call.getReal(1) : FailureOr<double>(0.5);
  if (!trains || failed(ratio))
    return trains ? ratio : FailureOr<double>(0);
  if (!(*ratio >= 0 && *ratio < 1) || !isa<FloatType>(call[0].elementType))
    return call.error() << "expected real numbers and a ratio from 0 to below 1, got " << call[0].elementType << " and " << *ratio;
  return ratio;
}

/// What is kept grows as the expected number of what is kept shrinks; the mask tells which it is.
static LogicalResult dropout(Call &call) {
  FailureOr<double> ratio = getDropRatio(call);
  if (failed(ratio))
    return failure();
  Tensor y = call[0];
  std::vector<bool> mask(y.getNumElements(), true);
  Dice dice(call);
  for (size_t i = 0; *ratio > 0 && i < mask.size(); ++i) {
    mask[i] = dice.uniform() >= *ratio;
    y.mutableReals()[i] *= mask[i] / (1 - *ratio);
  }
  call.results.push_back(std::move(y));
  if (!call.wantsResult(1))
    return success();
  Type maskType = call.version() < 10 ? call[0].elementType : IntegerType::get(call.node->getContext(), 1);
  Tensor *kept = call.addResult(maskType, call[0].shape);
  if (!kept)
    return failure();
  if (isa<FloatType>(maskType))
    llvm::copy(mask, kept->mutableReals().begin());
  else
    llvm::copy(mask, kept->mutableIntegers().begin());
  return success();
}

ArrayRef<Operator> getRandoms() {
  static constexpr Operator table[] = {
      {"Bernoulli", "real", bernoulli},
      {"Dropout", "number real? integer?", dropout},
      {"Multinomial", "real", multinomial},
      {"RandomNormal", "", randomNormal},
      {"RandomNormalLike", "number", randomNormal},
      {"RandomUniform", "", randomUniform},
      {"RandomUniformLike", "number", randomUniform},
  };
  return table;
}

} // namespace bn::reference
