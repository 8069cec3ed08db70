// TreeEnsemble.cpp - domain ai.onnx.ml: operators that are ensembles of decision trees.
// SPDX-License-Identifier: Apache-2.0
//
// TreeEnsemble has a list of inner nodes and one of leaves; TreeEnsembleRegressor and TreeEnsembleClassifier have all in one list, by pairs
// of a tree's and a node's id, and votes that name such a pair. All become one list of nodes here, whose places say where a comparison
// leads.
//
// Where two classes have votes for one of them only, that is the score of the second class: its share of one where no vote is negative.

#include "MachineLearning.h"
#include "Trees.h"

#include <cmath>
#include <map>
#include <set>

using namespace mlir;

namespace bn::reference {

/// Fills what both forms say of a comparison in the same way.
static LogicalResult readComparisons(Call &call, ArrayRef<double> splits, MutableArrayRef<TreeNode> nodes) {
  ArrayRef<int64_t> features = getIntegerList(call, "nodes_featureids"), tracks = getIntegerList(call, "nodes_missing_value_tracks_true");
  for (ArrayRef<int64_t> list : {features, getIntegerList(call, "nodes_truenodeids"), getIntegerList(call, "nodes_falsenodeids")})
    if (list.size() != nodes.size() || splits.size() != nodes.size())
      return call.error() << "expected lists of " << nodes.size() << " entries for the nodes, got " << list.size();
  for (auto [i, node] : llvm::enumerate(nodes)) {
    node.feature = features[i], node.split = splits[i];
    node.isTrueForNaN = i < tracks.size() && tracks[i];
  }
  return success();
}

/// The name of an enumerated attribute.
static StringRef getChoice(Call &call, StringRef name, int64_t otherwise, ArrayRef<StringLiteral> choices) {
  int64_t choice = call.node.getInt(name, otherwise);
  return choice >= 0 && choice < static_cast<int64_t>(choices.size()) ? StringRef(choices[choice]) : StringRef();
}

/// Adds the transformed scores as a result of a type.
static LogicalResult addScores(Call &call, const TreeSet &trees, Type type) {
  if (call[0].shape.size() != 2)
    return call.error() << "expected a matrix, got " << call[0].getType();
  Tensor *y = call.addResult(type, {call[0].shape[0], std::max<int64_t>(trees.targets, 0)});
  if (!y)
    return failure();
  return scoreRows(call, trees, [&](int64_t r, ArrayRef<double> scores, ArrayRef<bool>) {
    MutableArrayRef<double> row(y->mutableReals().data() + r * trees.targets, trees.targets);
    llvm::copy(scores, row.begin());
    transformScores(trees.transform, row);
  });
}

/// Inner nodes first, then the leaves.
static LogicalResult treeEnsemble(Call &call) {
  std::vector<double> modes = getRealList(call, "nodes_modes"), weights = getRealList(call, "leaf_weights");
  std::vector<double> members = getRealList(call, "membership_values");
  ArrayRef<int64_t> targets = getIntegerList(call, "leaf_targetids");
  std::array<ArrayRef<int64_t>, 2> ids = {getIntegerList(call, "nodes_falsenodeids"), getIntegerList(call, "nodes_truenodeids")};
  std::array<ArrayRef<int64_t>, 2> leafs = {getIntegerList(call, "nodes_falseleafs"), getIntegerList(call, "nodes_trueleafs")};
  TreeSet trees{std::vector<TreeNode>(modes.size()), Dims(getIntegerList(call, "tree_roots")), call.node.getInt("n_targets", 0)};
  trees.aggregate = getChoice(call, "aggregate_function", 1, {"AVERAGE", "SUM", "MIN", "MAX"});
  trees.transform = getChoice(call, "post_transform", 0, {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"});
  if (failed(readComparisons(call, getRealList(call, "nodes_splits"), trees.nodes)))
    return failure();
  if (targets.size() != weights.size() || leafs[0].size() != modes.size() || leafs[1].size() != modes.size())
    return call.error() << "expected a target for every weight, and to know of every branch whether it is a leaf";
  auto member = members.begin();
  for (auto [i, node] : llvm::enumerate(trees.nodes)) {
    if (modes[i] < 0 || modes[i] > static_cast<int>(TreeMode::Member))
      return call.error() << "expected modes from 0 to 6, got " << modes[i];
    node.mode = static_cast<TreeMode>(modes[i]);
    for (size_t side : {0, 1})
      node.next[side] = ids[side][i] + (leafs[side][i] ? modes.size() : 0);
    if (node.mode != TreeMode::Member)
      continue;
    auto end = std::find_if(member, members.end(), [](double value) { return std::isnan(value); });
    node.members.assign(member, end);
    member = end == members.end() ? end : end + 1;
  }
  for (auto [target, weight] : llvm::zip_equal(targets, weights))
    trees.nodes.push_back({.mode = TreeMode::Leaf, .votes = {{target, weight}}});
  return addScores(call, trees, call[0].elementType);
}

/// Nodes in the order of the lists; ids of trees and nodes say which is which. The names of the votes' lists begin with `prefix`.
static FailureOr<TreeSet> readNodes(Call &call, StringRef prefix, int64_t targets) {
  static constexpr StringLiteral modeNames[] = {"BRANCH_LEQ", "BRANCH_LT",  "BRANCH_GTE",    "BRANCH_GT",
                                                "BRANCH_EQ",  "BRANCH_NEQ", "BRANCH_MEMBER", "LEAF"};
  ArrayRef<int64_t> treeIds = getIntegerList(call, "nodes_treeids"), nodeIds = getIntegerList(call, "nodes_nodeids");
  auto modes = dyn_cast_or_null<ArrayAttr>(call.node.getNodeAttr("nodes_modes"));
  if (!modes || modes.size() != treeIds.size() || nodeIds.size() != treeIds.size())
    return call.error() << "expected a mode, a tree and an id for every node";
  TreeSet trees{std::vector<TreeNode>(modes.size()), {}, targets, getRealList(call, "base_values")};
  trees.aggregate = call.node.getString("aggregate_function", "SUM");
  trees.transform = call.node.getString("post_transform", "NONE");
  if (failed(readComparisons(call, getRealList(call, "nodes_values"), trees.nodes)))
    return failure();
  std::map<std::pair<int64_t, int64_t>, int64_t> places;
  std::set<int64_t> known;
  for (size_t i = 0; i < treeIds.size(); ++i) {
    places[{treeIds[i], nodeIds[i]}] = i;
    if (known.insert(treeIds[i]).second)
      trees.roots.push_back(i);
  }
  auto find = [&](int64_t tree, int64_t node) {
    auto place = places.find({tree, node});
    return place == places.end() ? -1 : place->second;
  };
  ArrayRef<int64_t> ifFalse = getIntegerList(call, "nodes_falsenodeids"), ifTrue = getIntegerList(call, "nodes_truenodeids");
  for (auto [i, node] : llvm::enumerate(trees.nodes)) {
    auto name = dyn_cast<StringAttr>(modes[i]);
    auto *mode = llvm::find(modeNames, name ? name.getValue() : "");
    if (mode == std::end(modeNames) || *mode == "BRANCH_MEMBER")
      return call.error() << "expected modes of comparisons or of leaves, got " << modes[i];
    node.mode = static_cast<TreeMode>(mode - modeNames);
    node.next = {find(treeIds[i], ifFalse[i]), find(treeIds[i], ifTrue[i])};
  }
  auto vote = [&](StringRef name) { return (prefix + name).str(); };
  ArrayRef<int64_t> voteTrees = getIntegerList(call, vote("_treeids")), voteNodes = getIntegerList(call, vote("_nodeids"));
  ArrayRef<int64_t> ids = getIntegerList(call, vote("_ids"));
  std::vector<double> weights = getRealList(call, vote("_weights"));
  if (voteTrees.size() != weights.size() || voteNodes.size() != weights.size() || ids.size() != weights.size())
    return call.error() << "expected a tree, a node and an id for every weight";
  for (auto [i, weight] : llvm::enumerate(weights)) {
    int64_t place = find(voteTrees[i], voteNodes[i]);
    if (place < 0)
      return call.error() << "expected weights of nodes that are there, got node " << voteNodes[i] << " of tree " << voteTrees[i];
    trees.nodes[place].votes.push_back({ids[i], weight});
  }
  return trees;
}

static LogicalResult treeEnsembleRegressor(Call &call) {
  FailureOr<TreeSet> trees = readNodes(call, "target", call.node.getInt("n_targets", 0));
  return failed(trees) ? failure() : addScores(call, *trees, Float32Type::get(call.node->getContext()));
}

/// The class that all votes are for; -1 where there are several.
static int64_t findOnlyClass(const TreeSet &trees) {
  std::set<int64_t> targets;
  for (const TreeNode &node : trees.nodes)
    for (const TreeVote &vote : node.votes)
      targets.insert(vote.target);
  return targets.size() == 1 ? *targets.begin() : -1;
}

static LogicalResult treeEnsembleClassifier(Call &call) {
  FailureOr<Tensor> labels = getClassLabels(call, "classlabels_int64s");
  if (failed(labels) || call[0].shape.size() != 2)
    return failed(labels) ? failure() : LogicalResult(call.error() << "expected a matrix, got " << call[0].getType());
  int64_t rows = call[0].shape[0], classes = labels->getNumElements();
  FailureOr<TreeSet> trees = readNodes(call, "class", classes);
  if (failed(trees))
    return failure();
  int64_t only = classes == 2 ? findOnlyClass(*trees) : -1;
  if (only == 0 && trees->base.size() == 1) // of the one score
    trees->base.push_back(0);
  bool isShare = llvm::all_of(
      trees->nodes, [](const TreeNode &node) { return llvm::all_of(node.votes, [](const TreeVote &vote) { return vote.weight >= 0; }); });
  if (!call.addResult(labels->elementType, {rows}) || !call.addResult(Float32Type::get(call.node->getContext()), {rows, classes}))
    return failure();
  return scoreRows(call, *trees, [&](int64_t r, ArrayRef<double> scores, ArrayRef<bool> hasVote) {
    MutableArrayRef<double> row(call.results[1].mutableReals().data() + r * classes, classes);
    llvm::copy(scores, row.begin());
    size_t best = 0; // the first of the highest with a vote
    for (size_t i = 1; i < scores.size(); ++i)
      if (hasVote[i] && (!hasVote[best] || scores[i] > scores[best]))
        best = i;
    if (only >= 0)
      best = scores[only] > (isShare ? 0.5 : 0);
    if (only == 0)
      splitScore(trees->transform, isShare, row);
    else
      transformScores(trees->transform, row);
    copyLabel(*labels, best, call.results[0], r);
  });
}

ArrayRef<Operator> getTreeEnsembles() {
  static constexpr Operator table[] = {
      {"ai.onnx.ml.TreeEnsemble", "real", treeEnsemble},
      {"ai.onnx.ml.TreeEnsembleClassifier", "number", treeEnsembleClassifier},
      {"ai.onnx.ml.TreeEnsembleRegressor", "number", treeEnsembleRegressor},
  };
  return table;
}

} // namespace bn::reference
