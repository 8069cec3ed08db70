// ChannelMap.cpp - a·x + b with a pair of numbers for each channel.
// SPDX-License-Identifier: Apache-2.0

#include "ChannelMap.h"

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/STLExtras.h"

#include <cmath>

using namespace mlir;

namespace bn {

bool ChannelMap::hasUnitScale() const {
  return llvm::all_of(scale, [](double a) { return a == 1; });
}

bool ChannelMap::hasZeroOffset() const {
  return llvm::all_of(offset, [](double b) { return b == 0; });
}

bool ChannelMap::isUniform() const { return llvm::all_equal(scale) && llvm::all_equal(offset); }

ChannelMap ChannelMap::spread(int64_t channels) const {
  assert(isUniform() && !scale.empty());
  return {SmallVector<double>(channels, scale.front()), SmallVector<double>(channels, offset.front())};
}

Reason normalize(ArrayRef<double> scale, ArrayRef<double> offset, ArrayRef<double> mean, ArrayRef<double> variance, double epsilon,
                 ChannelMap &map) {
  for (auto [c, v] : llvm::enumerate(variance)) {
    if (!(v + epsilon > 0))
      return std::isnan(v) ? Reason::NonFinite : Reason::VarianceNotPositive;
    double a = scale[c] / std::sqrt(v + epsilon), b = offset[c] - mean[c] * a;
    if (!std::isfinite(a) || !std::isfinite(b) || std::isinf(v))
      return Reason::NonFinite;
    map.scale.push_back(a);
    map.offset.push_back(b);
  }
  return Reason::None;
}

ChannelMap compose(const ChannelMap &outer, const ChannelMap &inner) {
  ChannelMap map;
  for (auto [a, b, c, d] : llvm::zip_equal(outer.scale, outer.offset, inner.scale, inner.offset)) {
    map.scale.push_back(a * c);
    map.offset.push_back(a * d + b);
  }
  return map;
}

SmallVector<double> mapBias(ArrayRef<double> bias, double factor, const ChannelMap &map) {
  SmallVector<double> result(bias.size());
  for (auto [i, b] : llvm::enumerate(bias)) {
    size_t channel = i % map.scale.size();
    result[i] = factor * b * map.scale[channel] + map.offset[channel];
  }
  return result;
}

} // namespace bn
