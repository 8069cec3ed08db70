// ChannelAxis.h - proves that a constant operand of an elementwise node varies along one axis of the other operand only.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_CHANNELAXIS_H
#define BN_OPTIMIZE_CHANNELAXIS_H

#include "bn/IR/Onnx/Onnx.h"

#include <optional>

namespace bn {

/// An axis of a tensor, and its static size.
struct ChannelAxis {
  int64_t axis, size;
};

/// The axis of `data` that `parameter` varies along when `node`, an elementwise operator of any version, broadcasts
/// the two, and the result has the shape of `data`. A parameter of one element gets the axis where channels usually are.
/// Nothing where that is not certain.
std::optional<ChannelAxis> proveChannelAxis(onnx::NodeOpInterface node, mlir::RankedTensorType data,
                                            mlir::RankedTensorType parameter);

} // namespace bn

#endif // BN_OPTIMIZE_CHANNELAXIS_H
