// UnreadAttributes.h - canonicalizations that put attributes which nothing reads back to their defaults.
// SPDX-License-Identifier: Apache-2.0
//
// Two ops that compute the same then look the same, and CSE merges them. Exact: no number depends on these attributes.

#ifndef BN_LIB_IR_BN_UNREADATTRIBUTES_H
#define BN_LIB_IR_BN_UNREADATTRIBUTES_H

#include "bn/IR/BN/BN.h"
#include "mlir/IR/PatternMatch.h"

namespace bn {

/// `grouping` of one ghost, or of ghosts with one sample each  ⇒  interleaved
template <typename OpT> struct DropUnreadGrouping : public mlir::OpRewritePattern<OpT> {
  using mlir::OpRewritePattern<OpT>::OpRewritePattern;
  mlir::LogicalResult matchAndRewrite(OpT op, mlir::PatternRewriter &rewriter) const override {
    if (op.getGrouping() == GhostGrouping::Interleaved)
      return rewriter.notifyMatchFailure(op, "the grouping is the default");
    auto input = mlir::dyn_cast<mlir::RankedTensorType>(op.getInput().getType());
    bool oneSampleEach = input && input.getDimSize(0) == static_cast<int64_t>(op.getGhosts());
    if (op.getGhosts() != 1 && !oneSampleEach)
      return rewriter.notifyMatchFailure(op, "the grouping decides which samples share statistics");
    rewriter.modifyOpInPlace(op, [&] { op.setGrouping(GhostGrouping::Interleaved); });
    return mlir::success();
  }
};

/// `mask_epsilon` without a mask  ⇒  0
template <typename OpT> struct DropUnreadMaskEpsilon : public mlir::OpRewritePattern<OpT> {
  using mlir::OpRewritePattern<OpT>::OpRewritePattern;
  mlir::LogicalResult matchAndRewrite(OpT op, mlir::PatternRewriter &rewriter) const override {
    if (op.getMask())
      return rewriter.notifyMatchFailure(op, "the mask's sum reads 'mask_epsilon'");
    if (op.getMaskEpsilon().isPosZero())
      return rewriter.notifyMatchFailure(op, "'mask_epsilon' is the default");
    rewriter.modifyOpInPlace(op, [&] { op.setMaskEpsilon(llvm::APFloat(0.0)); });
    return mlir::success();
  }
};

} // namespace bn

#endif // BN_LIB_IR_BN_UNREADATTRIBUTES_H
