// AssignLayout.cpp - keeps images in blocked layout from kernel to kernel: unpacks move down until they meet a pack.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %u = kernel.unpack %c    %r = relu %u    %p = kernel.pack %r    kernel.conv %p
//   after    %r = relu %c    kernel.conv %r
//
// Conditions to move below an op: it works on each channel by itself (elementwise, pads, slices and concatenations in
// space) or on whole blocks of channels, and maps the zeros behind the last channel to finite numbers.

#include "AssignLayout.h"
#include "bn/Lower/Passes.h"

#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace bn::lower {
#define GEN_PASS_DEF_ASSIGNLAYOUT
#include "bn/Lower/Passes.h.inc"
} // namespace bn::lower

using namespace mlir;

namespace bn::lower {
namespace {

/// pack(unpack(x)) ⇒ x
struct FoldPack : OpRewritePattern<kernel::PackOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(kernel::PackOp op, PatternRewriter &rewriter) const override {
    Value blocked = getBlocked(op.getInput());
    if (!blocked || blocked.getType() != op.getInit().getType())
      return rewriter.notifyMatchFailure(op, "input is no unpacked image of the same blocks");
    rewriter.replaceOp(op, blocked);
    return success();
  }
};

/// A border in space goes below the unpack.
struct SinkBelowPad : OpRewritePattern<tensor::PadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::PadOp op, PatternRewriter &rewriter) const override {
    Value blocked = getBlocked(op.getSource()), value = op.getConstantPaddingValue();
    ArrayRef<int64_t> low = op.getStaticLow(), high = op.getStaticHigh();
    if (!blocked || !value || low[0] || low[1] || high[0] || high[1])
      return rewriter.notifyMatchFailure(op, "no border in space of an unpacked image");
    bool isFinite = value && (value.getType().isInteger() || matchPattern(value, m_AnyZeroFloat()));
    if (op.getResultType().getDimSize(1) % getBlock(blocked) != 0 && !isFinite)
      return rewriter.notifyMatchFailure(op, "the border may be infinite");
    Builder b(op.getLoc(), rewriter);
    Value padded = pad(b, blocked, {0, 0, low[2], low[3], 0}, {0, 0, high[2], high[3], 0}, value);
    rewriter.replaceOp(op, unpack(b, padded, op.getResultType().getDimSize(1)));
    return success();
  }
};

/// A box of whole blocks goes below the unpack.
struct SinkBelowSlice : OpRewritePattern<tensor::ExtractSliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::ExtractSliceOp op, PatternRewriter &rewriter) const override {
    Value blocked = getBlocked(op.getSource());
    if (!blocked || op.getType().getRank() != 4)
      return rewriter.notifyMatchFailure(op, "no slice of an unpacked image");
    int64_t block = getBlock(blocked);
    SmallVector<int64_t> offsets(op.getStaticOffsets()), sizes(op.getStaticSizes()), strides(op.getStaticStrides());
    bool isWhole = sizes[1] == shapeOf(op.getSource())[1];
    if (!isWhole && (offsets[1] % block || sizes[1] % block || strides[1] != 1))
      return rewriter.notifyMatchFailure(op, "the channels are no whole blocks");
    int64_t channels = sizes[1];
    offsets[1] /= block;
    sizes[1] = ceilDiv(channels, block);
    strides[1] = 1;
    offsets.push_back(0);
    sizes.push_back(block);
    strides.push_back(1);
    Builder b(op.getLoc(), rewriter);
    rewriter.replaceOp(op, unpack(b, slice(b, blocked, offsets, sizes, strides), channels));
    return success();
  }
};

/// A concatenation of whole blocks, or in space, goes below the unpacks.
struct SinkBelowConcat : OpRewritePattern<tensor::ConcatOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::ConcatOp op, PatternRewriter &rewriter) const override {
    SmallVector<Value> parts;
    for (auto [i, input] : llvm::enumerate(op.getInputs())) {
      Value blocked = getBlocked(input);
      if (!blocked)
        return rewriter.notifyMatchFailure(op, "a part is no unpacked image");
      bool isLast = i + 1 == op.getInputs().size();
      if (op.getDim() == 1 && !isLast && shapeOf(input)[1] % getBlock(blocked))
        return rewriter.notifyMatchFailure(op, "a part is no whole number of blocks");
      parts.push_back(blocked);
    }
    Builder b(op.getLoc(), rewriter);
    Value whole = tensor::ConcatOp::create(b, op.getDim(), parts);
    rewriter.replaceOp(op, unpack(b, whole, op.getResultType().getDimSize(1)));
    return success();
  }
};

/// Nearest-neighbour upsampling, collapse(broadcast(unpack)), goes below the unpack.
struct SinkBelowUpsampling : OpRewritePattern<tensor::CollapseShapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::CollapseShapeOp op, PatternRewriter &rewriter) const override {
    auto repeat = op.getSrc().getDefiningOp<linalg::GenericOp>();
    if (!repeat || op.getResultType().getRank() != 4 || repeat.getNumDpsInputs() != 1 || repeat.getNumParallelLoops() != 6)
      return rewriter.notifyMatchFailure(op, "no upsampling of an image");
    Value blocked = getBlocked(repeat.getInputs()[0]);
    MLIRContext *context = op.getContext();
    auto yield = cast<linalg::YieldOp>(repeat.getBody()->getTerminator());
    if (!blocked || yield.getOperand(0) != repeat.getBody()->getArgument(0) ||
        repeat.getIndexingMapsArray()[0] != AffineMap::getMultiDimMapWithTargets(6, {0, 1, 2, 4}, context))
      return rewriter.notifyMatchFailure(op, "no repetition in space of an unpacked image");
    Builder b(op.getLoc(), rewriter);
    SmallVector<int64_t> split(shapeOf(op.getSrc()));
    split[1] = shapeOf(blocked)[1];
    split.push_back(getBlock(blocked));
    Value init = empty(b, split, typeOf(blocked).getElementType());
    SmallVector<AffineMap> maps = {AffineMap::getMultiDimMapWithTargets(7, {0, 1, 2, 4, 6}, context), b.getMultiDimIdentityMap(7)};
    SmallVector<utils::IteratorType> loops(7, utils::IteratorType::parallel);
    auto copy = [](OpBuilder &builder, Location loc, ValueRange v) { linalg::YieldOp::create(builder, loc, v[0]); };
    Value repeated = linalg::GenericOp::create(b, init.getType(), blocked, init, maps, loops, copy).getResult(0);
    Shape s = op.getResultType().getShape();
    Value merged = reshape(b, repeated, {s[0], split[1], s[2], s[3], split.back()});
    rewriter.replaceOp(op, unpack(b, merged, s[1]));
    return success();
  }
};

struct AssignLayoutPass : impl::AssignLayoutBase<AssignLayoutPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateSinkBelowElementwise(patterns);
    patterns.add<FoldPack, SinkBelowPad, SinkBelowSlice, SinkBelowConcat, SinkBelowUpsampling>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace bn::lower
