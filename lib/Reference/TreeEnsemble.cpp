// TreeEnsemble.cpp - domain ai.onnx.ml: operators that are ensembles of decision trees.
// SPDX-License-Identifier: Apache-2.0
//
// TreeEnsemble has a list of inner nodes and one of leaves; TreeEnsembleRegressor has all in one list, by pairs of a tree's and a node's
// id, and votes that name such a pair. Both become one list of nodes here, whose places say where a comparison leads.

#include "Convert.h"
#include "Trees.h"

#include <cmath>
#include <map>
#include <set>

using namespace mlir;

namespace bn::reference {

static ArrayRef<int64_t> getIntegers(const Call &call, StringRef name) { return call.node.getInts(name).value_or(ArrayRef<int64_t>()); }

/// Reals, which may stand in a tensor, under the same name or that with a suffix.
static std::vector<double> getReals(const Call &call, StringRef name) {
  if (auto floats = dyn_cast_or_null<DenseF32ArrayAttr>(call.node.getNodeAttr(name)))
    return {floats.asArrayRef().begin(), floats.asArrayRef().end()};
  for (const Twine &key : {Twine(name), name + "_as_tensor"})
    if (auto elements = dyn_cast_or_null<ElementsAttr>(call.node.getNodeAttr(key.str())))
      return toReals(fromElements(elements));
  return {};
}

/// Fills what both forms say of a comparison in the same way.
static LogicalResult readComparisons(Call &call, ArrayRef<double> splits, MutableArrayRef<TreeNode> nodes) {
  ArrayRef<int64_t> features = getIntegers(call, "nodes_featureids"), tracks = getIntegers(call, "nodes_missing_value_tracks_true");
  for (ArrayRef<int64_t> list : {features, getIntegers(call, "nodes_truenodeids"), getIntegers(call, "nodes_falsenodeids")})
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

/// Inner nodes first, then the leaves.
static LogicalResult treeEnsemble(Call &call) {
  std::vector<double> modes = getReals(call, "nodes_modes"), weights = getReals(call, "leaf_weights");
  std::vector<double> members = getReals(call, "membership_values");
  ArrayRef<int64_t> targets = getIntegers(call, "leaf_targetids");
  std::array<ArrayRef<int64_t>, 2> ids = {getIntegers(call, "nodes_falsenodeids"), getIntegers(call, "nodes_truenodeids")};
  std::array<ArrayRef<int64_t>, 2> leafs = {getIntegers(call, "nodes_falseleafs"), getIntegers(call, "nodes_trueleafs")};
  TreeSet trees{std::vector<TreeNode>(modes.size()), Dims(getIntegers(call, "tree_roots")), call.node.getInt("n_targets", 0)};
  trees.aggregate = getChoice(call, "aggregate_function", 1, {"AVERAGE", "SUM", "MIN", "MAX"});
  trees.transform = getChoice(call, "post_transform", 0, {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"});
  if (failed(readComparisons(call, getReals(call, "nodes_splits"), trees.nodes)))
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
  return evaluateTrees(call, trees, call[0].elementType);
}

/// Nodes in the order of the lists; ids of trees and nodes say which is which.
static LogicalResult treeEnsembleRegressor(Call &call) {
  static constexpr StringLiteral modeNames[] = {"BRANCH_LEQ", "BRANCH_LT",  "BRANCH_GTE",    "BRANCH_GT",
                                                "BRANCH_EQ",  "BRANCH_NEQ", "BRANCH_MEMBER", "LEAF"};
  ArrayRef<int64_t> treeIds = getIntegers(call, "nodes_treeids"), nodeIds = getIntegers(call, "nodes_nodeids");
  auto modes = dyn_cast_or_null<ArrayAttr>(call.node.getNodeAttr("nodes_modes"));
  if (!modes || modes.size() != treeIds.size() || nodeIds.size() != treeIds.size())
    return call.error() << "expected a mode, a tree and an id for every node";
  TreeSet trees{std::vector<TreeNode>(modes.size()), {}, call.node.getInt("n_targets", 0), getReals(call, "base_values")};
  trees.aggregate = call.node.getString("aggregate_function", "SUM");
  trees.transform = call.node.getString("post_transform", "NONE");
  if (failed(readComparisons(call, getReals(call, "nodes_values"), trees.nodes)))
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
  for (auto [i, node] : llvm::enumerate(trees.nodes)) {
    auto name = dyn_cast<StringAttr>(modes[i]);
    auto *mode = llvm::find(modeNames, name ? name.getValue() : "");
    if (mode == std::end(modeNames) || *mode == "BRANCH_MEMBER")
      return call.error() << "expected modes of comparisons or of leaves, got " << modes[i];
    node.mode = static_cast<TreeMode>(mode - modeNames);
    node.next = {find(treeIds[i], getIntegers(call, "nodes_falsenodeids")[i]), find(treeIds[i], getIntegers(call, "nodes_truenodeids")[i])};
  }
  ArrayRef<int64_t> voteTrees = getIntegers(call, "target_treeids"), voteNodes = getIntegers(call, "target_nodeids");
  ArrayRef<int64_t> targets = getIntegers(call, "target_ids");
  std::vector<double> weights = getReals(call, "target_weights");
  if (voteTrees.size() != weights.size() || voteNodes.size() != weights.size() || targets.size() != weights.size())
    return call.error() << "expected a tree, a node and a target for every weight";
  for (auto [i, weight] : llvm::enumerate(weights)) {
    int64_t place = find(voteTrees[i], voteNodes[i]);
    if (place < 0)
      return call.error() << "expected weights of nodes that are there, got node " << voteNodes[i] << " of tree " << voteTrees[i];
    trees.nodes[place].votes.push_back({targets[i], weight});
  }
  return evaluateTrees(call, trees, Float32Type::get(call.node->getContext()));
}

ArrayRef<Operator> getTreeEnsembles() {
  static constexpr Operator table[] = {
      {"ai.onnx.ml.TreeEnsemble", "real", treeEnsemble},
      {"ai.onnx.ml.TreeEnsembleRegressor", "number", treeEnsembleRegressor},
  };
  return table;
}

} // namespace bn::reference
