// SumTree.h - sums of many values that a graph writes as a tree of Add, Sub and Sum.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_SUMTREE_H
#define BN_OPTIMIZE_SUMTREE_H

#include "bn/IR/Onnx/Onnx.h"
#include "mlir/IR/PatternMatch.h"

namespace bn {

/// A summand, by where it stands.
struct SumLeaf {
  mlir::Value value;
  bool negative = false;
};

/// Nodes that nobody else reads, and what they add up. A tree of Add and Sub stops at a Sum, one of Sum at a Sub: what is
/// left of the leaves is written with no more nodes than there were.
struct SumTree {
  llvm::SmallVector<mlir::Operation *> nodes; ///< users come before what they use: the root is the first
  llvm::SmallVector<SumLeaf> leaves;          ///< from left to right

  mlir::Operation *getRoot() const { return nodes.front(); }
};

/// The tree whose root is `op`; nothing where `op` is no sum, or a part of a larger tree.
std::optional<SumTree> collectSum(mlir::Operation *op);

/// Replaces the tree by `first` plus those leaves whose places are in `rest`; at least one leaf goes. Names stay.
void replaceSum(mlir::RewriterBase &rewriter, const SumTree &tree, mlir::OpResult first, llvm::ArrayRef<size_t> rest);

} // namespace bn

#endif // BN_OPTIMIZE_SUMTREE_H
