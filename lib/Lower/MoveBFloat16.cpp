// MoveBFloat16.cpp - moves roundings to bf16 up and widenings down through ops that only move numbers.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %p = tensor.pad %x    %h = %p rounded          %w = %h widened    %c = tensor.concat %w, …
//   after    %h = %x rounded       %p = tensor.pad %h       %c = tensor.concat %h, …    widened
//
// Borders, slices, concatenations, other shapes, and the maximum of a window, which rounding does not reorder. Conditions: a border is a
// number that bf16 has; all parts of a concatenation are widened.

#include "UseBFloat16.h"
#include "bn/IR/Kernel/Kernel.h"

using namespace mlir;

namespace bn::lower {
namespace {

/// Whether an op moves numbers of its tensor operands and computes none.
bool movesNumbers(Operation *op) {
  if (auto pad = dyn_cast<tensor::PadOp>(op)) {
    Value border = pad.getConstantPaddingValue();
    auto constant = border ? border.getDefiningOp<arith::ConstantOp>() : arith::ConstantOp();
    auto number = constant ? dyn_cast<FloatAttr>(constant.getValue()) : FloatAttr();
    return number && (number.getValue().isZero() || number.getValue().isInfinity());
  }
  if (auto pool = dyn_cast<kernel::PoolOp>(op))
    return pool.getKind() == kernel::PoolKind::Max && pool->getNumResults() == 1;
  return isa<tensor::ExtractSliceOp, tensor::ConcatOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op);
}

/// The tensors that an op moves numbers of: all but the destination of a pool.
MutableArrayRef<OpOperand> getMoved(Operation *op) {
  MutableArrayRef<OpOperand> operands = op->getOpOperands();
  return isa<tensor::ConcatOp>(op) ? operands : operands.take_front(1);
}

/// The same op on tensors of another element type.
Value cloneOn(Builder &b, Operation *op, ValueRange moved, Type element) {
  RankedTensorType type = typeOf(op->getResult(0));
  IRMapping mapping;
  for (auto [operand, value] : llvm::zip_equal(getMoved(op), moved))
    mapping.map(operand.get(), value);
  if (auto pool = dyn_cast<kernel::PoolOp>(op))
    mapping.map(pool.getInit(), empty(b, type.getShape(), element));
  if (auto pad = dyn_cast<tensor::PadOp>(op)) {
    auto border = cast<FloatAttr>(pad.getConstantPaddingValue().getDefiningOp<arith::ConstantOp>().getValue());
    return lower::pad(b, moved[0], pad.getStaticLow(), pad.getStaticHigh(), number(b, element, border.getValueAsDouble()));
  }
  Operation *clone = b.clone(*op, mapping);
  clone->getResult(0).setType(type.clone(element));
  return clone->getResult(0);
}

/// narrow(move(x)) ⇒ move(narrow(x))
struct NarrowAboveMove : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    Operation *move = isNarrowing(op) ? op.getInputs()[0].getDefiningOp() : nullptr;
    if (!move || !movesNumbers(move))
      return rewriter.notifyMatchFailure(op, "rounds nothing that was only moved");
    rewriter.setInsertionPoint(move);
    Builder b(move->getLoc(), rewriter);
    SmallVector<Value> parts;
    for (OpOperand &operand : getMoved(move))
      parts.push_back(convert(b, operand.get(), b.getBF16Type()));
    replaceByNarrow(rewriter, op, move, cloneOn(b, move, parts, b.getBF16Type()));
    return success();
  }
};

/// move(widen(x)) ⇒ widen(move(x))
struct WidenBelowMove : RewritePattern {
  explicit WidenBelowMove(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}
  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (op->getNumResults() != 1 || !movesNumbers(op))
      return rewriter.notifyMatchFailure(op, "moves no numbers");
    SmallVector<Value> parts;
    for (OpOperand &operand : getMoved(op))
      parts.push_back(getWidened(operand.get()));
    if (llvm::is_contained(parts, Value()))
      return rewriter.notifyMatchFailure(op, "moves what was not widened");
    Builder b(op->getLoc(), rewriter);
    rewriter.replaceOp(op, convert(b, cloneOn(b, op, parts, b.getBF16Type()), b.getF32Type()));
    return success();
  }
};

/// pool(widen(x)) ⇒ pool that widens
struct WidenInPool : OpRewritePattern<kernel::PoolOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(kernel::PoolOp op, PatternRewriter &rewriter) const override {
    Value narrow = getWidened(op.getInput());
    if (!narrow)
      return rewriter.notifyMatchFailure(op, "pools nothing that was widened");
    rewriter.modifyOpInPlace(op, [&] { op.getInputMutable().assign(narrow); });
    return success();
  }
};

/// narrow(average pool) ⇒ average pool that rounds
struct NarrowInPool : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    auto pool = isNarrowing(op) ? op.getInputs()[0].getDefiningOp<kernel::PoolOp>() : kernel::PoolOp();
    if (!pool || !pool->hasOneUse())
      return rewriter.notifyMatchFailure(op, "rounds no pool's result that nobody else reads");
    Builder b(op.getLoc(), rewriter);
    Value init = empty(b, shapeOf(pool.getInit()), b.getBF16Type());
    auto stored = cast<kernel::PoolOp>(rewriter.clone(*pool));
    stored.getInitMutable().assign(init);
    stored.getResult().setType(typeOf(init));
    rewriter.replaceOp(op, stored.getResult());
    return success();
  }
};

} // namespace

void populateMoveBFloat16(RewritePatternSet &patterns) {
  patterns.add<NarrowAboveMove, WidenBelowMove, WidenInPool, NarrowInPool>(patterns.getContext());
}

} // namespace bn::lower
