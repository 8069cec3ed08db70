// SinkBelowElementwise.cpp - elementwise ops on images go below the unpacks of their operands.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %u = kernel.unpack %c    %r = linalg.generic ins(%u, %v)
//   after    %r = linalg.generic ins(%c, packed %v)    %u = kernel.unpack %r
//
// Conditions: the result is written in order; an operand is as large as the result and unpacked; the body maps the zeros behind the
// last channel to finite numbers, which integers are.

#include "AssignLayout.h"
#include "Constants.h"

using namespace mlir;

namespace bn::lower {
namespace {

/// Whether a body maps finite numbers to finite ones whatever the tail lanes hold; they are zeros, or what such bodies
/// make of zeros.
bool isFiniteOnTail(linalg::GenericOp op) {
  if (typeOf(op.getResult(0)).getElementType().isInteger())
    return llvm::none_of(op.getBody()->getOperations(), [](Operation &inner) {
      return isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp>(inner); // zeros trap
    });
  return llvm::all_of(op.getBody()->getOperations(), [](Operation &inner) {
    if (isa<arith::DivFOp>(inner)) { // by a number, or by 1 + e^x
      auto sum = inner.getOperand(1).getDefiningOp<arith::AddFOp>();
      bool isOnePlusExp = sum && (sum.getLhs().getDefiningOp<math::ExpOp>() || sum.getRhs().getDefiningOp<math::ExpOp>());
      return isOnePlusExp || static_cast<bool>(inner.getOperand(1).getDefiningOp<arith::ConstantOp>());
    }
    return isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::NegFOp, arith::MaximumFOp, arith::MinimumFOp, arith::MaxNumFOp,
               arith::MinNumFOp, arith::CmpFOp, arith::SelectOp, arith::ConstantOp, math::ExpOp, math::TanhOp, math::ErfOp, math::AbsFOp,
               math::FloorOp, math::CeilOp, math::RoundEvenOp, arith::SIToFPOp, arith::UIToFPOp, arith::ExtSIOp, arith::ExtUIOp,
               arith::TruncIOp, arith::AddIOp, arith::SubIOp, arith::MulIOp, linalg::YieldOp>(inner);
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
      return reshape(b, packChannels(b, constant.getValue(), ceilDiv(plane[1], block), block), {1, ceilDiv(plane[1], block), 1, 1, block});
    return pack(b, reshape(b, x, plane), block);
  }
};

} // namespace

void populateSinkBelowElementwise(RewritePatternSet &patterns) { patterns.add<SinkBelowElementwise>(patterns.getContext()); }

} // namespace bn::lower
