// Parting.h - the ways to part an affine between what stands before it and what stands behind.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_PARTING_H
#define BN_OPTIMIZE_PARTING_H

#include "BroadcastMap.h"

#include <vector>

namespace bn {

/// A way to part an affine: forward(rest(backward(x))).
struct Parting {
  BroadcastMap backward, rest, forward;
};

/// The ways to part an affine, the simplest first.
std::vector<Parting> getPartings(const BroadcastMap &map);

} // namespace bn

#endif // BN_OPTIMIZE_PARTING_H
