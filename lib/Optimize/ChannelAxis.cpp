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

std::optional<ChannelAxis> pickChannelAxis(RankedTensorType data) {
  int64_t rank = data.getRank();
  for (int64_t axis : {int64_t(1), rank - 1})
    if (axis >= 0 && axis < rank && !data.isDynamicDim(axis))
      return ChannelAxis{axis, data.getDimSize(axis)};
  return std::nullopt;
}

/// Whether elements that differ only in their index of a dimension of `size` are equal; `stride` is between neighbours.
static bool isSameAlong(ArrayRef<double> values, int64_t size, int64_t stride) {
  for (auto [i, value] : llvm::enumerate(values))
    if (static_cast<int64_t>(i) / stride % size != 0 && value != values[i - stride])
      return false;
  return true;
}

std::optional<ChannelAxis> proveChannelAxis(onnx::NodeOpInterface node, RankedTensorType data, RankedTensorType parameter,
                                            ArrayRef<double> values) {
  if (values.size() == 1)
    return parameter.getRank() <= data.getRank() ? pickChannelAxis(data) : std::nullopt;
  std::optional<int64_t> first = getFirstAxis(node, data.getRank(), parameter.getRank());
  if (!first)
    return std::nullopt;
  bool isVector = llvm::count_if(parameter.getShape(), [](int64_t size) { return size != 1; }) == 1;
  std::optional<ChannelAxis> found;
  int64_t stride = 1;
  for (int64_t i = parameter.getRank() - 1; i >= 0; stride *= parameter.getDimSize(i--)) {
    int64_t size = parameter.getDimSize(i), axis = *first + i;
    if (size == 1)
      continue;
    if (data.getDimSize(axis) != size) // a broadcast of the data
      return std::nullopt;
    if (!isVector && isSameAlong(values, size, stride))
      continue;
    if (found) // a second axis
      return std::nullopt;
    found = ChannelAxis{axis, size, stride};
  }
  return found ? found : pickChannelAxis(data);
}

} // namespace bn
