// FuseIntoNormalize.cpp - elementwise ops on a normalization's output become part of its map.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %y, %mean = kernel.normalize … map { … yield z }    %r = max(%y + %shortcut, 0)
//   after    %r, %mean = kernel.normalize … with(%shortcut) … map { … yield max(z + element, 0) }
//
// Conditions: nobody else uses the output; the elementwise op reads it in order and reads no statistic. The kernel moves to
// the elementwise op, and what reads its statistics behind it.

#include "FuseEpilogues.h"
#include "bn/IR/Kernel/Kernel.h"

using namespace mlir;

namespace bn::lower {
namespace {

/// Ops between the kernel and `last` that depend on the kernel's results, in order; none where `last` is one.
FailureOr<SmallVector<Operation *>> findDependents(kernel::NormalizeOp kernel, Operation *last) {
  llvm::DenseSet<Value> results;
  for (Value statistic : kernel.getOutputs().drop_front())
    results.insert(statistic);
  SmallVector<Operation *> dependents;
  for (Operation *op = kernel->getNextNode();; op = op->getNextNode()) {
    bool depends = false;
    op->walk([&](Operation *inner) { depends |= llvm::any_of(inner->getOperands(), [&](Value v) { return results.contains(v); }); });
    if (op == last)
      return depends ? FailureOr<SmallVector<Operation *>>(failure()) : dependents;
    if (!depends)
      continue;
    dependents.push_back(op);
    for (Value result : op->getResults())
      results.insert(result);
  }
}

struct FuseIntoNormalize : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    if (!isElementwise(op))
      return rewriter.notifyMatchFailure(op, "not elementwise");
    kernel::NormalizeOp kernel = findKernel(op);
    if (!kernel)
      return rewriter.notifyMatchFailure(op, "no operand is a normalization's output without other users");
    Value output = kernel.getOutputs()[0];
    if (op.getResult(0).getType() != output.getType())
      return rewriter.notifyMatchFailure(op, "the result has another type");
    for (OpOperand *operand : op.getDpsInputOperands()) {
      AffineMap map = op.getMatchingIndexingMap(operand);
      if (operand->get() == output ? !map.isIdentity() : !repeatsInOrder(map))
        return rewriter.notifyMatchFailure(op, "an operand is not read in order");
      if (!isa<FloatType>(getElementTypeOrSelf(operand->get())))
        return rewriter.notifyMatchFailure(op, "an operand is not of floats");
    }
    FailureOr<SmallVector<Operation *>> dependents = findDependents(kernel, op);
    if (failed(dependents))
      return rewriter.notifyMatchFailure(op, "it reads statistics");
    fuse(op, kernel, *dependents, rewriter);
    return success();
  }

private:
  static kernel::NormalizeOp findKernel(linalg::GenericOp op) {
    for (Value input : op.getInputs()) {
      auto kernel = input.getDefiningOp<kernel::NormalizeOp>();
      if (kernel && !kernel.getMap().empty() && input == kernel.getOutputs()[0] && kernel->getBlock() == op->getBlock() &&
          llvm::all_of(input.getUsers(), [&](Operation *user) { return user == op; }))
        return kernel;
    }
    return {};
  }

  static void fuse(linalg::GenericOp op, kernel::NormalizeOp kernel, ArrayRef<Operation *> dependents, PatternRewriter &rewriter) {
    Builder b(op.getLoc(), rewriter);
    SmallVector<Value> extras(kernel.getExtras());
    auto fused = cast<kernel::NormalizeOp>(rewriter.clone(*kernel));
    Block &map = fused.getMap().front();
    Operation *yield = map.getTerminator();
    unsigned place = kernel.getElements().size() + extras.size();
    IRMapping mapping;
    for (OpOperand *operand : op.getDpsInputOperands()) {
      BlockArgument argument = op.getMatchingBlockArgument(operand);
      if (operand->get() == kernel.getOutputs()[0]) {
        mapping.map(argument, yield->getOperand(0));
        continue;
      }
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPoint(fused);
      extras.push_back(toExtra(b, op, operand));
      mapping.map(argument, map.insertArgument(place++, argument.getType(), op.getLoc()));
    }
    rewriter.modifyOpInPlace(fused, [&] {
      fused.getExtrasMutable().assign(extras);
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPoint(yield);
      for (Operation &inner : op.getBody()->without_terminator())
        rewriter.clone(inner, mapping);
      yield->setOperand(0, mapping.lookupOrDefault(op.getBody()->getTerminator()->getOperand(0)));
    });
    Operation *last = op;
    for (Operation *dependent : dependents) {
      rewriter.moveOpAfter(dependent, last);
      last = dependent;
    }
    rewriter.replaceAllUsesWith(op.getResult(0), fused.getOutputs()[0]);
    rewriter.eraseOp(op);
    rewriter.replaceOp(kernel, fused.getOutputs());
  }
};

} // namespace

void populateFuseIntoNormalize(RewritePatternSet &patterns) { patterns.add<FuseIntoNormalize>(patterns.getContext()); }

} // namespace bn::lower
