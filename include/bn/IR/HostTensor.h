// HostTensor.h - a value outside the IR: what a person feeds to a model and gets back.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_IR_HOSTTENSOR_H
#define BN_IR_HOSTTENSOR_H

#include "mlir/IR/BuiltinTypes.h"

#include <new>
#include <string>
#include <vector>

namespace bn {

/// Allocates memory that begins where a line of the cache does: compiled code stores whole lines of large results past the cache.
template <typename T> struct LineAllocator {
  using value_type = T;
  static constexpr std::align_val_t line{64};

  LineAllocator() = default;
  template <typename U> LineAllocator(const LineAllocator<U> &) {}
  T *allocate(size_t count) { return static_cast<T *>(::operator new(count * sizeof(T), line)); }
  void deallocate(T *memory, size_t) { ::operator delete(memory, line); }
  bool operator==(const LineAllocator &) const { return true; }
};

/// The elements of a tensor.
using HostBytes = std::vector<char, LineAllocator<char>>;

/// A tensor with its data. Elements are row-major and little-endian: i1 takes a byte (0 or 1), integers and floats of 8 to
/// 64 bits their width, complex numbers two floats; elements below 8 bits take a byte each. Unsigned integers have
/// the type `uiN`, signed ones `iN`. Strings are in `strings`, and `bytes` is empty.
/// A sequence or an optional, which few models have, has no tensor type: it holds other values.
struct HostTensor {
  mlir::RankedTensorType type; ///< static shape; null for a sequence or an optional
  HostBytes bytes;
  std::vector<std::string> strings;
  mlir::Type holderType = {};              ///< of a sequence or an optional; null for a tensor
  std::vector<HostTensor> elements = {}; ///< of a sequence; of an optional one or none

  mlir::Type getType() const { return type ? mlir::Type(type) : holderType; }
};

} // namespace bn

#endif // BN_IR_HOSTTENSOR_H
