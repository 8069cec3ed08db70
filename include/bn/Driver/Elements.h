// Elements.h - single elements of a HostTensor as numbers.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_ELEMENTS_H
#define BN_DRIVER_ELEMENTS_H

#include "bn/IR/HostTensor.h"
#include "llvm/Support/Error.h"

namespace bn::driver {

/// The type of a number: the element type, or the part of a complex one.
mlir::Type getNumberType(const HostTensor &tensor);

/// Numbers of a tensor: its elements, twice that for complex ones. None for strings.
int64_t getNumNumbers(const HostTensor &tensor);

/// Bytes that a number of this type takes in a HostTensor.
size_t getNumberSize(mlir::Type numberType);

/// Bytes of the whole tensor; nothing where they exceed what memory can address or the type has none (strings).
std::optional<size_t> getByteSize(mlir::RankedTensorType type);

/// A number as double, which integers beyond 2^53 do not fit.
double getReal(const HostTensor &tensor, int64_t index);

/// An integer; uint64 by its bits.
int64_t getInteger(const HostTensor &tensor, int64_t index);

/// Sets a number, rounding it to the type.
void setReal(HostTensor &tensor, int64_t index, double value);

/// Sets an integer, cutting it to the type's width.
void setInteger(HostTensor &tensor, int64_t index, int64_t value);

/// A tensor of zeros or empty strings. Fails where it would not fit memory.
llvm::Expected<HostTensor> makeTensor(mlir::RankedTensorType type);

/// "1x3x224x224xf32": the type as the command line spells it.
std::string formatType(mlir::Type type);

/// A number as text, in the shortest digits that tell it apart.
std::string formatNumber(double value);

} // namespace bn::driver

#endif // BN_DRIVER_ELEMENTS_H
