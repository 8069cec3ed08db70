// ProductCost.h - the cycles of multiply-adds with weights that come from memory.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LOWER_PRODUCTCOST_H
#define BN_LOWER_PRODUCTCOST_H

#include <algorithm>

namespace bn::lower {

/// Bytes of weights that arrive from memory per cycle: they are read once in a run of the network and are not in a cache.
inline constexpr double kWeightBytesPerCycle = 4.2;
/// What multiply-adds and the arrival of weights hide of each other, of the shorter one.
inline constexpr double kHidden = 0.6;

/// Cycles of multiply-adds, one vector of them in each, with the arrival of their weights' bytes.
inline double getProductCost(double multiplyAdds, double bytes) {
  double arrival = bytes / kWeightBytesPerCycle;
  return std::max(multiplyAdds, arrival) + (1 - kHidden) * std::min(multiplyAdds, arrival);
}

} // namespace bn::lower

#endif // BN_LOWER_PRODUCTCOST_H
