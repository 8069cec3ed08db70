// SumTree.cpp - sums of many values that a graph writes as a tree of Add, Sub and Sum.
// SPDX-License-Identifier: Apache-2.0

#include "SumTree.h"

#include "LinearOps.h"
#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Names.h"
#include "mlir/Dialect/Traits.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace bn {

static bool isSum(Operation *op) {
  auto node = dyn_cast<onnx::GenericNodeOp>(op);
  return node && node.is("Sum") && node.getSchemaVersion() >= 8; // older ones do not broadcast, as a rest may have to
}

/// Adds or subtracts floats, broadcast from the end.
static bool isAddOrSub(Operation *op) {
  auto node = dyn_cast<onnx::NodeOpInterface>(op);
  return isa<onnx::AddOp, onnx::SubOp>(op) && (node.getSchemaVersion() >= 7 || !node.getInt("broadcast", 0));
}

/// Whether the tree with `user` in it goes on with `op`.
static bool belongsTo(Operation *op, Operation *user) {
  if (!op || op->getBlock() != user->getBlock() || !(isSum(op) || isAddOrSub(op)) || checkSoleReader(op->getResult(0)) != Reason::None)
    return false;
  return isSum(user) ? !isa<onnx::SubOp>(op) : isAddOrSub(user) && isAddOrSub(op);
}

std::optional<SumTree> collectSum(Operation *op) {
  bool isFloat = op->getNumResults() == 1 && isa<FloatType>(getElementTypeOrSelf(op->getResult(0).getType()));
  if (!isFloat || !(isSum(op) || isAddOrSub(op)) || isa<AffineOp>(op->getParentOp()) || op->use_empty())
    return std::nullopt;
  if (op->hasOneUse() && belongsTo(op, *op->user_begin()))
    return std::nullopt;
  SumTree tree;
  SmallVector<SumLeaf> pending = {{op->getResult(0), false}};
  while (!pending.empty()) { // from left to right
    SumLeaf next = pending.pop_back_val();
    Operation *node = next.value.getDefiningOp();
    bool isNode = tree.nodes.empty() || (next.value.hasOneUse() && belongsTo(node, *next.value.user_begin()));
    if (!isNode) {
      if (!isa<TensorType>(next.value.getType()))
        return std::nullopt;
      tree.leaves.push_back(next);
      continue;
    }
    tree.nodes.push_back(node);
    for (unsigned i = node->getNumOperands(); i-- > 0;)
      pending.push_back({node->getOperand(i), next.negative != (i == 1 && isa<onnx::SubOp>(node))});
  }
  return tree;
}

/// Gives the node that does the work of `old` now its names.
static void takeNames(Operation *old, Operation *node) {
  onnx::takeOutputNames(old, node);
  if (Attribute name = old->getAttr(onnx::attr::name))
    node->setAttr(onnx::attr::name, name);
}

/// first ± rest… as a chain of Add and Sub.
static Value buildChain(RewriterBase &rewriter, const SumTree &tree, Value first, ArrayRef<size_t> rest) {
  rewriter.setInsertionPoint(tree.getRoot());
  for (auto [i, place] : llvm::enumerate(rest)) {
    const SumLeaf &leaf = tree.leaves[place];
    Operation *old = tree.nodes[rest.size() - 1 - i]; // the last one is the root
    Type type = old->getResult(0).getType();
    if (old != tree.getRoot())
      type = OpTrait::util::getBroadcastedType(first.getType(), leaf.value.getType());
    auto version = rewriter.getI64IntegerAttr(cast<onnx::NodeOpInterface>(old).getSchemaVersion());
    auto create = [&]<typename Op>() -> Operation * {
      return Op::create(rewriter, old->getLoc(), type, first, leaf.value, IntegerAttr(), IntegerAttr(), DenseI64ArrayAttr(), version);
    };
    Operation *node = leaf.negative ? create.operator()<onnx::SubOp>() : create.operator()<onnx::AddOp>();
    takeNames(old, node);
    first = node->getResult(0);
  }
  return first;
}

void replaceSum(RewriterBase &rewriter, const SumTree &tree, OpResult first, ArrayRef<size_t> rest) {
  Operation *root = tree.getRoot();
  SmallVector<Value> freed(root->getOperands());
  if (rest.empty()) {
    onnx::takeOutputNames(root, first.getOwner());
    first.setType(root->getResult(0).getType());
    rewriter.replaceOp(root, first);
  } else if (isSum(root)) {
    SmallVector<Value> operands = {first};
    for (size_t place : rest)
      operands.push_back(tree.leaves[place].value);
    rewriter.modifyOpInPlace(root, [&] { root->setOperands(operands); });
  } else {
    rewriter.replaceOp(root, buildChain(rewriter, tree, first, rest));
  }
  for (Value value : freed)
    eraseIfDead(rewriter, value);
}

} // namespace bn
