// Products.h - what matrix products and convolutions share.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LOWER_PRODUCTS_H
#define BN_LIB_LOWER_PRODUCTS_H

#include "Lowering.h"
#include "TensorOps.h"

namespace bn::lower {

/// v[0]·v[1] + v[2]
mlir::Value multiplyAdd(Builder &b, mlir::ValueRange v);

/// The product of matrices, both in front of which may be one batch dimension.
mlir::Value multiplyMatrices(NodeLowering &n, mlir::Value x, mlir::Value y);

/// Where a node has two tensors of integers and the zero points that are taken from them.
struct IntegerOperands {
  unsigned left, leftZero, right, rightZero;
};

/// Input `i` less its zero point, in i32. A zero point of one dimension varies along `axis`.
mlir::Value subtractZeroPoint(NodeLowering &n, unsigned i, unsigned zeroPoint, int64_t axis);
/// The matrix product of integers in i32.
mlir::Value multiplyIntegers(NodeLowering &n, IntegerOperands operands);
/// The convolution of integers in i32.
mlir::Value convolveIntegers(NodeLowering &n, IntegerOperands operands);

} // namespace bn::lower

#endif // BN_LIB_LOWER_PRODUCTS_H
