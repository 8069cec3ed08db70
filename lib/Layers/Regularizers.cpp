// Regularizers.cpp - Keras' regularizers, a table by class.
// SPDX-License-Identifier: Apache-2.0

#include "Regularizers.h"

#include "Errors.h"
#include "Objects.h"
#include "llvm/ADT/STLExtras.h"

#include <cmath>

using namespace llvm;

namespace bn::layers {

/// l1·Σ|w| + l2·Σw²; the gradient of |w| at 0 is 0.
static Penalty penalizeSize(double l1, double l2, ArrayRef<double> w) {
  Penalty penalty{0, {}};
  for (double x : w) {
    penalty.value += l1 * std::abs(x) + l2 * x * x;
    penalty.gradient.push_back(l1 * ((x > 0) - (x < 0)) + 2 * l2 * x);
  }
  return penalty;
}

static Expected<Penalty> penalizeL1(const KerasObject &object, ArrayRef<double> w, ArrayRef<int64_t>) {
  return penalizeSize(getNumber(object, "l1"), 0, w);
}

static Expected<Penalty> penalizeL2(const KerasObject &object, ArrayRef<double> w, ArrayRef<int64_t>) {
  return penalizeSize(0, getNumber(object, "l2"), w);
}

static Expected<Penalty> penalizeL1L2(const KerasObject &object, ArrayRef<double> w, ArrayRef<int64_t>) {
  return penalizeSize(getNumber(object, "l1"), getNumber(object, "l2"), w);
}

namespace {
/// The vectors of a matrix, its rows or its columns, as views of its elements.
struct Vectors {
  ArrayRef<double> elements;
  int64_t count, length, stride, step; ///< element k of vector i is at i·stride + k·step

  double at(int64_t i, int64_t k) const { return elements[i * stride + k * step]; }
  double dot(int64_t i, int64_t j) const {
    double sum = 0;
    for (int64_t k = 0; k < length; ++k)
      sum += at(i, k) * at(j, k);
    return sum;
  }
  double norm(int64_t i) const { return std::sqrt(dot(i, i)); }
};
} // namespace

/// factor·½·Σ_{i≠j} |⟨ŵ_i, ŵ_j⟩| over the number of pairs, ŵ the normalized vectors.
static Expected<Penalty> penalizeOrthogonal(const KerasObject &object, ArrayRef<double> w, ArrayRef<int64_t> shape) {
  if (shape.size() != 2)
    return invalid("inputs to OrthogonalRegularizer must have rank 2, got rank " + Twine(shape.size()));
  bool rows = getText(object, "mode") == "rows";
  Vectors v = rows ? Vectors{w, shape[0], shape[1], shape[1], 1} : Vectors{w, shape[1], shape[0], 1, shape[1]};
  double perPair = getNumber(object, "factor") / (v.count * (v.count - 1) / 2.0);
  Penalty penalty{0, std::vector<double>(w.size())};
  for (int64_t i = 0; i < v.count; ++i)
    for (int64_t j = 0; j < v.count; ++j) {
      if (i == j)
        continue;
      double cosine = v.dot(i, j) / (v.norm(i) * v.norm(j)), sign = (cosine > 0) - (cosine < 0);
      penalty.value += perPair * std::abs(cosine) / 2;
      for (int64_t k = 0; k < v.length; ++k) // both orders of the pair give vector i the same
        penalty.gradient[i * v.stride + k * v.step] +=
            perPair * sign * (v.at(j, k) / v.norm(j) - cosine * v.at(i, k) / v.norm(i)) / v.norm(i);
    }
  return penalty;
}

namespace {
struct RegularizerRow : ClassInfo {
  Expected<Penalty> (*penalize)(const KerasObject &, ArrayRef<double>, ArrayRef<int64_t>);
};
} // namespace

static constexpr RegularizerRow regularizers[] = {
    {{"L1", {{"l1", ParameterKind::Number, 0.01}}}, penalizeL1},
    {{"L2", {{"l2", ParameterKind::Number, 0.01}}}, penalizeL2},
    {{"L1L2", {{"l1", ParameterKind::Number, 0}, {"l2", ParameterKind::Number, 0}}}, penalizeL1L2},
    {{"OrthogonalRegularizer", {{"factor", ParameterKind::Number, 0.01}, {"mode", ParameterKind::Text, 0, "rows"}}}, penalizeOrthogonal},
};

Error completeRegularizer(KerasObject &object, Api api) {
  const RegularizerRow *row = findClass(regularizers, object);
  if (!row)
    return makeUnknownClassError(regularizers, "regularizer", object.className);
  if (Error error = completeObject(object, *row))
    return error;
  for (const auto &[key, value] : object.config)
    if (std::optional<double> factor = value.getAsNumber(); factor && *factor < 0 && api == Api::Keras3)
      return invalid("'" + row->name + "' expects '" + StringRef(key) + "' not to be negative, got " + formatNumber(*factor));
  if (const json::Value *mode = object.config.get("mode"); mode && !is_contained({"rows", "columns"}, *mode->getAsString()))
    return invalid("'mode' of OrthogonalRegularizer must be rows or columns, got '" + *mode->getAsString() + "'");
  return Error::success();
}

Expected<Penalty> getPenalty(const KerasObject &object, ArrayRef<double> variable, ArrayRef<int64_t> shape) {
  return findClass(regularizers, object)->penalize(object, variable, shape);
}

} // namespace bn::layers
