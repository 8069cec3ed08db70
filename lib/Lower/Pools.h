// Pools.h - what pools share.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LOWER_POOLS_H
#define BN_LIB_LOWER_POOLS_H

#include "Window.h"

namespace bn::lower {

/// Where in the input, counted as one row, each window's largest element is: x with its border, and the largest elements.
mlir::Value findPoolPlaces(NodeLowering &n, mlir::Value x, mlir::Value largest, const Window &window);

} // namespace bn::lower

#endif // BN_LIB_LOWER_POOLS_H
