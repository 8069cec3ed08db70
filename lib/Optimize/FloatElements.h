// FloatElements.h - constants of floats as numbers in double, rounded once when they are stored.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_FLOATELEMENTS_H
#define BN_OPTIMIZE_FLOATELEMENTS_H

#include "bn/Optimize/Reasons.h"
#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/BuiltinTypes.h"

namespace bn {

/// The elements of a constant of floats; nothing for other element types and for values that are not at hand.
std::optional<llvm::SmallVector<double>> readReals(mlir::ElementsAttr values);

/// Whether both hold the same numbers, bit by bit.
bool haveEqualNumbers(mlir::ElementsAttr one, mlir::ElementsAttr other);

/// Whether numbers fit into a float type. NonFinite or Overflow where one does not.
Reason checkFit(llvm::ArrayRef<double> values, mlir::Type type);

/// Stores numbers as a constant of `type`. NonFinite or Overflow where the type cannot hold one.
Reason storeReals(llvm::ArrayRef<double> values, mlir::RankedTensorType type, llvm::StringRef name, mlir::ElementsAttr &result);

} // namespace bn

#endif // BN_OPTIMIZE_FLOATELEMENTS_H
