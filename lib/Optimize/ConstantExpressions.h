// ConstantExpressions.h - values that depend on constants only, and what they are, without changing the graph.
// SPDX-License-Identifier: Apache-2.0
//
// A rule may need the numbers of a parameter that is not worth its place in the file unless the rule applies: it reads
// them here, and the nodes that compute them die once nobody uses them.

#ifndef BN_OPTIMIZE_CONSTANTEXPRESSIONS_H
#define BN_OPTIMIZE_CONSTANTEXPRESSIONS_H

#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/Operation.h"

#include <optional>

namespace bn {

/// Whether the op's results depend on its operands only, so that constant operands give constant results.
bool isComputable(mlir::Operation *op);

/// What `value` is, computed from constants where it is none itself; null where it depends on anything else, or on much.
mlir::ElementsAttr evaluateConstant(mlir::Value value);

/// The numbers of such a value, where they are floats.
std::optional<llvm::SmallVector<double>> evaluateReals(mlir::Value value);

} // namespace bn

#endif // BN_OPTIMIZE_CONSTANTEXPRESSIONS_H
