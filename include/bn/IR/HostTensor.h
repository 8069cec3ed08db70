// HostTensor.h - a value outside the IR: what a person feeds to a model and gets back.
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
/// A sequence or an optional, which few models have, has no tensor type: it holds other values.
struct HostTensor {
  mlir::RankedTensorType type; ///< static shape; null for a sequence or an optional
  std::vector<char> bytes;
  std::vector<std::string> strings;
  mlir::Type holderType = {};              ///< of a sequence or an optional; null for a tensor
  std::vector<HostTensor> elements = {}; ///< of a sequence; of an optional one or none

  mlir::Type getType() const { return type ? mlir::Type(type) : holderType; }
};

} // namespace bn

#endif // BN_IR_HOSTTENSOR_H
