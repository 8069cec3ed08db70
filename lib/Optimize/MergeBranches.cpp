// MergeBranches.cpp - makes one convolution of parallel linear branches that meet in a sum.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %1 = onnx.conv %x, %w3      %2 = onnx.conv %x, %w1      %3 = onnx.add %1, %2      %y = onnx.add %3, %x
//   after    %y = onnx.conv %x, %w3 + %w1 at the middle + 1 at the middle of the own channel
//
// Branches are convolutions of any kernel and grouping, affines, average pools, chains of these, and the source itself.
// Conditions: weights are constants; nobody else reads a branch; strides are equal; one kernel holds all taps; it takes no
// more multiplications and no more bytes than the branches did; every new weight is finite in its storage type.
// Branches that do not fit stay summands of the result. MergeMatrixBranches.cpp does the same for matrix products.

#include "BranchTerms.h"
#include "ConvFilter.h"
#include "GraphRewrite.h"
#include "LinearConstants.h"
#include "LinearOps.h"
#include "MergeMatrixBranches.h"
#include "SumTree.h"
#include "WeightBudget.h"
#include "bn/Optimize/Passes.h"

namespace bn {
#define GEN_PASS_DEF_MERGEBRANCHESPASS
#include "bn/Optimize/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

namespace {

/// A branch, and the place of its result in the tree.
struct Member {
  size_t place;
  bool negative;
  BranchTerm term;
};

/// Branches that become one convolution: the first of them, with the others' work.
struct Group {
  std::vector<Member> members;
  FilterShape shape;
  double cost = 0;

  onnx::ConvOp getConv() const { return cast<onnx::ConvOp>(members.front().term.value.getDefiningOp()); }
  bool contains(size_t place) const {
    return llvm::any_of(members, [&](const Member &member) { return member.place == place; });
  }
};

/// Whether the spatial sizes of both are known and equal.
static bool haveEqualSizes(Value one, Value other) {
  auto a = dyn_cast<RankedTensorType>(one.getType()), b = dyn_cast<RankedTensorType>(other.getType());
  return a && b && a.getRank() > 2 && b.getRank() == a.getRank() && a.getShape().drop_front(2) == b.getShape().drop_front(2) &&
         !ShapedType::isDynamicShape(a.getShape().drop_front(2));
}

/// Takes a branch into the group.
static Reason join(Group &group, const SumTree &tree, size_t place) {
  const BranchTerm &first = group.members.front().term;
  Member member{place, tree.leaves[place].negative, {}};
  Value value = tree.leaves[place].value;
  if (Reason why = checkSoleReader(value); why != Reason::None && value != first.source)
    return why;
  if (Reason why = describeBranch(value, first.source, first.shape.outputs, first.shape.axes.size(), member.term);
      why != Reason::None)
    return why;
  FilterShape shape;
  bool equalSizes = haveEqualSizes(first.value, member.term.value);
  if (Reason why = unite(group.shape, member.term.shape, equalSizes, shape); why != Reason::None)
    return why;
  if (costsMore(shape, group.cost + member.term.cost))
    return Reason::CostGrows;
  group.shape = shape;
  group.cost += member.term.cost;
  group.members.push_back(std::move(member));
  return Reason::None;
}

/// The branches that go with the convolution at `place`; notes on others why they do not.
static Group gather(const SumTree &tree, const Member &first) {
  Group group{{first}, first.term.shape, first.term.cost};
  for (auto [place, leaf] : llvm::enumerate(tree.leaves)) {
    if (place == first.place || !isBranch(leaf.value, first.term.source))
      continue;
    Reason why = join(group, tree, place);
    if (leaf.value != first.term.source)
      noteBranch(leaf.value.getDefiningOp(), why);
  }
  return group;
}

/// The convolutions among the leaves, largest kernel first.
static std::vector<Member> findConvolutions(const SumTree &tree) {
  std::vector<Member> found;
  for (auto [place, leaf] : llvm::enumerate(tree.leaves)) {
    auto conv = leaf.value.getDefiningOp<onnx::ConvOp>();
    auto weight = conv ? dyn_cast<RankedTensorType>(conv.getW().getType()) : RankedTensorType();
    if (!weight || conv->getBlock() != tree.getRoot()->getBlock() || checkSoleReader(leaf.value) != Reason::None)
      continue;
    Member member{place, leaf.negative, {}};
    if (describeBranch(leaf.value, conv.getX(), weight.getDimSize(0), weight.getRank() - 2, member.term) == Reason::None)
      found.push_back(std::move(member));
  }
  llvm::sort(found, [](const Member &a, const Member &b) {
    return a.term.cost != b.term.cost ? a.term.cost > b.term.cost : a.place < b.place;
  });
  return found;
}

/// The nodes that the group's convolution stands for afterwards, itself first.
static SmallVector<Operation *> getNodes(const Group &group) {
  SmallVector<Operation *> nodes;
  for (const Member &member : group.members)
    for (const LinearStep &step : member.term.steps)
      nodes.push_back(step.op);
  return nodes;
}

/// Adds the branches' filters up.
static Reason sumUp(const Group &group, LinearConstants &constants) {
  onnx::ConvOp conv = group.getConv();
  bool withBias = !isAbsent(conv.getB()) || llvm::any_of(group.members, [](const Member &member) { return shifts(member.term); });
  if (countFilterBytes(conv, group.shape, withBias) > countFreedBytes(getNodes(group)))
    return Reason::BytesGrow;
  Filter sum;
  double errors = 0; // of parallel branches add up
  for (const Member &member : group.members) {
    Filter filter;
    double error;
    if (Reason why = readBranch(member.term, filter, error); why != Reason::None)
      return why;
    errors += error;
    bool isFirst = &member == &group.members.front();
    if (isFirst && filter.shape == group.shape && !member.negative) { // the usual case, without a copy of the largest filter
      sum = std::move(filter);
      continue;
    }
    if (isFirst)
      sum = {group.shape, SmallVector<double>(group.shape.getNumWeights(), 0), SmallVector<double>(group.shape.outputs, 0)};
    accumulate(filter, member.negative ? -1 : 1, sum);
  }
  Reason why = storeFilter(conv, sum, withBias, constants);
  constants.error += errors;
  constants.growth = 0; // the convolution's own error is among them
  return why;
}

/// sum of branches  =>  convolution, plus what is left of the sum
struct MergeBranches : public RewritePattern {
  MergeBranches(MLIRContext *context, FreshNames &names) : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context), names(names) {}
  FreshNames &names;

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    std::optional<SumTree> tree = collectSum(op);
    if (!tree)
      return rewriter.notifyMatchFailure(op, "no root of a sum");
    for (const Member &first : findConvolutions(*tree)) {
      Group group = gather(*tree, first);
      if (group.members.size() < 2)
        continue;
      LinearConstants constants;
      Reason why = sumUp(group, constants);
      if (why == Reason::None) {
        rewrite(rewriter, *tree, group, constants);
        return success();
      }
      for (const Member &member : group.members)
        if (!member.term.steps.empty())
          noteBranch(member.term.value.getDefiningOp(), why);
    }
    return rewriter.notifyMatchFailure(op, "no branches to merge");
  }

private:
  void rewrite(PatternRewriter &rewriter, const SumTree &tree, const Group &group, const LinearConstants &constants) const {
    onnx::ConvOp conv = group.getConv();
    SmallVector<Operation *> nodes = getNodes(group);
    for (Operation *node : llvm::drop_begin(nodes))
      inheritBranch(conv, node);
    SmallVector<size_t> rest;
    for (size_t place = 0; place < tree.leaves.size(); ++place)
      if (!group.contains(place))
        rest.push_back(place);
    replaceSum(rewriter, tree, cast<OpResult>(conv.getY()), rest);
    setFilter(rewriter, conv, group.shape, constants, names);
  }
};

struct MergeBranchesPass : public bn::impl::MergeBranchesPassBase<MergeBranchesPass> {
  void runOnOperation() override {
    FreshNames names(getOperation());
    RewritePatternSet patterns(&getContext());
    patterns.add<MergeBranches>(&getContext(), names);
    populateMatrixBranchPatterns(patterns, names);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), getGraphRewriteConfig())))
      signalPassFailure();
  }
};

} // namespace
