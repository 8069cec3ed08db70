// ChannelAxis.cpp - proves that a constant operand varies along one axis only.
// SPDX-License-Identifier: Apache-2.0

#include "ChannelAxis.h"

using namespace mlir;

namespace bn {

/// The data axis that the parameter's dimension 0 meets: dimensions align at the end, before version 7 where `axis` says.
static std::optional<int64_t> getFirstAxis(onnx::NodeOpInterface node, int64_t rank, int64_t parameterRank) {
  int64_t atEnd = rank - parameterRank;
  if (node.getSchemaVersion() >= 7)
    return atEnd >= 0 ? std::optional(atEnd) : std::nullopt;
  if (!node.getInt("broadcast", 0)) // then the shapes are equal
    return atEnd == 0 ? std::optional<int64_t>(0) : std::nullopt;
  int64_t first = node.getInt("axis", atEnd);
  if (first < 0)
    first += rank;
  return first >= 0 && first <= atEnd ? std::optional(first) : std::nullopt;
}

/// The axis that a number without one is spread along: 1 as in images, otherwise the last.
static std::optional<ChannelAxis> pickAxis(RankedTensorType data) {
  int64_t rank = data.getRank();
  for (int64_t axis : {int64_t(1), rank - 1})
    if (axis >= 0 && axis < rank && !data.isDynamicDim(axis))
      return ChannelAxis{axis, data.getDimSize(axis)};
  return std::nullopt;
}

std::optional<ChannelAxis> proveChannelAxis(onnx::NodeOpInterface node, RankedTensorType data, RankedTensorType parameter) {
  if (parameter.getNumElements() == 1)
    return parameter.getRank() <= data.getRank() ? pickAxis(data) : std::nullopt;
  std::optional<int64_t> first = getFirstAxis(node, data.getRank(), parameter.getRank());
  if (!first)
    return std::nullopt;
  std::optional<ChannelAxis> found;
  for (auto [i, size] : llvm::enumerate(parameter.getShape())) {
    if (size == 1)
      continue;
    int64_t axis = *first + static_cast<int64_t>(i);
    if (found || data.getDimSize(axis) != size) // a second axis; or a broadcast of the data
      return std::nullopt;
    found = ChannelAxis{axis, size};
  }
  return found;
}

} // namespace bn
