// FuseEpilogues.cpp - elementwise ops on a kernel's result become its epilogue.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %c = kernel.conv %x, %w    %y = max(%c + %shortcut, 0)
//   after    %y = kernel.conv %x, %w with(%shortcut) epilogue { max(acc + element, 0) }
//
// Conditions: nobody else uses the kernel's result; the elementwise op reads it in order and in the kernel's element type.
// Chains of elementwise ops are first fused with each other, each into its only user.

#include "FuseEpilogues.h"
#include "Blocks.h"
#include "bn/Lower/Passes.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace bn::lower {
#define GEN_PASS_DEF_FUSEEPILOGUES
#include "bn/Lower/Passes.h.inc"
} // namespace bn::lower

using namespace mlir;

namespace bn::lower {

bool isElementwise(linalg::GenericOp op) {
  return op.getNumLoops() == op.getNumParallelLoops() && op->getNumResults() == 1 && !op.hasIndexSemantics() &&
         op.getIndexingMapsArray().back().isIdentity() && op.getMatchingBlockArgument(op.getDpsInitOperand(0)).use_empty();
}

bool repeatsInOrder(AffineMap map) {
  auto isDim = [](AffineExpr e) { return isa<AffineDimExpr>(e); };
  if (!llvm::all_of(map.getResults(), isDim))
    return false;
  return llvm::is_sorted(map.getResults(), [](AffineExpr a, AffineExpr b) {
    return cast<AffineDimExpr>(a).getPosition() < cast<AffineDimExpr>(b).getPosition();
  });
}

Value toExtra(Builder &b, linalg::GenericOp op, OpOperand *operand) {
  SmallVector<int64_t> shape(op.getNumLoops(), 1);
  if (!isa<RankedTensorType>(operand->get().getType()))
    return filled(b, shape, operand->get());
  for (auto [i, e] : llvm::enumerate(op.getMatchingIndexingMap(operand).getResults()))
    shape[cast<AffineDimExpr>(e).getPosition()] = shapeOf(operand->get())[i];
  return reshape(b, operand->get(), shape);
}

namespace {

/// elementwise(kernel) ⇒ kernel with epilogue
template <typename Kernel> struct FuseIntoKernel : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern<linalg::GenericOp>::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    if (!isElementwise(op))
      return rewriter.notifyMatchFailure(op, "not elementwise");
    Kernel kernel = findKernel(op);
    if (!kernel)
      return rewriter.notifyMatchFailure(op, "no operand is a kernel's result without other users");
    if (op.getResult(0).getType() != kernel.getResult().getType())
      return rewriter.notifyMatchFailure(op, "the result has another element type");
    for (OpOperand *operand : op.getDpsInputOperands()) {
      AffineMap map = op.getMatchingIndexingMap(operand);
      bool isAccumulator = operand->get() == kernel.getResult();
      if (isAccumulator ? !map.isIdentity() : !repeatsInOrder(map))
        return rewriter.notifyMatchFailure(op, "an operand is not read in order");
      if (getElementTypeOrSelf(operand->get()) != getElementTypeOrSelf(kernel.getResult()))
        return rewriter.notifyMatchFailure(op, "an operand has another element type");
    }
    fuse(op, kernel, rewriter);
    return success();
  }

private:
  /// The latest kernel among the operands that nobody else uses.
  static Kernel findKernel(linalg::GenericOp op) {
    Kernel latest;
    for (Value input : op.getInputs()) {
      auto kernel = input.getDefiningOp<Kernel>();
      if (!kernel || !kernel.getEpilogue().empty() || kernel->getBlock() != op->getBlock())
        continue;
      if (llvm::any_of(input.getUsers(), [&](Operation *user) { return user != op; }))
        continue;
      if (!latest || latest->isBeforeInBlock(kernel))
        latest = kernel;
    }
    return latest;
  }

  static void fuse(linalg::GenericOp op, Kernel kernel, PatternRewriter &rewriter) {
    Builder b(op.getLoc(), rewriter);
    SmallVector<Value> extras;
    SmallVector<int> places; // of each operand among the epilogue's arguments
    for (OpOperand *operand : op.getDpsInputOperands()) {
      bool isAccumulator = operand->get() == kernel.getResult();
      places.push_back(isAccumulator ? 0 : extras.size() + 1);
      if (!isAccumulator)
        extras.push_back(toExtra(b, op, operand));
    }
    auto fused = cast<Kernel>(rewriter.clone(*kernel));
    fused->setLoc(rewriter.getFusedLoc({kernel.getLoc(), op.getLoc()}));
    fused.getExtrasMutable().assign(extras);
    Type element = getElementTypeOrSelf(kernel.getResult());
    SmallVector<Type> types(extras.size() + 1, element);
    Block *body = rewriter.createBlock(&fused.getEpilogue(), {}, types, SmallVector<Location>(types.size(), op.getLoc()));
    IRMapping mapping;
    for (auto [argument, place] : llvm::zip(op.getBody()->getArguments(), places))
      mapping.map(argument, body->getArgument(place));
    for (Operation &inner : op.getBody()->without_terminator())
      rewriter.clone(inner, mapping);
    kernel::YieldOp::create(rewriter, op.getLoc(), mapping.lookupOrDefault(op.getBody()->getTerminator()->getOperand(0)));
    rewriter.replaceOp(op, fused.getResult());
    rewriter.eraseOp(kernel);
  }
};

struct FuseEpiloguesPass : impl::FuseEpiloguesBase<FuseEpiloguesPass> {
  void runOnOperation() override {
    RewritePatternSet chains(&getContext());
    // An op that has one user is computed there, if that reads each element once; otherwise it would be computed again.
    linalg::populateElementwiseOpsFusionPatterns(chains, [](OpOperand *operand) {
      Operation *producer = operand->get().getDefiningOp();
      auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
      return producer && consumer && consumer.getMatchingIndexingMap(operand).isPermutation() &&
             llvm::all_of(producer->getUsers(), [&](Operation *user) { return user == operand->getOwner(); });
    });
    linalg::populateEraseUnusedOperandsAndResultsPatterns(chains);
    RewritePatternSet epilogues(&getContext());
    epilogues.add<FuseIntoKernel<kernel::ConvOp>, FuseIntoKernel<kernel::GroupedConvOp>, FuseIntoKernel<kernel::MatmulOp>,
                  FuseIntoKernel<kernel::StrassenConvOp>, FuseIntoKernel<kernel::WinogradOutputOp>>(&getContext());
    populateFuseIntoNormalize(epilogues);
    if (failed(applyPatternsGreedily(getOperation(), std::move(chains))) ||
        failed(applyPatternsGreedily(getOperation(), std::move(epilogues))))
      signalPassFailure();
  }
};

} // namespace
} // namespace bn::lower
