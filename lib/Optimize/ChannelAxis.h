// ChannelAxis.h - proves that a constant operand of an elementwise node varies along one axis of the other operand only.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_CHANNELAXIS_H
#define BN_OPTIMIZE_CHANNELAXIS_H

#include "bn/IR/Onnx/Onnx.h"

#include <optional>

namespace bn {

/// An axis of a tensor, its static size, and how far apart the parameter has the numbers of two channels.
struct ChannelAxis {
  int64_t axis, size;
  int64_t stride = 0;
};

/// The axis that a number without one is spread along: 1 as in images, otherwise the last of known size.
std::optional<ChannelAxis> pickChannelAxis(mlir::RankedTensorType data);

/// The axis of `data` that `parameter`, whose elements are `values`, varies along when `node`, an elementwise operator of
/// any version, broadcasts the two, and the result has the shape of `data`. A parameter that is the same everywhere gets
/// the axis where channels usually are. Nothing where that is not certain.
std::optional<ChannelAxis> proveChannelAxis(onnx::NodeOpInterface node, mlir::RankedTensorType data,
                                            mlir::RankedTensorType parameter, llvm::ArrayRef<double> values);

} // namespace bn

#endif // BN_OPTIMIZE_CHANNELAXIS_H
