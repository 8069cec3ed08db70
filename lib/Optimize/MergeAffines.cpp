// MergeAffines.cpp - composes an affine with the affine before it, and makes one of equal ones.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %1 = bn.affine %x scale a offset b     %y = bn.affine %1 scale c offset d
//   after    %y = bn.affine %x scale c·a offset c·b + d
//
// Conditions: %1 has no other user; both have the same axis, or one of them is the same in all channels.
//
//   before   if { %1 = bn.affine %x … relu %1 } else { %2 = bn.affine %x … tanh %2 }          the two being equal
//   after    %1 = bn.affine %x …      if { relu %1 } else { tanh %1 }
//
// Conditions: none of them is the output of a graph; what the first one stands for reads nothing from its subgraph.

#include "Affines.h"
#include "ChannelMap.h"
#include "GraphRewrite.h"
#include "Initializers.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/Optimize/Passes.h"

namespace bn {
#define GEN_PASS_DEF_MERGEAFFINESPASS
#include "bn/Optimize/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

namespace {

/// Both maps along one axis.
static Reason align(AffineOp outer, AffineOp inner, int64_t &axis, ChannelMap &outerMap, ChannelMap &innerMap) {
  axis = inner.getAxis();
  innerMap = getMap(inner);
  if (getMapAlong(outer, axis, innerMap.scale.size(), outerMap) == Reason::None)
    return Reason::None;
  axis = outer.getAxis();
  outerMap = getMap(outer);
  return getMapAlong(inner, axis, outerMap.scale.size(), innerMap);
}

/// Puts the originals of `inner`, then those of `outer` into `merged`; leaves it without where one of them has none.
static void joinOriginals(PatternRewriter &rewriter, AffineOp inner, AffineOp outer, AffineOp merged) {
  bool complete = !inner.getOriginals().empty() && !outer.getOriginals().empty();
  for (AffineOp part : {inner, outer})
    if (auto noted = part->getAttrOfType<ArrayAttr>(bn::attr::sources); noted || !complete)
      addSources(merged, complete ? llvm::to_vector(noted.getAsValueRange<StringAttr>()) : getSources(part));
  if (!complete)
    return;
  rewriter.inlineRegionBefore(inner.getOriginals(), merged.getOriginals(), merged.getOriginals().begin());
  Block *first = &merged.getOriginals().front(), *second = &outer.getOriginals().front();
  Operation *yield = first->getTerminator();
  Value middle = yield->getOperand(0);
  rewriter.eraseOp(yield);
  rewriter.mergeBlocks(second, first, middle);
}

/// affine of affine  =>  affine
struct MergeAffines : public OpRewritePattern<AffineOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AffineOp outer, PatternRewriter &rewriter) const override {
    auto inner = outer.getInput().getDefiningOp<AffineOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(outer, "no affine before it");
    if (!inner->hasOneUse())
      return reject(rewriter, outer, Reason::ProducerHasOtherUsers);
    int64_t axis;
    ChannelMap outerMap, innerMap;
    if (Reason why = align(outer, inner, axis, outerMap, innerMap); why != Reason::None)
      return reject(rewriter, outer, why);

    ChannelMap map = compose(outerMap, innerMap);
    auto merged = AffineOp::create(rewriter, outer->getLoc(), outer.getType(), inner.getInput(), map.scale, map.offset, axis);
    onnx::takeOutputNames(outer, merged);
    if (StringAttr name = getReplacementName(outer))
      merged->setAttr(onnx::attr::name, name);
    joinOriginals(rewriter, inner, outer, merged);
    rewriter.replaceOp(outer, merged);
    rewriter.eraseOp(inner);
    return success();
  }
};

/// equal affines of one value, perhaps in the branches of an If  =>  one affine before them
struct ShareAffine : public OpRewritePattern<AffineOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AffineOp affine, PatternRewriter &rewriter) const override {
    SmallVector<AffineOp> equal = findEqualAffines(affine);
    if (equal.size() < 2 || equal.front() != affine)
      return rewriter.notifyMatchFailure(affine, "no equal affine behind it");
    Block *block = affine.getInput().getParentBlock();
    Operation *place = block->findAncestorOpInBlock(*affine);
    if (place != affine.getOperation() && !canLeave(affine, place))
      return rewriter.notifyMatchFailure(affine, "a subgraph defines its parameters");
    if (llvm::any_of(equal, [](AffineOp other) { return isGraphOutput(other); }))
      return rewriter.notifyMatchFailure(affine, "a graph has to compute its own output");
    if (llvm::any_of(equal, [](AffineOp other) { return other->hasOneUse() && isa<AffineOp>(*other->user_begin()); }))
      return rewriter.notifyMatchFailure(affine, "one of them is a part of the affine behind it");

    rewriter.moveOpBefore(affine, place);
    for (AffineOp other : llvm::drop_begin(equal)) {
      addSources(affine, getSources(other));
      rewriter.replaceOp(other, affine.getOutput());
    }
    return success();
  }

private:
  /// Whether all that the affine's nodes read stands before `place`, of which it is a part.
  static bool canLeave(AffineOp affine, Operation *place) {
    bool canLeave = true;
    affine->walk([&](Operation *op) {
      for (Value operand : op->getOperands())
        canLeave &= affine.getOriginals().isAncestor(operand.getParentRegion()) ||
                    !place->isAncestor(operand.getParentBlock()->getParentOp());
    });
    return canLeave;
  }
};

struct MergeAffinesPass : public bn::impl::MergeAffinesPassBase<MergeAffinesPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<MergeAffines, ShareAffine>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), getGraphRewriteConfig())))
      signalPassFailure();
  }
};

} // namespace
