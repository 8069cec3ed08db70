// Trees.h - ensembles of decision trees, whatever operator says how they are written down.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_REFERENCE_TREES_H
#define BN_LIB_REFERENCE_TREES_H

#include "Operator.h"

namespace bn::reference {

/// The numbers are those of TreeEnsemble's `nodes_modes`.
enum class TreeMode { LessEqual, Less, GreaterEqual, Greater, Equal, NotEqual, Member, Leaf };

struct TreeVote {
  int64_t target;
  double weight;
};

struct TreeNode {
  TreeMode mode;
  int64_t feature = 0;
  double split = 0;
  bool isTrueForNaN = false;
  std::array<int64_t, 2> next = {};          ///< the places of the nodes for false and true
  std::vector<double> members = {};          ///< of a Member
  llvm::SmallVector<TreeVote, 1> votes = {}; ///< of a Leaf
};

struct TreeSet {
  std::vector<TreeNode> nodes;
  llvm::SmallVector<int64_t> roots;
  int64_t targets = 0;
  std::vector<double> base = {}; ///< one a target, or none
  llvm::StringRef aggregate = {}, transform = {};
};

/// What takes the scores of row `r`, before the transform, and whether each target has a vote or a base value.
using TakeScores = llvm::function_ref<void(int64_t r, llvm::ArrayRef<double> scores, llvm::ArrayRef<bool> hasVote)>;

/// Scores each row of the first operand.
mlir::LogicalResult scoreRows(Call &call, const TreeSet &trees, TakeScores take);

} // namespace bn::reference

#endif // BN_LIB_REFERENCE_TREES_H
