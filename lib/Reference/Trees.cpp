// Trees.cpp - what ensembles of decision trees say of a row.
// SPDX-License-Identifier: Apache-2.0

#include "Trees.h"

#include "Convert.h"
#include "MachineLearning.h"

#include <cmath>

using namespace mlir;

namespace bn::reference {

/// Fails where a comparison leads nowhere, or asks for a feature or votes for a target that is not there.
static LogicalResult check(Call &call, const TreeSet &trees) {
  auto isPlace = [&](int64_t place) { return place >= 0 && place < static_cast<int64_t>(trees.nodes.size()); };
  if (call[0].shape.size() != 2 || trees.targets < 1 || (!trees.base.empty() && static_cast<int64_t>(trees.base.size()) != trees.targets))
    return call.error() << "expected a matrix, targets, and a base value for each or none, got " << call[0].getType() << ", "
                        << trees.targets << " targets and " << trees.base.size() << " values";
  for (const TreeNode &node : trees.nodes) {
    if (node.mode != TreeMode::Leaf && (node.feature < 0 || node.feature >= call[0].shape[1]))
      return call.error() << "expected features from 0 to " << call[0].shape[1] - 1 << ", got " << node.feature;
    for (const TreeVote &vote : node.votes)
      if (vote.target < 0 || vote.target >= trees.targets)
        return call.error() << "expected targets from 0 to " << trees.targets - 1 << ", got " << vote.target;
    if (node.mode != TreeMode::Leaf && !llvm::all_of(node.next, isPlace))
      return call.error() << "expected a node or leaf behind every comparison";
  }
  if (!llvm::all_of(trees.roots, isPlace))
    return call.error() << "expected roots that are nodes";
  return success();
}

static bool holds(const TreeNode &node, double x) {
  if (std::isnan(x))
    return node.isTrueForNaN;
  switch (node.mode) {
  case TreeMode::LessEqual:
    return x <= node.split;
  case TreeMode::Less:
    return x < node.split;
  case TreeMode::GreaterEqual:
    return x >= node.split;
  case TreeMode::Greater:
    return x > node.split;
  case TreeMode::Equal:
    return x == node.split;
  case TreeMode::NotEqual:
    return x != node.split;
  default:
    return llvm::is_contained(node.members, x);
  }
}

/// The leaf that a row leads to; null where the nodes go round.
static const TreeNode *findLeaf(const TreeSet &trees, int64_t root, ArrayRef<double> row) {
  int64_t at = root;
  for (size_t steps = 0; steps <= trees.nodes.size(); ++steps) {
    const TreeNode &node = trees.nodes[at];
    if (node.mode == TreeMode::Leaf)
      return &node;
    at = node.next[holds(node, row[node.feature])];
  }
  return nullptr;
}

/// The trees' votes for one row.
static LogicalResult collectVotes(Call &call, const TreeSet &trees, ArrayRef<double> row, MutableArrayRef<double> scores,
                                  MutableArrayRef<bool> hasVote) {
  SmallVector<bool> isScored(scores.size());
  for (int64_t root : trees.roots) {
    const TreeNode *leaf = findLeaf(trees, root, row);
    if (!leaf)
      return call.error() << "expected trees, got nodes that go round";
    for (const TreeVote &vote : leaf->votes) {
      double &score = scores[vote.target];
      bool isFirst = !std::exchange(isScored[vote.target], true);
      hasVote[vote.target] = true;
      if (trees.aggregate == "MIN" || trees.aggregate == "MAX")
        score = isFirst ? vote.weight : trees.aggregate == "MIN" ? std::min(score, vote.weight) : std::max(score, vote.weight);
      else
        score += vote.weight;
    }
  }
  for (auto [i, score] : llvm::enumerate(scores)) {
    score /= trees.aggregate == "AVERAGE" ? trees.roots.size() : 1;
    score += trees.base.empty() ? 0 : trees.base[i];
  }
  return success();
}

LogicalResult scoreRows(Call &call, const TreeSet &trees, TakeScores take) {
  if (!llvm::is_contained({"AVERAGE", "SUM", "MIN", "MAX"}, trees.aggregate) || !isTransform(trees.transform))
    return call.error() << "expected an aggregate function and a transform, got '" << trees.aggregate << "' and '" << trees.transform
                        << "'";
  if (failed(check(call, trees)))
    return failure();
  int64_t rows = call[0].shape[0], columns = call[0].shape[1];
  std::vector<double> x = toReals(call[0]);
  if (isa<FloatType>(call[0].elementType))
    llvm::for_each(x, [&](double &value) { value = roundToType(call[0].elementType, value); });
  for (int64_t r = 0; r < rows; ++r) {
    std::vector<double> scores(trees.targets);
    SmallVector<bool> hasVote(trees.targets, !trees.base.empty());
    if (failed(collectVotes(call, trees, ArrayRef(x).slice(r * columns, columns), scores, hasVote)))
      return failure();
    take(r, scores, hasVote);
  }
  return success();
}

} // namespace bn::reference
