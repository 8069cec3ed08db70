// HostTensor.h - a tensor value outside the IR: what a person feeds to a model and gets back.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_IR_HOSTTENSOR_H
#define BN_IR_HOSTTENSOR_H

#include "mlir/IR/BuiltinTypes.h"

#include <string>
#include <vector>

namespace bn {

/// A tensor with its data. Elements are row-major and little-endian: i1 takes a byte (0 or 1), integers and floats of 8 to
/// 64 bits their width, complex numbers two floats; elements below 8 bits take a byte each. Unsigned integers have
/// the type `uiN`, signed ones `iN`. Strings are in `strings`, and `bytes` is empty.
struct HostTensor {
  mlir::RankedTensorType type; ///< static shape
  std::vector<char> bytes;
  std::vector<std::string> strings;
};

} // namespace bn

#endif // BN_IR_HOSTTENSOR_H
