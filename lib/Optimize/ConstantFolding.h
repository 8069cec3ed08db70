// ConstantFolding.h - what can be said of a node at compile time: its value, or that it does nothing.
// SPDX-License-Identifier: Apache-2.0
//
// Shared by the pass that folds constants and the one that binds shapes, which folds shape arithmetic on its way.

#ifndef BN_OPTIMIZE_CONSTANTFOLDING_H
#define BN_OPTIMIZE_CONSTANTFOLDING_H

#include "mlir/IR/PatternMatch.h"

namespace bn {

/// Replaces `op`, if possible, by constants, by its input where it changes nothing, or by the branch that it takes. New
/// nodes stand before `op`. Fails where nothing can be said.
mlir::LogicalResult foldNode(mlir::Operation *op, mlir::RewriterBase &rewriter);

/// Walks `region` forwards, nested regions after the ops around them are seen, and folds each op; `visit` sees those
/// that stay, before their regions. Stops where `visit` fails.
mlir::LogicalResult foldForwards(mlir::Region &region, mlir::RewriterBase &rewriter,
                                 llvm::function_ref<mlir::LogicalResult(mlir::Operation *)> visit);

} // namespace bn

#endif // BN_OPTIMIZE_CONSTANTFOLDING_H
