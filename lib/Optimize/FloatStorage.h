// FloatStorage.h - the bytes of constants of floats, and what the types make of them.
// SPDX-License-Identifier: Apache-2.0
//
// A storage type has a bit pattern, its value, and the nearest bit pattern to a value. Only what loops over whole weights needs
// this; others read and store numbers with FloatElements.h.

#ifndef BN_OPTIMIZE_FLOATSTORAGE_H
#define BN_OPTIMIZE_FLOATSTORAGE_H

#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/bit.h"

#include <cmath>
#include <cstring>
#include <optional>

namespace bn {

/// A type that the compiler knows.
template <typename T>
struct NativeFloat {
  using Bits = T;
  static double load(T bits) { return bits; }
  static T store(double value) { return static_cast<T>(value); }
};

/// The upper half of a float.
struct BFloat16 {
  using Bits = uint16_t;
  static double load(uint16_t bits) { return llvm::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }
  static uint16_t store(double value) {
    float single = static_cast<float>(value);
    uint32_t bits = llvm::bit_cast<uint32_t>(single);
    if (std::isnan(single))
      return (bits >> 16) | 0x40;
    // A tie that rounding to float created is none: step back to the side that the value is on.
    if ((bits & 0xffff) == 0x8000 && single != value)
      bits += std::abs(value) > std::abs(static_cast<double>(single)) ? 1 : -1;
    return (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  }
};

/// Calls `body` with the storage type of a float type; false for all other types.
template <typename Body>
bool withStorage(mlir::Type type, Body body) {
  if (type.isF32())
    return body(NativeFloat<float>()), true;
  if (type.isF64())
    return body(NativeFloat<double>()), true;
  if (type.isF16())
    return body(NativeFloat<_Float16>()), true;
  if (type.isBF16())
    return body(BFloat16()), true;
  return false;
}

/// Blobs of mapped files have any alignment.
template <typename T>
T loadUnaligned(const char *data, int64_t index) {
  T value;
  std::memcpy(&value, data + index * sizeof(T), sizeof(T));
  return value;
}

/// The bytes of a constant; one element of them where all are equal.
struct RawElements {
  llvm::ArrayRef<char> bytes;
  bool splat = false;
};

/// The bytes of a constant; nothing where they are not at hand.
std::optional<RawElements> getRawElements(mlir::ElementsAttr values);

/// Makes a constant of the type from a function that fills its bytes.
mlir::ElementsAttr makeElements(mlir::RankedTensorType type, llvm::StringRef name, llvm::function_ref<void(char *)> fill);

} // namespace bn

#endif // BN_OPTIMIZE_FLOATSTORAGE_H
