// Compare.h - are two tensors equal within tolerance?
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_COMPARE_H
#define BN_DRIVER_COMPARE_H

#include "bn/Driver/Options.h"
#include "bn/IR/HostTensor.h"

namespace bn::driver {

struct Tolerance {
  double relative, absolute;
};

/// The tolerance for numbers of this type: a few units of the last place after a long sum; nothing for integers.
Tolerance getTolerance(mlir::Type numberType, const ToleranceOptions &options);

struct Comparison {
  std::string difference; ///< empty when the tensors are equal within tolerance
  double maxError = 0;    ///< the largest |actual − expected| of finite numbers
};

/// Compares element by element: |actual − expected| ≤ absolute + relative·|expected|; NaN equals NaN.
Comparison compare(const HostTensor &actual, const HostTensor &expected, const ToleranceOptions &options);

} // namespace bn::driver

#endif // BN_DRIVER_COMPARE_H
