// Resample.h - values of a tensor at other coordinates along every dimension: nearest, linear and cubic.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_REFERENCE_RESAMPLE_H
#define BN_LIB_REFERENCE_RESAMPLE_H

#include "Operator.h"

namespace bn::reference {

/// One dimension of the request.
struct Axis {
  int64_t input, output;
  double length;                        ///< the output's size before rounding
  double scale = 1, start = 0, end = 1; ///< start and end are the region of interest
};

/// Adds the result of `shape` whose elements are the nearest ones, by the names of a coordinate transformation and a rounding.
mlir::LogicalResult resizeNearest(Call &call, llvm::ArrayRef<Axis> axes, llvm::ArrayRef<int64_t> shape, llvm::StringRef coordinates,
                                  llvm::StringRef rounding);

/// Adds the result of `shape` whose elements lie between others: on a cubic, or on a line.
mlir::LogicalResult interpolate(Call &call, llvm::ArrayRef<Axis> axes, llvm::ArrayRef<int64_t> shape, llvm::StringRef coordinates,
                                bool isCubic);

} // namespace bn::reference

#endif // BN_LIB_REFERENCE_RESAMPLE_H
