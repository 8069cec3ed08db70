// Reductions.h - reductions that several lowerings share.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LOWER_REDUCTIONS_H
#define BN_LIB_LOWER_REDUCTIONS_H

#include "TensorOps.h"

namespace bn::lower {

/// Sum over axes, in the compute type, of the elements as `term` changes them.
mlir::Value reduceSum(Builder &b, mlir::Value x, Ints axes, Body term = [](Builder &, mlir::ValueRange v) { return v[0]; });
/// Largest element over axes, in the compute type; NaN if one is.
mlir::Value reduceMax(Builder &b, mlir::Value x, Ints axes, bool isUnsigned = false);
mlir::Value reduceMin(Builder &b, mlir::Value x, Ints axes, bool isUnsigned = false);
/// The place of the largest (smallest) element along an axis, the first one of equals or the last one: tensor of i32 without the axis.
mlir::Value findExtreme(Builder &b, mlir::Value x, int64_t axis, bool wantsLargest, bool isUnsigned, bool wantsLast);
/// Mean of floats over axes.
mlir::Value reduceMean(Builder &b, mlir::Value x, Ints axes);
/// Population variance of floats over axes, from the deviations of `mean`, which has the axes as ones.
mlir::Value reduceVariance(Builder &b, mlir::Value x, mlir::Value mean, Ints axes);

} // namespace bn::lower

#endif // BN_LIB_LOWER_REDUCTIONS_H
