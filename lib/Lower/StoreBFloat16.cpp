// StoreBFloat16.cpp - stores as bf16 what is rounded to it anyway: half the bytes to write and to read.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %y = kernel.conv …    %h = %y rounded    kernel.conv %h, …    kernel.matmul … with(%y)
//   after    %h = kernel.conv … epilogue { rounded }  kernel.conv %h, …    kernel.matmul … with(%h) epilogue { widened, … }
//
// Roundings go up into the kernel or the loops that compute the numbers; whoever else reads those reads them rounded, too, and widens
// them where they are used. Whatever computes does so in f32. Conditions: a matrix's columns are whole blocks, for there are no odd vectors
// of bf16.

#include "UseBFloat16.h"
#include "FuseEpilogues.h"
#include "bn/IR/Kernel/Kernel.h"

using namespace mlir;

namespace bn::lower {

/// The only op of a body with one operand that is no terminator, if the op has this kind and converts each element in its place.
template <typename Conversion> static bool converts(linalg::GenericOp op, bool toBFloat) {
  if (!isElementwise(op) || op.getNumDpsInputs() != 1 || !op.getIndexingMapsArray().front().isIdentity() ||
      !llvm::hasNItems(op.getBody()->getOperations(), 2))
    return false;
  auto conversion = dyn_cast<Conversion>(op.getBody()->front());
  return conversion && conversion.getIn() == op.getBody()->getArgument(0) &&
         (toBFloat ? conversion.getOut() : conversion.getIn()).getType().isBF16() &&
         (toBFloat ? conversion.getIn() : conversion.getOut()).getType().isF32();
}

Value getWidened(Value x) {
  auto op = x.getDefiningOp<linalg::GenericOp>();
  return op && converts<arith::ExtFOp>(op, /*toBFloat=*/false) ? op.getInputs()[0] : Value();
}

void replaceByNarrow(PatternRewriter &rewriter, linalg::GenericOp rounding, Operation *wide, Value narrow) {
  rewriter.replaceOp(rounding, narrow);
  if (wide->use_empty())
    return rewriter.eraseOp(wide);
  Builder b(wide->getLoc(), rewriter);
  b.setInsertionPointAfterValue(narrow);
  rewriter.replaceOp(wide, convert(b, narrow, b.getF32Type()));
}

bool isNarrowing(linalg::GenericOp op) { return converts<arith::TruncFOp>(op, /*toBFloat=*/true); }

namespace {

/// A tensor for the same elements in bf16.
Value emptyNarrow(Builder &b, Value like) { return empty(b, shapeOf(like), b.getBF16Type()); }

/// Yields of a body are rounded, and its destination is one of bf16.
void narrowYield(OpBuilder &builder, Operation *yield) {
  builder.setInsertionPoint(yield);
  yield->setOperand(0, arith::TruncFOp::create(builder, yield->getLoc(), builder.getBF16Type(), yield->getOperand(0)));
}

/// Vectors of bf16 have a power of two of lanes.
bool hasWholeVectors(kernel::MatmulOp op) { return shapeOf(op.getInit()).back() % (shapeOf(op.getRhs()).back() / 2) == 0; }
template <typename Kernel> bool hasWholeVectors(Kernel) { return true; }

/// narrow(kernel) ⇒ kernel whose epilogue rounds
template <typename Kernel> struct NarrowInKernel : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern<linalg::GenericOp>::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    auto kernel = isNarrowing(op) ? op.getInputs()[0].template getDefiningOp<Kernel>() : Kernel();
    if (!kernel || !hasWholeVectors(kernel))
      return rewriter.notifyMatchFailure(op, "rounds no kernel's whole vectors");
    rewriter.setInsertionPoint(kernel);
    Builder b(kernel.getLoc(), rewriter);
    Value init = emptyNarrow(b, kernel.getInit());
    auto stored = cast<Kernel>(rewriter.clone(*kernel));
    stored.getInitMutable().assign(init);
    stored->getResult(0).setType(init.getType());
    if (stored.getEpilogue().empty()) {
      Block *body = rewriter.createBlock(&stored.getEpilogue(), {}, b.getF32Type(), kernel.getLoc());
      kernel::YieldOp::create(rewriter, kernel.getLoc(), body->getArgument(0));
    }
    narrowYield(rewriter, stored.getEpilogue().front().getTerminator());
    replaceByNarrow(rewriter, op, kernel, stored->getResult(0));
    return success();
  }
};

/// narrow(winograd_input) ⇒ winograd_input that rounds
struct NarrowInTransform : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    auto transform = isNarrowing(op) ? op.getInputs()[0].getDefiningOp<kernel::WinogradInputOp>() : kernel::WinogradInputOp();
    if (!transform)
      return rewriter.notifyMatchFailure(op, "rounds no transformed tiles");
    Builder b(op.getLoc(), rewriter);
    Value init = emptyNarrow(b, transform.getInit());
    auto stored = cast<kernel::WinogradInputOp>(rewriter.clone(*transform));
    stored.getInitMutable().assign(init);
    stored.getResult().setType(typeOf(init));
    replaceByNarrow(rewriter, op, transform, stored.getResult());
    return success();
  }
};

/// narrow(loops) ⇒ loops that round
struct NarrowInLoops : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    auto loops = isNarrowing(op) ? op.getInputs()[0].getDefiningOp<linalg::GenericOp>() : linalg::GenericOp();
    if (!loops || !isElementwise(loops) || getWidened(loops.getResult(0)))
      return rewriter.notifyMatchFailure(op, "rounds no elementwise loops");
    rewriter.setInsertionPoint(loops);
    Builder b(loops.getLoc(), rewriter);
    Value init = emptyNarrow(b, loops.getResult(0));
    auto stored = linalg::GenericOp::create(b, init.getType(), loops.getInputs(), init, loops.getIndexingMapsArray(),
                                            loops.getIteratorTypesArray());
    rewriter.cloneRegionBefore(loops.getRegion(), stored.getRegion(), stored.getRegion().end());
    stored.getBody()->getArguments().back().setType(b.getBF16Type());
    narrowYield(rewriter, stored.getBody()->getTerminator());
    replaceByNarrow(rewriter, op, loops, stored.getResult(0));
    return success();
  }
};

/// narrow(widen(x)) ⇒ x
struct DropConversions : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    Value narrow = isNarrowing(op) ? getWidened(op.getInputs()[0]) : Value();
    if (!narrow)
      return rewriter.notifyMatchFailure(op, "does not round what was widened");
    rewriter.replaceOp(op, narrow);
    return success();
  }
};

/// Reads an operand in bf16 and widens what a body sees of it.
void widenArgument(PatternRewriter &rewriter, OpOperand &operand, Value narrow, BlockArgument argument) {
  operand.set(narrow);
  argument.setType(getElementTypeOrSelf(narrow));
  rewriter.setInsertionPointToStart(argument.getOwner());
  Value wide = arith::ExtFOp::create(rewriter, argument.getLoc(), rewriter.getF32Type(), argument);
  rewriter.replaceAllUsesExcept(argument, wide, wide.getDefiningOp());
}

/// loops(widen(x)) ⇒ loops that widen
struct WidenInLoops : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    if (isNarrowing(op))
      return rewriter.notifyMatchFailure(op, "rounds what it reads");
    bool changed = false;
    for (OpOperand *operand : op.getDpsInputOperands())
      if (Value narrow = getWidened(operand->get())) {
        rewriter.modifyOpInPlace(op, [&] { widenArgument(rewriter, *operand, narrow, op.getMatchingBlockArgument(operand)); });
        changed = true;
      }
    return success(changed);
  }
};

/// kernel with(widen(x)) ⇒ kernel whose epilogue widens
template <typename Kernel> struct WidenInKernel : OpRewritePattern<Kernel> {
  using OpRewritePattern<Kernel>::OpRewritePattern;
  LogicalResult matchAndRewrite(Kernel op, PatternRewriter &rewriter) const override {
    bool changed = false;
    for (auto [i, operand] : llvm::enumerate(op.getExtrasMutable()))
      if (Value narrow = hasWholeVectors(op) ? getWidened(operand.get()) : Value()) {
        rewriter.modifyOpInPlace(op, [&] { widenArgument(rewriter, operand, narrow, op.getEpilogue().getArgument(i + 1)); });
        changed = true;
      }
    return success(changed);
  }
};

/// kernel(x) ⇒ kernel(narrow(x)), for kernels that widen what they load.
template <typename Kernel> struct ReadNarrow : OpRewritePattern<Kernel> {
  using OpRewritePattern<Kernel>::OpRewritePattern;
  LogicalResult matchAndRewrite(Kernel op, PatternRewriter &rewriter) const override {
    if (!typeOf(op.getInput()).getElementType().isF32())
      return rewriter.notifyMatchFailure(op, "reads no f32");
    Builder b(op.getLoc(), rewriter);
    Value narrow = convert(b, op.getInput(), b.getBF16Type());
    rewriter.modifyOpInPlace(op, [&] { op.getInputMutable().assign(narrow); });
    return success();
  }
};

} // namespace

void populateStoreBFloat16(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<DropConversions>(context, /*benefit=*/2);
  patterns.add<NarrowInLoops, NarrowInTransform, NarrowInKernel<kernel::ConvOp>, NarrowInKernel<kernel::GroupedConvOp>,
               NarrowInKernel<kernel::MatmulOp>, NarrowInKernel<kernel::WinogradOutputOp>>(context);
  patterns.add<WidenInLoops, WidenInKernel<kernel::ConvOp>, WidenInKernel<kernel::GroupedConvOp>, WidenInKernel<kernel::MatmulOp>,
               WidenInKernel<kernel::WinogradOutputOp>, ReadNarrow<kernel::GroupedConvOp>, ReadNarrow<kernel::WinogradInputOp>>(context);
}

} // namespace bn::lower
