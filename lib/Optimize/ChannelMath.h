// ChannelMath.h - arithmetic on weights: in double from the stored values, rounded once.
// SPDX-License-Identifier: Apache-2.0
//
// Weights may be hundreds of megabytes, memory-mapped: they are read where they lie and written straight into a new blob.

#ifndef BN_OPTIMIZE_CHANNELMATH_H
#define BN_OPTIMIZE_CHANNELMATH_H

#include "ChannelMap.h"
#include "FloatElements.h"
#include "bn/Optimize/Reasons.h"
#include "mlir/IR/BuiltinAttributeInterfaces.h"

#include <optional>
#include <vector>

namespace bn {

/// Where a weight has its output channels: its elements are ordered [group][outer][channel of the group][inner].
struct ChannelLayout {
  int64_t groups = 1, outer = 1, channels = 1, inner = 1;

  bool operator==(const ChannelLayout &) const = default;
  int64_t getNumElements() const { return groups * outer * channels * inner; }
  int64_t getNumChannels() const { return groups * channels; }
  /// The channel of an element.
  int64_t getChannel(int64_t element) const {
    int64_t row = element / inner;
    return row / (channels * outer) * channels + row % channels;
  }
};

struct WeightRange {
  double low = 0, high = 0;
};

struct ScaledWeight {
  mlir::ElementsAttr value;
  WeightRange before, after;
  llvm::SmallVector<double> rounding; ///< for each channel the sum of |stored - exact| over its weights
};

/// Multiplies each weight with the scale of its channel. NonFinite or Overflow where a weight has no such product in its type.
Reason scaleChannels(mlir::ElementsAttr weight, const ChannelLayout &layout, llvm::ArrayRef<double> scale, llvm::StringRef name,
                     ScaledWeight &result);

/// What a shift of the channels adds to the results of a weight: for each group and outer index, or for each inner index, the sum
/// of weight·offset over all other indices. Nothing where the weight's numbers are not at hand.
std::optional<llvm::SmallVector<double>> sumChannels(mlir::ElementsAttr weight, const ChannelLayout &layout,
                                                     llvm::ArrayRef<double> offset, bool perInner);

/// What rounding took in sum from the weights of each channel of `layout` when those of `scaled` were multiplied.
llvm::SmallVector<double> getRounding(mlir::ElementsAttr before, mlir::ElementsAttr after, const ChannelLayout &scaled,
                                      llvm::ArrayRef<double> scale, const ChannelLayout &layout);

/// |stored − exact|, summed over each `run` elements.
llvm::SmallVector<double> getRounding(llvm::ArrayRef<double> exact, mlir::ElementsAttr stored, int64_t run = 1);

/// The range of the weights of each channel; none where the values are not at hand.
std::vector<WeightRange> measureChannels(mlir::ElementsAttr weight, const ChannelLayout &layout);

} // namespace bn

#endif // BN_OPTIMIZE_CHANNELMATH_H
