// Filters.h - linear maps that slide a window: how they add up and follow each other, in shape and in numbers.
// SPDX-License-Identifier: Apache-2.0
//
// A convolution, a per-channel scale, an average pool and the identity are all filters; only the sizes differ. Shapes
// tell what a combination costs before any weight is read.

#ifndef BN_OPTIMIZE_FILTERS_H
#define BN_OPTIMIZE_FILTERS_H

#include "bn/Optimize/Reasons.h"

#include <vector>

namespace bn {

/// The window along one spatial dimension: tap t of output o reads the input at stride·o + first + dilation·t, and zero
/// outside. The output has floor((input + growth − 1) / stride) + 1 elements.
struct TapAxis {
  int64_t stride = 1, first = 0, dilation = 1, taps = 1, growth = 0;

  int64_t getLast() const { return first + dilation * (taps - 1); }
  int64_t getPadEnd() const { return growth + getLast(); }
  bool isPadded() const { return first < 0 || getPadEnd() > 0; }
  bool operator==(const TapAxis &) const = default;
};

/// The size of a filter; its weights are ordered [output][input of the group][tap…].
struct FilterShape {
  int64_t outputs = 0, inputs = 0, groups = 1;
  std::vector<TapAxis> axes;

  int64_t getNumTaps() const;
  int64_t getNumWeights() const { return outputs * (inputs / groups) * getNumTaps(); }
  bool isPadded() const { return llvm::any_of(axes, [](const TapAxis &axis) { return axis.isPadded(); }); }
  bool operator==(const FilterShape &) const = default;
};

struct Filter {
  FilterShape shape;
  llvm::SmallVector<double> weights, bias;
};

/// The filter of one tap that reads each channel at its own place.
FilterShape getPointwiseShape(int64_t channels, size_t rank);

/// The smallest shape that holds both as summands; `equalSizes`: their results are known to have equal sizes.
/// ShapesDiffer, StridesDiffer or PaddingDiffers where there is none.
Reason unite(const FilterShape &one, const FilterShape &other, bool equalSizes, FilterShape &result);

/// The shape of `outer` after `inner`. ShapesDiffer where they do not fit; PaddingBetween where the border of `outer` reads
/// zeros that a single filter would not: `shifts` tells whether `inner` has a bias.
Reason chain(const FilterShape &inner, const FilterShape &outer, bool shifts, FilterShape &result);

/// Adds factor·summand to `sum`, whose shape holds the summand's.
void accumulate(const Filter &summand, double factor, Filter &sum);

/// The filter that is `outer` after `inner`, given its shape.
Filter compose(const Filter &inner, const Filter &outer, const FilterShape &shape);

} // namespace bn

#endif // BN_OPTIMIZE_FILTERS_H
