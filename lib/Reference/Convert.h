// Convert.h - conversion between element types.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_REFERENCE_CONVERT_H
#define BN_LIB_REFERENCE_CONVERT_H

#include "bn/Reference/Tensor.h"

namespace bn::reference {

/// The type that a TensorProto.DataType stands for; null for one that the interpreter does not hold.
mlir::Type getDataType(mlir::MLIRContext *context, int64_t dataType);

/// `value` without its fraction, at the bounds of int64 where it is beyond them, 0 for NaN.
int64_t truncate(double value);

/// An integer of the type as a real: uint64 by its bits.
double toReal(mlir::Type elementType, int64_t value);

/// The numbers of a tensor as reals, without rounding.
std::vector<double> toReals(const Tensor &tensor);

/// The real nearest to `value` in an element type: float8 types hold the largest value for what is beyond it if `saturates`.
double roundToType(mlir::Type elementType, double value, bool saturates);

/// The tensor in another element type, by the rules of Cast. Nothing for a string that is no number.
std::optional<Tensor> convert(const Tensor &tensor, mlir::Type elementType, bool saturates = true);

} // namespace bn::reference

#endif // BN_LIB_REFERENCE_CONVERT_H
