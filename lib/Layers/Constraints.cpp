// Constraints.cpp - Keras' constraints, a table by class.
// SPDX-License-Identifier: Apache-2.0
//
// With n = √Σw² along the axes, κ = 1e-7:  MaxNorm w·clip(n, 0, max)/(κ + n)   UnitNorm w/(κ + n)
// MinMaxNorm w·(rate·clip(n, min, max) + (1 − rate)·n)/(κ + n)   NonNeg max(w, 0). κ shrinks what lies within the bounds, too.

#include "Constraints.h"

#include "Errors.h"
#include "Objects.h"
#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>

using namespace llvm;

namespace bn::layers {

using Values = std::vector<double>;

/// For every element the number of its group: the elements that differ along `axes` only.
static Expected<std::vector<size_t>> groupAlong(ArrayRef<int64_t> axes, ArrayRef<int64_t> shape, size_t elements) {
  SmallVector<bool> reduced(shape.size(), false);
  for (int64_t axis : axes) {
    int64_t resolved = axis < 0 ? axis + static_cast<int64_t>(shape.size()) : axis;
    if (resolved < 0 || resolved >= static_cast<int64_t>(shape.size()))
      return invalid("a constraint's axis " + Twine(axis) + " is out of range for a variable of rank " + Twine(shape.size()));
    reduced[resolved] = true;
  }
  std::vector<size_t> groups(elements);
  for (size_t element = 0; element < elements; ++element) {
    size_t rest = element, stride = 1;
    for (size_t dim = shape.size(); dim-- > 0; rest /= shape[dim]) {
      groups[element] += reduced[dim] ? 0 : rest % shape[dim] * stride;
      stride *= reduced[dim] ? 1 : shape[dim];
    }
  }
  return groups;
}

/// w·wanted(n)/(κ + n).
template <typename Wanted>
static Expected<Values> rescale(const KerasObject &object, ArrayRef<double> w, ArrayRef<int64_t> shape, Wanted wanted) {
  constexpr double kappa = 1e-7;
  Expected<std::vector<size_t>> groups = groupAlong(getAxes(object), shape, w.size());
  if (!groups)
    return groups.takeError();
  Values norms(w.size()), result;
  for (auto [x, group] : zip_equal(w, *groups))
    norms[group] += x * x;
  for (auto [x, group] : zip_equal(w, *groups)) {
    double norm = std::sqrt(norms[group]);
    result.push_back(x * wanted(norm) / (kappa + norm));
  }
  return result;
}

static Expected<Values> projectMaxNorm(const KerasObject &object, ArrayRef<double> w, ArrayRef<int64_t> shape) {
  double max = getNumber(object, "max_value");
  return rescale(object, w, shape, [&](double norm) { return std::min(norm, max); });
}

static Expected<Values> projectUnitNorm(const KerasObject &object, ArrayRef<double> w, ArrayRef<int64_t> shape) {
  return rescale(object, w, shape, [](double) { return 1.0; });
}

static Expected<Values> projectMinMaxNorm(const KerasObject &object, ArrayRef<double> w, ArrayRef<int64_t> shape) {
  double min = getNumber(object, "min_value"), max = getNumber(object, "max_value"), rate = getNumber(object, "rate");
  return rescale(object, w, shape, [&](double norm) { return rate * std::min(std::max(norm, min), max) + (1 - rate) * norm; });
}

static Expected<Values> projectNonNeg(const KerasObject &, ArrayRef<double> w, ArrayRef<int64_t>) {
  Values result(w);
  for (double &x : result)
    x = x < 0 ? 0 : x; // a NaN stays
  return result;
}

static Expected<Values> projectRadial(const KerasObject &, ArrayRef<double>, ArrayRef<int64_t> shape) {
  return invalid("RadialConstraint is for the kernel of a convolution, square and of rank 4, got a variable of rank " +
                 Twine(shape.size()));
}

namespace {
struct ConstraintRow : ClassInfo {
  Expected<Values> (*project)(const KerasObject &, ArrayRef<double>, ArrayRef<int64_t>);
};
} // namespace

static constexpr Parameter axisParameter = {"axis", ParameterKind::Axes};

static constexpr ConstraintRow constraints[] = {
    {{"MaxNorm", {{"max_value", ParameterKind::Number, 2}, axisParameter}}, projectMaxNorm},
    {{"NonNeg"}, projectNonNeg},
    {{"UnitNorm", {axisParameter}}, projectUnitNorm},
    {{"MinMaxNorm",
      {{"min_value", ParameterKind::Number, 0},
       {"max_value", ParameterKind::Number, 1},
       {"rate", ParameterKind::Number, 1},
       axisParameter}},
     projectMinMaxNorm},
    {{"RadialConstraint"}, projectRadial},
};

Error completeConstraint(KerasObject &object) {
  const ConstraintRow *row = findClass(constraints, object);
  return row ? completeObject(object, *row) : makeUnknownClassError(constraints, "constraint", object.className);
}

Expected<std::vector<double>> project(const KerasObject &object, ArrayRef<double> variable, ArrayRef<int64_t> shape) {
  return findClass(constraints, object)->project(object, variable, shape);
}

} // namespace bn::layers
