// Filters.cpp - how filters add up and follow each other.
// SPDX-License-Identifier: Apache-2.0

#include "Filters.h"

#include <numeric>

using namespace mlir;

namespace bn {

int64_t FilterShape::getNumTaps() const {
  int64_t taps = 1;
  for (const TapAxis &axis : axes)
    taps *= axis.taps;
  return taps;
}

FilterShape getPointwiseShape(int64_t channels, size_t rank) {
  return {.outputs = channels, .inputs = channels, .groups = channels, .axes = std::vector<TapAxis>(rank)};
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

/// The distance between taps, which means nothing where there is one only.
static int64_t getStep(const TapAxis &axis) { return axis.taps > 1 ? axis.dilation : 0; }

/// Puts taps from `first` to `last` into `axis`, a multiple of `step` apart; `step` 0 stands for one tap.
static void setTaps(TapAxis &axis, int64_t first, int64_t last, int64_t step) {
  axis.first = first;
  axis.taps = step ? (last - first) / step + 1 : 1;
  if (step)
    axis.dilation = step;
}

Reason unite(const FilterShape &one, const FilterShape &other, bool equalSizes, FilterShape &result) {
  if (one.outputs != other.outputs || one.inputs != other.inputs || one.axes.size() != other.axes.size())
    return Reason::ShapesDiffer;
  result = one;
  result.groups = std::gcd(one.groups, other.groups);
  for (auto [a, b, axis] : llvm::zip_equal(one.axes, other.axes, result.axes)) {
    if (a.stride != b.stride)
      return Reason::StridesDiffer;
    if (a.growth != b.growth && !equalSizes)
      return Reason::PaddingDiffers;
    int64_t step = std::gcd(std::gcd(getStep(a), getStep(b)), a.first - b.first);
    setTaps(axis, std::min(a.first, b.first), std::max(a.getLast(), b.getLast()), step);
  }
  return Reason::None;
}

Reason chain(const FilterShape &inner, const FilterShape &outer, bool shifts, FilterShape &result) {
  if (inner.outputs != outer.inputs || inner.axes.size() != outer.axes.size())
    return Reason::ShapesDiffer;
  result = {.outputs = outer.outputs, .inputs = inner.inputs, .groups = std::gcd(inner.groups, outer.groups), .axes = inner.axes};
  for (auto [in, out, axis] : llvm::zip_equal(inner.axes, outer.axes, result.axes)) {
    // What `outer` takes for zeros lies outside of the result of `inner`, where a single filter would compute it.
    bool readsPlainly = in.taps == 1 && in.first == 0 && in.growth == 0;
    if (out.isPadded() && (shifts || !readsPlainly))
      return Reason::PaddingBetween;
    axis.stride = in.stride * out.stride;
    axis.growth = in.growth + in.stride * out.growth;
    int64_t step = std::gcd(getStep(in), in.stride * getStep(out));
    setTaps(axis, in.first + in.stride * out.first, in.getLast() + in.stride * out.getLast(), step);
  }
  return Reason::None;
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

/// For each tap of `shape`, in order, where in `target` it lies, relative to the tap at `firsts`. Positions add up.
static SmallVector<int64_t> locateTaps(const FilterShape &shape, const FilterShape &target, ArrayRef<int64_t> firsts,
                                       ArrayRef<int64_t> strides) {
  SmallVector<int64_t> positions = {0};
  for (auto [d, axis] : llvm::enumerate(shape.axes)) {
    const TapAxis &wanted = target.axes[d];
    SmallVector<int64_t> longer;
    for (int64_t position : positions)
      for (int64_t t = 0; t < axis.taps; ++t)
        longer.push_back(position * wanted.taps + (firsts[d] + strides[d] * axis.dilation * t) / wanted.dilation);
    positions = std::move(longer);
  }
  return positions;
}

void accumulate(const Filter &summand, double factor, Filter &sum) {
  const FilterShape &from = summand.shape, &to = sum.shape;
  SmallVector<int64_t> firsts, ones(from.axes.size(), 1);
  for (auto [a, b] : llvm::zip_equal(from.axes, to.axes))
    firsts.push_back(a.first - b.first);
  SmallVector<int64_t> positions = locateTaps(from, to, firsts, ones);
  int64_t fromInputs = from.inputs / from.groups, toInputs = to.inputs / to.groups, toTaps = to.getNumTaps();
  const double *weight = summand.weights.data();
  for (int64_t m = 0; m < from.outputs; ++m) {
    int64_t firstInput = m / (from.outputs / from.groups) * fromInputs % toInputs;
    for (int64_t c = 0; c < fromInputs; ++c) {
      double *row = &sum.weights[(m * toInputs + firstInput + c) * toTaps];
      for (int64_t position : positions)
        row[position] += factor * *weight++;
    }
    sum.bias[m] += factor * summand.bias[m];
  }
}

Filter compose(const Filter &inner, const Filter &outer, const FilterShape &shape) {
  Filter result{shape, SmallVector<double>(shape.getNumWeights(), 0), outer.bias};
  SmallVector<int64_t> zeros(shape.axes.size(), 0), ones(shape.axes.size(), 1), strides;
  for (const TapAxis &axis : inner.shape.axes)
    strides.push_back(axis.stride);
  SmallVector<int64_t> innerTaps = locateTaps(inner.shape, shape, zeros, ones);
  SmallVector<int64_t> outerTaps = locateTaps(outer.shape, shape, zeros, strides);
  int64_t middles = outer.shape.inputs / outer.shape.groups, inputs = inner.shape.inputs / inner.shape.groups;
  int64_t toInputs = shape.inputs / shape.groups, toTaps = shape.getNumTaps();
  const double *factor = outer.weights.data();
  for (int64_t m = 0; m < shape.outputs; ++m) {
    int64_t firstMiddle = m / (shape.outputs / outer.shape.groups) * middles;
    for (int64_t middle = firstMiddle; middle < firstMiddle + middles; ++middle) {
      int64_t firstInput = middle / (inner.shape.outputs / inner.shape.groups) * inputs % toInputs;
      for (int64_t outerTap : outerTaps) {
        const double *weight = &inner.weights[middle * inputs * innerTaps.size()];
        for (int64_t c = 0; c < inputs; ++c)
          for (int64_t innerTap : innerTaps)
            result.weights[(m * toInputs + firstInput + c) * toTaps + outerTap + innerTap] += *factor * *weight++;
        result.bias[m] += *factor++ * inner.bias[middle];
      }
    }
  }
  return result;
}

} // namespace bn
