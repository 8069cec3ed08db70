// Products.h - what matrix products and convolutions share.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LOWER_PRODUCTS_H
#define BN_LIB_LOWER_PRODUCTS_H

#include "Lowering.h"
#include "TensorOps.h"

namespace bn::lower {

/// v[0]·v[1] + v[2]
mlir::Value multiplyAdd(Builder &b, mlir::ValueRange v);

/// Input `i` less its zero point, in i32. A zero point of one dimension varies along `axis`.
mlir::Value subtractZeroPoint(NodeLowering &n, unsigned i, unsigned zeroPoint, int64_t axis);

} // namespace bn::lower

#endif // BN_LIB_LOWER_PRODUCTS_H
