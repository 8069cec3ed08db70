// ReadPlanes.cpp - lets convolutions read images of few channels as they come.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %p = kernel.pack %x    %q = tensor.pad %p    kernel.conv %q
//   after    %q = tensor.pad (copy of %x)    kernel.conv %q
//
// The copy becomes the inside of the padded image. Conditions: nothing else reads the packed image, and its channels, floats all in one
// group, fill at most half a block; the rest would be zeros to write and to read.

#include "Blocks.h"
#include "bn/Lower/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace bn::lower {
#define GEN_PASS_DEF_READPLANES
#include "bn/Lower/Passes.h.inc"
} // namespace bn::lower

using namespace mlir;

namespace bn::lower {
namespace {

/// conv(pad(pack(x))) ⇒ conv(pad(copy(x)))
struct ReadPlanes : OpRewritePattern<kernel::ConvOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(kernel::ConvOp op, PatternRewriter &rewriter) const override {
    auto pad = op.getInput().getDefiningOp<tensor::PadOp>();
    auto pack = (pad ? pad.getSource() : op.getInput()).getDefiningOp<kernel::PackOp>();
    if (!pack || !pack->hasOneUse() || (pad && !pad->hasOneUse()))
      return rewriter.notifyMatchFailure(op, "the input is not packed for this convolution alone");
    Value image = pack.getInput();
    Shape shape = shapeOf(image);
    if (!isa<FloatType>(typeOf(image).getElementType()))
      return rewriter.notifyMatchFailure(op, "several integers fill a lane");
    if (2 * shape[1] > shapeOf(op.getInit()).back() || op.getChannels() != shape[1])
      return rewriter.notifyMatchFailure(op, "the input's channels fill half a block, or a group each");
    if (pad) {
      Builder b(op.getLoc(), rewriter);
      image = linalg::CopyOp::create(b, image, empty(b, shape, typeOf(image).getElementType())).getResult(0);
      auto inPlane = [](ArrayRef<OpFoldResult> pads) { return pads.take_front(4); };
      image = tensor::PadOp::create(b, Type(), image, inPlane(pad.getMixedLowPad()), inPlane(pad.getMixedHighPad()),
                                    pad.getConstantPaddingValue());
    }
    rewriter.modifyOpInPlace(op, [&] { op.getInputMutable().assign(image); });
    return success();
  }
};

struct ReadPlanesPass : impl::ReadPlanesBase<ReadPlanesPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ReadPlanes>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace bn::lower
