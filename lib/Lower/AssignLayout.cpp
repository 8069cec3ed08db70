// AssignLayout.cpp - keeps images in blocked layout from kernel to kernel: unpacks move down until they meet a pack.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %u = kernel.unpack %c    %r = relu %u    %p = kernel.pack %r    kernel.conv %p
//   after    %r = relu %c    kernel.conv %r
//
// Conditions to move below an op: it works on each channel by itself (elementwise, pads, slices and concatenations in
// space) or on whole blocks of channels, and maps the zeros behind the last channel to finite numbers.

#include "Blocks.h"
#include "Constants.h"
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

/// The blocked image behind an unpack, or null.
Value getBlocked(Value x) {
  auto unpack = x.getDefiningOp<kernel::UnpackOp>();
  return unpack ? unpack.getInput() : Value();
}

int64_t getBlock(Value blocked) { return shapeOf(blocked).back(); }

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

/// Whether a body maps finite numbers to finite ones whatever the tail lanes hold; they are zeros, or what such bodies
/// make of zeros.
bool isFiniteOnTail(linalg::GenericOp op) {
  return llvm::all_of(op.getBody()->getOperations(), [](Operation &inner) {
    if (isa<arith::DivFOp>(inner)) { // by a number, or by 1 + e^x
      auto sum = inner.getOperand(1).getDefiningOp<arith::AddFOp>();
      bool isOnePlusExp = sum && (sum.getLhs().getDefiningOp<math::ExpOp>() || sum.getRhs().getDefiningOp<math::ExpOp>());
      return isOnePlusExp || static_cast<bool>(inner.getOperand(1).getDefiningOp<arith::ConstantOp>());
    }
    return isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::NegFOp, arith::MaximumFOp, arith::MinimumFOp, arith::MaxNumFOp,
               arith::MinNumFOp, arith::CmpFOp, arith::SelectOp, arith::ConstantOp, math::ExpOp, math::TanhOp, math::ErfOp, math::AbsFOp,
               math::FloorOp, math::CeilOp, math::RoundEvenOp, linalg::YieldOp>(inner);
  });
}

/// An operand of an elementwise op on a plain image, for the same op on the blocked one.
struct BlockedOperand {
  Value value;
  AffineMap map;
};

/// Elementwise ops on images go below the unpacks of their operands.
struct SinkBelowElementwise : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    auto type = op->getNumResults() == 1 ? dyn_cast<RankedTensorType>(op.getResult(0).getType()) : RankedTensorType();
    if (!type || type.getRank() != 4 || op.getNumParallelLoops() != 4 || op.getNumLoops() != 4 || op.hasIndexSemantics())
      return rewriter.notifyMatchFailure(op, "not elementwise on an image");
    if (!op.getIndexingMapsArray().back().isIdentity() || !op.getMatchingBlockArgument(op.getDpsInitOperand(0)).use_empty())
      return rewriter.notifyMatchFailure(op, "result is not written in order");
    Value image = findImage(op);
    if (!image)
      return rewriter.notifyMatchFailure(op, "no operand is an unpacked image");
    int64_t block = getBlock(image), channels = type.getDimSize(1);
    if (channels % block != 0 && !isFiniteOnTail(op))
      return rewriter.notifyMatchFailure(op, "the body may make zeros infinite");
    if (llvm::any_of(op.getDpsInputOperands(), [&](OpOperand *operand) { return !canBlock(op, operand); }))
      return rewriter.notifyMatchFailure(op, "an operand repeats in a way that blocks do not");
    Builder b(op.getLoc(), rewriter);
    SmallVector<Value> operands;
    SmallVector<AffineMap> maps;
    for (OpOperand *operand : op.getDpsInputOperands()) {
      BlockedOperand blocked = toBlocked(b, op, operand, channels, block);
      operands.push_back(blocked.value);
      maps.push_back(blocked.map);
    }
    Shape s = type.getShape();
    Value init = empty(b, {s[0], ceilDiv(channels, block), s[2], s[3], block}, type.getElementType());
    maps.push_back(b.getMultiDimIdentityMap(5));
    SmallVector<utils::IteratorType> loops(5, utils::IteratorType::parallel);
    auto result = linalg::GenericOp::create(b, init.getType(), operands, init, maps, loops);
    rewriter.cloneRegionBefore(op.getRegion(), result.getRegion(), result.getRegion().begin());
    b.setInsertionPointAfter(result);
    rewriter.replaceOp(op, unpack(b, result.getResult(0), channels));
    return success();
  }

  /// The unpacked operand that is as large as the result.
  static Value findImage(linalg::GenericOp op) {
    for (OpOperand *operand : op.getDpsInputOperands())
      if (op.getMatchingIndexingMap(operand).isIdentity())
        if (Value blocked = getBlocked(operand->get()))
          return blocked;
    return {};
  }

  /// Which of the image's dimensions an operand's dimensions are.
  static SmallVector<unsigned> getDims(AffineMap map) {
    return llvm::map_to_vector(map.getResults(), [](AffineExpr e) { return cast<AffineDimExpr>(e).getPosition(); });
  }

  static bool canBlock(linalg::GenericOp op, OpOperand *operand) {
    AffineMap map = op.getMatchingIndexingMap(operand);
    if (map.getNumResults() == 0)
      return true;
    if (!isa<RankedTensorType>(operand->get().getType()) || !map.isProjectedPermutation() || !llvm::is_sorted(getDims(map)))
      return false;
    return true;
  }

  /// The operand with its channels in blocks; one without channels as it is.
  static BlockedOperand toBlocked(Builder &b, linalg::GenericOp op, OpOperand *operand, int64_t channels, int64_t block) {
    AffineMap map = op.getMatchingIndexingMap(operand);
    SmallVector<unsigned> dims = getDims(map);
    SmallVector<AffineExpr> exprs = llvm::to_vector(map.getResults());
    bool variesByChannel = llvm::is_contained(dims, 1u);
    if (variesByChannel)
      exprs.push_back(b.getAffineDimExpr(4));
    AffineMap blockedMap = AffineMap::get(5, 0, exprs, b.getContext());
    if (!variesByChannel)
      return {operand->get(), blockedMap};
    // As an image whose other dimensions are one, then without them.
    SmallVector<int64_t> plane(4, 1), kept;
    for (auto [dim, size] : llvm::zip(dims, shapeOf(operand->get())))
      plane[dim] = size;
    Value packed = packOperand(b, operand->get(), plane, block);
    for (unsigned dim : dims)
      kept.push_back(shapeOf(packed)[dim]);
    kept.push_back(block);
    return {reshape(b, packed, kept), blockedMap};
  }

  /// The operand as a blocked image: what an unpack hides, constants folded, anything else packed.
  static Value packOperand(Builder &b, Value x, Shape plane, int64_t block) {
    Value source = x;
    if (auto collapse = x.getDefiningOp<tensor::CollapseShapeOp>())
      source = collapse.getSrc();
    if (Value blocked = getBlocked(source); blocked && shapeOf(source) == plane && getBlock(blocked) == block)
      return blocked;
    auto constant = x.getDefiningOp<kernel::ConstantOp>();
    bool isVector = plane[0] == 1 && plane[2] == 1 && plane[3] == 1;
    if (constant && isVector && !getFloats(constant.getValue()).empty())
      return reshape(b, packChannels(b, constant.getValue(), block), {1, ceilDiv(plane[1], block), 1, 1, block});
    return pack(b, reshape(b, x, plane), block);
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
    if (op.getResultType().getDimSize(1) % getBlock(blocked) != 0 && !matchPattern(value, m_AnyZeroFloat()))
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
    patterns.add<FoldPack, SinkBelowElementwise, SinkBelowPad, SinkBelowSlice, SinkBelowConcat, SinkBelowUpsampling>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace bn::lower
