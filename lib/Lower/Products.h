// Products.h - what matrix products and convolutions share.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LOWER_PRODUCTS_H
#define BN_LIB_LOWER_PRODUCTS_H

#include "Window.h"

namespace bn::lower {

/// v[0]·v[1] + v[2]
mlir::Value multiplyAdd(Builder &b, mlir::ValueRange v);

/// The product of matrices, both in front of which may be one batch dimension.
mlir::Value multiplyMatrices(NodeLowering &n, mlir::Value x, mlir::Value y);

/// The product of a MatMul's operands, or of what stands for them: vectors are matrices, batches broadcast. Of i16 it is i32.
mlir::Value multiplyBatches(NodeLowering &n, mlir::Value x, mlir::Value y);
/// Rows with as many zeros behind each as it takes to fill the kernels' lanes.
mlir::Value padDepth(Builder &b, mlir::Value rows);

/// The product of f32 rows, [R][K], with a matrix that is known now, [K][N].
mlir::Value multiplyByKnown(NodeLowering &n, mlir::Value rows, mlir::ElementsAttr matrix);

/// Σ over input channels and taps, without bias: x is N×C×…, padded; weights are M×C/group×….
mlir::Value convolve(Builder &b, mlir::Value x, mlir::Value weights, const Window &window, int64_t groups, Shape outShape,
                     mlir::Type compute);
/// Adds a bias per channel, if any, and rounds to the result's type.
mlir::Value addBias(NodeLowering &n, mlir::Value sum, mlir::Value bias);

/// Where a node has two tensors of integers and the zero points that are taken from them.
struct IntegerOperands {
  unsigned left, leftZero, right, rightZero;
};

/// Input `i` less its zero point, in `type`. A zero point of one dimension varies along `axis`.
mlir::Value subtractZeroPoint(NodeLowering &n, unsigned i, unsigned zeroPoint, int64_t axis, mlir::Type type);
/// The matrix product of integers in i32.
mlir::Value multiplyIntegers(NodeLowering &n, IntegerOperands operands);
/// The convolution of integers in i32.
mlir::Value convolveIntegers(NodeLowering &n, IntegerOperands operands);

} // namespace bn::lower

#endif // BN_LIB_LOWER_PRODUCTS_H
