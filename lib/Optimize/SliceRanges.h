// SliceRanges.h - what a Slice takes along each axis.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_SLICERANGES_H
#define BN_OPTIMIZE_SLICERANGES_H

#include "bn/IR/Onnx/Onnx.h"

#include <optional>

namespace bn {

/// The elements start, start + step, … before end along `axis`, where negative borders count from the end of the axis.
struct SliceRange {
  int64_t axis, start, end, step;

  /// Whether it takes all elements, however many there are.
  bool isWhole() const;
};

/// What a Slice of a tensor of known rank takes, axes counted from the front. Nothing where one of its lists is no constant, or none
/// that fits the others.
std::optional<llvm::SmallVector<SliceRange>> getSliceRanges(onnx::NodeOpInterface slice);

} // namespace bn

#endif // BN_OPTIMIZE_SLICERANGES_H
