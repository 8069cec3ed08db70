// Window.h - what convolution and pooling share: which inputs an output of a sliding window reads.
// SPDX-License-Identifier: Apache-2.0
//
// Along a spatial dimension the tap k of the output o reads the input at o·stride − pad + k·dilation, where that is inside.
// For one tap, the outputs of one row (last dimension) that read inside form a segment.

#ifndef BN_LIB_REFERENCE_WINDOW_H
#define BN_LIB_REFERENCE_WINDOW_H

#include "Operator.h"

namespace bn::reference {

struct Window {
  Dims kernel, strides, dilations, padsBegin, padsEnd; ///< by spatial dimension

  /// Input elements from the first tap to the last.
  int64_t getExtent(size_t d) const { return (kernel[d] - 1) * dilations[d] + 1; }
};

/// Outputs out, out + 1, … of one tap, which read the inputs in, in + stride, …; offsets are within one channel.
struct Segment {
  int64_t out, in, count;
};

/// Reads kernel, strides, dilations and pads from the node; `kernel` is what the weights say, empty for pooling.
/// Pads of `auto_pad` are left to the caller.
mlir::FailureOr<Window> readWindow(Call &call, llvm::ArrayRef<int64_t> kernel);

/// Applies `auto_pad` for inputs of this spatial shape.
void applyAutoPad(Call &call, Window &window, llvm::ArrayRef<int64_t> input);

/// The spatial shape of the output; `ceils` rounds up, but no window starts behind the input.
mlir::FailureOr<Dims> getWindowOutput(Call &call, const Window &window, llvm::ArrayRef<int64_t> input, bool ceils = false);

/// The segments of every tap, taps in row-major order.
mlir::FailureOr<std::vector<std::vector<Segment>>> getSegments(Call &call, const Window &window, llvm::ArrayRef<int64_t> input,
                                                               llvm::ArrayRef<int64_t> output);

} // namespace bn::reference

#endif // BN_LIB_REFERENCE_WINDOW_H
