// ChannelMap.h - a·x + b with a pair of numbers for each channel.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_CHANNELMAP_H
#define BN_OPTIMIZE_CHANNELMAP_H

#include "bn/Optimize/Reasons.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

namespace bn {

/// Per-channel numbers a and b of the map a·x + b.
struct ChannelMap {
  llvm::SmallVector<double> scale, offset;

  bool hasUnitScale() const;
  bool hasZeroOffset() const;
  /// Whether all channels have the same numbers, so that the axis does not matter.
  bool isUniform() const;
  /// The same map for `channels` channels. Only for uniform maps.
  ChannelMap spread(int64_t channels) const;
};

/// The map of a BatchNormalization with given statistics; parameters of one element per channel.
/// VarianceNotPositive or NonFinite where it has none.
Reason normalize(llvm::ArrayRef<double> scale, llvm::ArrayRef<double> offset, llvm::ArrayRef<double> mean,
                 llvm::ArrayRef<double> variance, double epsilon, ChannelMap &map);

/// `outer` after `inner`: outer.scale·(inner.scale·x + inner.offset) + outer.offset.
ChannelMap compose(const ChannelMap &outer, const ChannelMap &inner);

/// factor·bias·scale + offset for `bias` ordered [outer][channel].
llvm::SmallVector<double> mapBias(llvm::ArrayRef<double> bias, double factor, const ChannelMap &map);

} // namespace bn

#endif // BN_OPTIMIZE_CHANNELMAP_H
