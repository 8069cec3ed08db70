// SliceRanges.cpp - what a Slice takes along each axis.
// SPDX-License-Identifier: Apache-2.0

#include "SliceRanges.h"

#include "Initializers.h"

#include <limits>

using namespace mlir;

namespace bn {

bool SliceRange::isWhole() const {
  constexpr int64_t end32 = std::numeric_limits<int32_t>::max(); // what exporters write for "to the end", or the largest of 64 bits
  return start == 0 && step == 1 && end >= end32;
}

std::optional<SmallVector<SliceRange>> getSliceRanges(onnx::NodeOpInterface slice) {
  auto type = dyn_cast<RankedTensorType>(slice->getOperand(0).getType());
  std::optional<SmallVector<int64_t>> starts = getIntegers(slice, 1, "starts"), ends = getIntegers(slice, 2, "ends"),
                                      axes = getIntegers(slice, 3, "axes"), steps = getIntegers(slice, 4, "steps");
  auto isGiven = [&](unsigned operand) { return operand < slice->getNumOperands() && !isAbsent(slice->getOperand(operand)); };
  if (!type || !starts || !ends || starts->size() != ends->size() || (isGiven(3) && !axes) || (isGiven(4) && !steps) ||
      (axes && axes->size() != starts->size()) || (steps && steps->size() != starts->size()))
    return std::nullopt;
  SmallVector<SliceRange> ranges;
  for (auto [i, start] : llvm::enumerate(*starts)) {
    int64_t axis = axes ? (*axes)[i] : i;
    SliceRange range{axis < 0 ? axis + type.getRank() : axis, start, (*ends)[i], steps ? (*steps)[i] : 1};
    if (range.axis < 0 || range.axis >= type.getRank() || range.step == 0)
      return std::nullopt;
    ranges.push_back(range);
  }
  return ranges;
}

} // namespace bn
