// Lowerable.h - what of a graph can be lowered as it stands, for those who cut a graph into parts.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LOWER_LOWERABLE_H
#define BN_LOWER_LOWERABLE_H

#include "mlir/IR/Operation.h"

#include <string>

namespace bn::lower {

/// Why no tensor of kernel form can hold values of this type; empty where one can.
std::string findTypeObstacle(mlir::Type type);

/// Why a node cannot be lowered as it stands: operator, types, or parameters that are not constant; empty where nothing
/// is known to be in the way.
std::string findObstacle(mlir::Operation *op);

/// Whether the operator has a lowering, for some types and attributes.
bool hasLowering(mlir::Operation *op);

/// The operands whose values, not only their types, must be known before the node can be lowered: axes, sizes, steps.
/// Those that only tell the result's shape do not count where that shape is known.
llvm::SmallVector<mlir::OpOperand *> getParameters(mlir::Operation *op);

} // namespace bn::lower

#endif // BN_LOWER_LOWERABLE_H
