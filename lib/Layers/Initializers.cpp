// Initializers.cpp - Keras' initializers, a table by class.
// SPDX-License-Identifier: Apache-2.0
//
// The formulas are Keras'; its streams of random numbers are not: a seed gives the same values on every machine, but not
// those that TensorFlow draws from it.

#include "Initializers.h"

#include "Errors.h"
#include "Objects.h"
#include "Random.h"
#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <numeric>

using namespace llvm;

namespace bn::layers {

using Values = std::vector<double>;
using Shape = ArrayRef<int64_t>;

static int64_t countElements(Shape shape) { return std::accumulate(shape.begin(), shape.end(), int64_t(1), std::multiplies<>()); }

/// As many values as the shape has elements, each drawn by `draw`.
template <typename Draw> static Values fill(Shape shape, Draw draw) {
  Values values(countElements(shape));
  std::generate(values.begin(), values.end(), draw);
  return values;
}

template <int value> static Expected<Values> fillWith(const KerasObject &, Shape shape, Random &) {
  return Values(countElements(shape), value);
}

static Expected<Values> fillConstant(const KerasObject &object, Shape shape, Random &) {
  return Values(countElements(shape), getNumber(object, "value"));
}

static Expected<Values> drawUniform(const KerasObject &object, Shape shape, Random &random) {
  double low = getNumber(object, "minval"), high = getNumber(object, "maxval");
  return fill(shape, [&] { return random.uniform(low, high); });
}

static Expected<Values> drawNormal(const KerasObject &object, Shape shape, Random &random) {
  double mean = getNumber(object, "mean"), stddev = getNumber(object, "stddev");
  return fill(shape, [&] { return random.normal(mean, stddev); });
}

static Expected<Values> drawTruncatedNormal(const KerasObject &object, Shape shape, Random &random) {
  double mean = getNumber(object, "mean"), stddev = getNumber(object, "stddev");
  return fill(shape, [&] { return random.truncatedNormal(mean, stddev); });
}

//===----------------------------------------------------------------------===//
// Scaled by the number of connections
//===----------------------------------------------------------------------===//

/// How many values a unit reads and feeds, by the rule for weights of dense and convolutional layers.
static std::pair<double, double> getFans(Shape shape) {
  if (shape.empty())
    return {1, 1};
  if (shape.size() == 1)
    return {shape[0], shape[0]};
  double receptive = countElements(shape.drop_back(2));
  return {receptive * shape[shape.size() - 2], receptive * shape.back()};
}

static Expected<Values> drawScaled(double scale, StringRef mode, StringRef distribution, Shape shape, Random &random) {
  if (scale <= 0)
    return invalid("'scale' of VarianceScaling must be positive, got " + formatNumber(scale));
  auto [fanIn, fanOut] = getFans(shape);
  double fan = mode == "fan_in" ? fanIn : mode == "fan_out" ? fanOut : (fanIn + fanOut) / 2;
  double variance = scale / std::max(1.0, fan);
  if (distribution == "uniform") {
    double limit = std::sqrt(3 * variance);
    return fill(shape, [&] { return random.uniform(-limit, limit); });
  }
  if (distribution == "untruncated_normal")
    return fill(shape, [&] { return random.normal(0, std::sqrt(variance)); });
  constexpr double truncatedStddev = 0.87962566103423978; // of a standard normal cut at two standard deviations
  return fill(shape, [&] { return random.truncatedNormal(0, std::sqrt(variance) / truncatedStddev); });
}

static Expected<Values> drawVarianceScaling(const KerasObject &object, Shape shape, Random &random) {
  StringRef mode = getText(object, "mode"), distribution = getText(object, "distribution");
  if (!is_contained({"fan_in", "fan_out", "fan_avg"}, mode))
    return invalid("'mode' of VarianceScaling must be fan_in, fan_out or fan_avg, got '" + mode + "'");
  if (!is_contained({"normal", "truncated_normal", "untruncated_normal", "uniform"}, distribution))
    return invalid("'distribution' of VarianceScaling must be normal, truncated_normal, untruncated_normal or uniform, got '" +
                   distribution + "'");
  return drawScaled(getNumber(object, "scale"), mode, distribution, shape, random);
}

namespace {
enum class Fan { In, Average };
} // namespace

/// The named members of the family.
template <int scale, Fan fan, bool isUniform> static Expected<Values> drawFamily(const KerasObject &, Shape shape, Random &random) {
  return drawScaled(scale, fan == Fan::In ? "fan_in" : "fan_avg", isUniform ? "uniform" : "truncated_normal", shape, random);
}

//===----------------------------------------------------------------------===//
// Matrices
//===----------------------------------------------------------------------===//

static double dot(ArrayRef<double> a, ArrayRef<double> b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

/// Makes vectors of one length orthonormal, each against those before it (Gram and Schmidt, twice for accuracy).
static void orthonormalize(std::vector<Values> &vectors) {
  for (size_t i = 0; i < vectors.size(); ++i) {
    for (int pass = 0; pass < 2; ++pass)
      for (size_t j = 0; j < i; ++j) {
        double along = dot(vectors[i], vectors[j]);
        for (auto [v, w] : zip_equal(vectors[i], vectors[j]))
          v -= along * w;
      }
    double norm = std::sqrt(dot(vectors[i], vectors[i]));
    for (double &v : vectors[i])
      v /= norm;
  }
}

/// The variable as a matrix over its last axis; its rows or its columns, whichever are fewer, are orthonormal.
static Expected<Values> drawOrthogonal(const KerasObject &object, Shape shape, Random &random) {
  if (shape.size() < 2)
    return invalid("the tensor to initialize with Orthogonal must be at least two-dimensional, got rank " + Twine(shape.size()));
  size_t rows = countElements(shape.drop_back()), columns = shape.back();
  std::vector<Values> vectors(std::min(rows, columns), Values(std::max(rows, columns)));
  for (Values &vector : vectors)
    std::generate(vector.begin(), vector.end(), [&] { return random.normal(0, 1); });
  orthonormalize(vectors);
  double gain = getNumber(object, "gain");
  Values values;
  for (size_t row = 0; row < rows; ++row)
    for (size_t column = 0; column < columns; ++column)
      values.push_back(gain * (rows < columns ? vectors[row][column] : vectors[column][row]));
  return values;
}

static Expected<Values> fillIdentity(const KerasObject &object, Shape shape, Random &) {
  if (shape.size() != 2)
    return invalid("Identity can only be used for two-dimensional matrices, got rank " + Twine(shape.size()));
  Values values(countElements(shape));
  for (int64_t i = 0; i < std::min(shape[0], shape[1]); ++i)
    values[i * shape[1] + i] = getNumber(object, "gain");
  return values;
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

namespace {
struct InitializerRow : ClassInfo {
  Expected<Values> (*initialize)(const KerasObject &, Shape, Random &);
};
} // namespace

static constexpr Parameter seedParameter = {"seed", ParameterKind::Seed};
static constexpr Parameter meanParameter = {"mean", ParameterKind::Number, 0}, stddevParameter = {"stddev", ParameterKind::Number, 0.05};
static constexpr Parameter gainParameter = {"gain", ParameterKind::Number, 1};

static constexpr InitializerRow initializers[] = {
    {{"Zeros", {}, "zero"}, fillWith<0>},
    {{"Ones", {}, "one"}, fillWith<1>},
    {{"Constant", {{"value", ParameterKind::Number, 0}}}, fillConstant},
    {{"RandomUniform", {{"minval", ParameterKind::Number, -0.05}, {"maxval", ParameterKind::Number, 0.05}, seedParameter}, "uniform"},
     drawUniform},
    {{"RandomNormal", {meanParameter, stddevParameter, seedParameter}, "normal"}, drawNormal},
    {{"TruncatedNormal", {meanParameter, stddevParameter, seedParameter}}, drawTruncatedNormal},
    {{"VarianceScaling",
      {{"scale", ParameterKind::Number, 1},
       {"mode", ParameterKind::Text, 0, "fan_in"},
       {"distribution", ParameterKind::Text, 0, "truncated_normal"},
       seedParameter}},
     drawVarianceScaling},
    {{"GlorotUniform", {seedParameter}}, drawFamily<1, Fan::Average, true>},
    {{"GlorotNormal", {seedParameter}}, drawFamily<1, Fan::Average, false>},
    {{"HeUniform", {seedParameter}}, drawFamily<2, Fan::In, true>},
    {{"HeNormal", {seedParameter}}, drawFamily<2, Fan::In, false>},
    {{"LecunUniform", {seedParameter}}, drawFamily<1, Fan::In, true>},
    {{"LecunNormal", {seedParameter}}, drawFamily<1, Fan::In, false>},
    {{"Orthogonal", {gainParameter, seedParameter}, "OrthogonalInitializer"}, drawOrthogonal},
    {{"Identity", {gainParameter}, "IdentityInitializer"}, fillIdentity},
};

Error completeInitializer(KerasObject &object) {
  const InitializerRow *row = findClass(initializers, object);
  return row ? completeObject(object, *row) : makeUnknownClassError(initializers, "initializer", object.className);
}

Expected<std::vector<double>> initialize(const KerasObject &object, Shape shape, uint64_t seed) {
  Random random(getSeed(object).value_or(seed));
  return findClass(initializers, object)->initialize(object, shape, random);
}

} // namespace bn::layers
