// FoldPad.cpp - lets a producer write straight into the padded tensor that its consumer reads.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %y = kernel.conv … outs(%empty)          %p = tensor.pad %y low[0, 0, 1, 1, 0] high[0, 0, 1, 1, 0] { 0 }
//   after    %f = %emptyPadded with its border filled  %y = kernel.conv … outs(slice of %f)   %p = insert %y into %f
//
// Conditions: the producer overwrites its destination, an empty tensor; the pad is its only user; the pads are static and
// their value is a scalar that is known where the producer stands. After bufferization nothing is copied, and only the border is filled.

#include "bn/Codegen/Passes.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace bn {
#define GEN_PASS_DEF_FOLDPADPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;

/// A box inside a tensor.
namespace {
struct Box {
  SmallVector<int64_t> offsets, sizes;
};
} // namespace

static Value extractBox(OpBuilder &builder, Location loc, Value tensor, const Box &box) {
  auto type = RankedTensorType::get(box.sizes, cast<RankedTensorType>(tensor.getType()).getElementType());
  return tensor::ExtractSliceOp::create(builder, loc, type, tensor, getAsIndexOpFoldResult(builder.getContext(), box.offsets),
                                        getAsIndexOpFoldResult(builder.getContext(), box.sizes),
                                        SmallVector<OpFoldResult>(box.sizes.size(), builder.getIndexAttr(1)));
}

static Value insertBox(OpBuilder &builder, Location loc, Value source, Value tensor, const Box &box) {
  return tensor::InsertSliceOp::create(builder, loc, source, tensor, getAsIndexOpFoldResult(builder.getContext(), box.offsets),
                                       getAsIndexOpFoldResult(builder.getContext(), box.sizes),
                                       SmallVector<OpFoldResult>(box.sizes.size(), builder.getIndexAttr(1)));
}

/// The slabs around the interior: one for each side that has pads, without overlap.
static SmallVector<Box> borderOf(ArrayRef<int64_t> shape, ArrayRef<int64_t> low, ArrayRef<int64_t> high) {
  SmallVector<Box> boxes;
  Box rest{SmallVector<int64_t>(shape.size(), 0), llvm::to_vector(shape)};
  for (size_t dim = 0; dim < shape.size(); ++dim) {
    for (auto [offset, size] : {std::pair<int64_t, int64_t>(0, low[dim]), std::pair(shape[dim] - high[dim], high[dim])}) {
      if (size == 0)
        continue;
      Box slab = rest;
      slab.offsets[dim] = offset;
      slab.sizes[dim] = size;
      boxes.push_back(slab);
    }
    rest.offsets[dim] = low[dim];
    rest.sizes[dim] = shape[dim] - low[dim] - high[dim];
  }
  return boxes;
}

namespace {
/// pad(producer into empty)  =>  producer into the interior of a tensor whose border is filled
struct PadInProducer : OpRewritePattern<tensor::PadOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::PadOp pad, PatternRewriter &rewriter) const override {
    auto producer = pad.getSource().getDefiningOp<DestinationStyleOpInterface>();
    if (!producer || producer.getNumDpsInits() != 1 || !producer->hasOneUse())
      return rewriter.notifyMatchFailure(pad, "the source is not made for the pad alone");
    if (!producer.getDpsInits()[0].getDefiningOp<tensor::EmptyOp>())
      return rewriter.notifyMatchFailure(pad, "the producer's destination is not empty");
    Value value = pad.getConstantPaddingValue();
    if (!value || llvm::any_of(llvm::concat<const int64_t>(pad.getStaticLow(), pad.getStaticHigh()), ShapedType::isDynamic) ||
        !pad.getResultType().hasStaticShape())
      return rewriter.notifyMatchFailure(pad, "the pads are not static or their value is not a scalar");

    Operation *definition = value.getDefiningOp();
    bool isLater = definition && (definition->getBlock() != producer->getBlock() || !definition->isBeforeInBlock(producer));
    if (isLater && definition->getNumOperands() != 0)
      return rewriter.notifyMatchFailure(pad, "the value of the pads is computed after the producer");

    Location loc = pad.getLoc();
    rewriter.setInsertionPoint(producer);
    if (isLater)
      value = rewriter.clone(*definition)->getResult(0);
    ArrayRef<int64_t> shape = pad.getResultType().getShape();
    Value filled = tensor::EmptyOp::create(rewriter, loc, shape, pad.getResultType().getElementType());
    for (const Box &box : borderOf(shape, pad.getStaticLow(), pad.getStaticHigh())) {
      Value slab = extractBox(rewriter, loc, filled, box);
      slab = linalg::FillOp::create(rewriter, loc, value, slab).getResult(0);
      filled = insertBox(rewriter, loc, slab, filled, box);
    }
    Box interior{llvm::to_vector(pad.getStaticLow()), llvm::to_vector(pad.getSourceType().getShape())};
    Value destination = extractBox(rewriter, loc, filled, interior);
    rewriter.modifyOpInPlace(producer, [&] { producer.setDpsInitOperand(0, destination); });
    rewriter.setInsertionPoint(pad);
    rewriter.replaceOp(pad, insertBox(rewriter, loc, producer->getResult(0), filled, interior));
    return success();
  }
};

struct FoldPadPass : bn::impl::FoldPadPassBase<FoldPadPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<PadInProducer>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
