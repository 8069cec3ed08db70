// Constants.h - the elements of constants as plain memory: read without copies, written as resource blobs.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LOWER_CONSTANTS_H
#define BN_LIB_LOWER_CONSTANTS_H

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <cstring>

namespace bn::lower {

/// An element of a constant: in a mapped file it lies at any address.
template <typename T> struct Stored {
  operator T() const {
    T value;
    std::memcpy(&value, bytes, sizeof(T));
    return value;
  }
  char bytes[sizeof(T)];
};

/// The memory behind a constant; one element where all are equal. Empty where the value cannot be read.
llvm::ArrayRef<char> getMemory(mlir::ElementsAttr value);

/// That memory as elements of the constant's type.
template <typename T> llvm::ArrayRef<Stored<T>> getStored(mlir::ElementsAttr value) {
  llvm::ArrayRef<char> bytes = getMemory(value);
  return {reinterpret_cast<const Stored<T> *>(bytes.data()), bytes.size() / sizeof(T)};
}

/// The elements of an f32 constant; one element where all are equal. Empty for other types and where the value cannot be read.
llvm::ArrayRef<Stored<float>> getFloats(mlir::ElementsAttr value);

/// The elements of a constant of 8 bits; one where all are equal. Empty for other types and where the value cannot be read.
llvm::ArrayRef<char> getBytes(mlir::ElementsAttr value);

/// A byte as the number that it stands for.
inline int64_t widen(char byte, bool isUnsigned) { return isUnsigned ? static_cast<uint8_t>(byte) : static_cast<int8_t>(byte); }

/// A new f32 constant whose elements, zeros at first, `fill` sets.
mlir::ElementsAttr makeFloats(mlir::MLIRContext *context, llvm::ArrayRef<int64_t> shape,
                              llvm::function_ref<void(llvm::MutableArrayRef<float>)> fill);

/// The same of bf16, as their bits.
mlir::ElementsAttr makeBFloats(mlir::MLIRContext *context, llvm::ArrayRef<int64_t> shape,
                               llvm::function_ref<void(llvm::MutableArrayRef<uint16_t>)> fill);

/// A new constant of integers, zeros at first; `fill` sets them by `set(place, value)`, which keeps the low bits.
mlir::ElementsAttr makeIntegers(mlir::Type element, llvm::ArrayRef<int64_t> shape,
                                llvm::function_ref<void(llvm::function_ref<void(int64_t place, int64_t value)> set)> fill);

} // namespace bn::lower

#endif // BN_LIB_LOWER_CONSTANTS_H
