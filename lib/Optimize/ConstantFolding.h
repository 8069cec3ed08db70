// ConstantFolding.h - what can be said of a node at compile time: its value, or that it does nothing.
// SPDX-License-Identifier: Apache-2.0
//
// Shared by the pass that folds constants and the one that binds shapes, which folds shape arithmetic on its way.

#ifndef BN_OPTIMIZE_CONSTANTFOLDING_H
#define BN_OPTIMIZE_CONSTANTFOLDING_H

#include "ResultStore.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/PatternMatch.h"

namespace bn {

/// Folds the nodes of a function forwards, so that one walk suffices. `store` takes the results. `visit` sees the nodes that
/// stay, before their regions, and may change their types; the function's type follows. Stops where `visit` fails.
mlir::LogicalResult foldFunction(mlir::func::FuncOp function, mlir::RewriterBase &rewriter, ResultStore &store,
                                 llvm::function_ref<mlir::LogicalResult(mlir::Operation *)> visit);

} // namespace bn

#endif // BN_OPTIMIZE_CONSTANTFOLDING_H
