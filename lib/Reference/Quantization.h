// Quantization.h - integers of 8 bits that stand for the reals of one tensor.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_REFERENCE_QUANTIZATION_H
#define BN_LIB_REFERENCE_QUANTIZATION_H

#include "llvm/ADT/ArrayRef.h"

namespace bn::reference {

/// real = (stored − zero)·scale, stored from 0 to 255: the steps that DynamicQuantizeLinear chooses for some reals.
struct Steps {
  double scale;
  int64_t zero;

  /// The range of the reals, which takes in 0, in 255 steps.
  explicit Steps(llvm::ArrayRef<double> reals);
  /// What the nearest integer stands for.
  double round(double real) const;
};

} // namespace bn::reference

#endif // BN_LIB_REFERENCE_QUANTIZATION_H
