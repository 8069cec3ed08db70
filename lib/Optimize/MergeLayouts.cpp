// MergeLayouts.cpp - joins nodes that rearrange a tensor one after the other. Slices: MergeSlices.cpp, MergeQuarters.cpp.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %1 = onnx.flatten %x     %y = onnx.reshape %1, [2, 3, 5]          %1 = onnx.transpose %x     %y = onnx.transpose %1
//   after    %y = onnx.reshape %x, [2, 3, 5], or %x itself                     %y = onnx.transpose %x, or %x itself
//
// Conditions: %1 has no other reader; the shape is a constant that copies no dimension. Shapes that are to be equal are known.
// What stood between the two, a BatchNormalization for one, has moved away by now.

#include "GraphRewrite.h"
#include "MergeQuarters.h"
#include "MergeSlices.h"
#include "MoveRules.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/Optimize/Passes.h"

namespace bn {
#define GEN_PASS_DEF_MERGELAYOUTSPASS
#include "bn/Optimize/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

/// Whether the node keeps the elements in order and changes the shape only.
static bool changesShapeOnly(Operation *op) {
  auto node = dyn_cast_or_null<onnx::NodeOpInterface>(op);
  return node && (node.is("Reshape") || node.is("Flatten") || node.is("Squeeze") || node.is("Unsqueeze"));
}

/// Whether a Reshape says all of its result without looking at its operand.
static bool namesWholeShape(onnx::NodeOpInterface node) {
  std::optional<SmallVector<int64_t>> shape = node.is("Reshape") ? getIntegers(node, 1, "shape") : std::nullopt;
  return shape && !llvm::is_contained(*shape, 0);
}

namespace {

/// shape after shape  =>  one, or none
struct MergeReshapes : public OpInterfaceRewritePattern<onnx::NodeOpInterface> {
  MergeReshapes(MLIRContext *context, FreshNames &names) : OpInterfaceRewritePattern(context), names(names) {}
  FreshNames &names;

  LogicalResult matchAndRewrite(onnx::NodeOpInterface outer, PatternRewriter &rewriter) const override {
    if (!changesShapeOnly(outer))
      return rewriter.notifyMatchFailure(outer, "no node that changes a shape only");
    Operation *inner = outer->getOperand(0).getDefiningOp();
    if (!changesShapeOnly(inner) || !inner->hasOneUse())
      return rewriter.notifyMatchFailure(outer, "no such node before it alone");
    Value data = inner->getOperand(0);
    auto type = dyn_cast<RankedTensorType>(data.getType());
    bool isSame = type && type.hasStaticShape() && type == outer->getResult(0).getType() && !isGraphOutput(outer->getResult(0));
    if (!isSame && !namesWholeShape(outer))
      return reshapeAtOnce(inner, outer, rewriter);

    if (isSame)
      rewriter.replaceOp(outer, data);
    else
      rewriter.modifyOpInPlace(outer, [&] { outer->setOperand(0, data); });
    eraseIfDead(rewriter, inner->getResult(0));
    return success();
  }

private:
  /// The first node, a Reshape, makes the shape of the second one, where that is known but for one size.
  LogicalResult reshapeAtOnce(Operation *inner, Operation *outer, PatternRewriter &rewriter) const {
    auto type = dyn_cast<RankedTensorType>(outer->getResult(0).getType());
    bool isKnown = type && type.getNumDynamicDims() <= 1 && !llvm::is_contained(type.getShape(), 0);
    if (!isKnown || !cast<onnx::NodeOpInterface>(inner).is("Reshape") || inner->getNumOperands() != 2 ||
        inner->getBlock() != outer->getBlock())
      return rewriter.notifyMatchFailure(outer, "its result depends on the shape before");
    SmallVector<int64_t> list = llvm::map_to_vector(type.getShape(), [](int64_t size) { return ShapedType::isDynamic(size) ? -1 : size; });
    auto value = DenseElementsAttr::get(RankedTensorType::get({type.getRank()}, rewriter.getI64Type()), ArrayRef(list));
    rewriter.setInsertionPoint(inner);
    Value sizes = createInitializer(rewriter, inner->getLoc(), value, names.take(onnx::getDisplayName(inner) + "_shape"));
    Value old = inner->getOperand(1);
    rewriter.modifyOpInPlace(inner, [&] {
      inner->setOperand(1, sizes);
      inner->getResult(0).setType(type);
    });
    onnx::takeOutputNames(outer, inner);
    rewriter.replaceOp(outer, inner);
    eraseIfDead(rewriter, old);
    return success();
  }
};

/// permutation after permutation  =>  one, or none
struct MergeTransposes : public OpRewritePattern<onnx::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::TransposeOp outer, PatternRewriter &rewriter) const override {
    auto inner = outer.getData().getDefiningOp<onnx::TransposeOp>();
    if (!inner || !inner->hasOneUse())
      return rewriter.notifyMatchFailure(outer, "no transposition before it alone");
    if (!inner.getPerm() || !outer.getPerm() || inner.getPerm()->size() != outer.getPerm()->size())
      return rewriter.notifyMatchFailure(outer, "the rank is not known");
    ArrayRef<int64_t> first = *inner.getPerm(), second = *outer.getPerm();
    SmallVector<int64_t> perm;
    for (int64_t axis : second)
      perm.push_back(first[axis]);

    Value data = inner.getData();
    if (llvm::is_sorted(perm) && data.getType() == outer.getType() && !isGraphOutput(outer.getTransposed()))
      rewriter.replaceOp(outer, data);
    else
      rewriter.modifyOpInPlace(outer, [&] {
        outer.setPerm(perm);
        outer.getDataMutable().assign(data);
      });
    eraseIfDead(rewriter, inner.getTransposed());
    return success();
  }
};

struct MergeLayoutsPass : public bn::impl::MergeLayoutsPassBase<MergeLayoutsPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    FreshNames names(getOperation());
    patterns.add<MergeReshapes>(&getContext(), names);
    patterns.add<MergeTransposes>(&getContext());
    populateMergeSlices(patterns, names);
    populateMergeQuarters(patterns, names);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), getGraphRewriteConfig())))
      signalPassFailure();
  }
};

} // namespace
