// ScaleWeights.cpp - multiplies a convolution's weights instead of its input by a factor of each channel.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %s = linalg.generic { mulf } ins(%image, %gate)    %y = kernel.conv %s, %w
//   after    %v = linalg.generic { mulf } ins(%w, %gate)        %y = kernel.conv %image, %v
//
// Squeeze and excitation ends so: a gate for each channel, computed from the whole image, that the next convolution's input is multiplied
// by. Conditions: one image, all channels in one group, nothing else reads the product, and the weights are fewer than its elements.

#include "Blocks.h"
#include "FuseEpilogues.h"
#include "bn/Lower/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace bn::lower {
#define GEN_PASS_DEF_SCALEWEIGHTS
#include "bn/Lower/Passes.h.inc"
} // namespace bn::lower

using namespace mlir;

namespace bn::lower {
namespace {

/// Whether the body is the product of its two inputs.
bool isProduct(linalg::GenericOp op) {
  Block &body = *op.getBody();
  auto product = dyn_cast<arith::MulFOp>(body.front());
  return op.getNumDpsInputs() == 2 && product && llvm::hasNItems(body, 2) && body.getTerminator()->getOperand(0) == product.getResult() &&
         llvm::is_contained({body.getArgument(0), body.getArgument(1)}, product.getLhs()) &&
         llvm::is_contained({body.getArgument(0), body.getArgument(1)}, product.getRhs()) && product.getLhs() != product.getRhs();
}

/// conv(image · gate, weights) ⇒ conv(image, weights · gate)
struct ScaleWeights : OpRewritePattern<kernel::ConvOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(kernel::ConvOp op, PatternRewriter &rewriter) const override {
    auto product = op.getInput().getDefiningOp<linalg::GenericOp>();
    if (!product || !product->hasOneUse() || !isElementwise(product) || !isProduct(product))
      return rewriter.notifyMatchFailure(op, "the input is no product for this convolution alone");
    OpOperand *image = product.getDpsInputOperand(0), *gate = product.getDpsInputOperand(1);
    if (!product.getMatchingIndexingMap(image).isIdentity())
      std::swap(image, gate);
    Shape in = shapeOf(op.getInput()), filter = shapeOf(op.getWeights());
    if (in.size() != 5 || in[0] != 1 || op.getGroups() != 1)
      return rewriter.notifyMatchFailure(op, "not one blocked image in one group");
    AffineMap place = product.getMatchingIndexingMap(gate);
    bool isOfChannel = repeatsInOrder(place) && !place.isFunctionOfDim(2) && !place.isFunctionOfDim(3);
    if (!product.getMatchingIndexingMap(image).isIdentity() || !isOfChannel)
      return rewriter.notifyMatchFailure(op, "the factors are not one of each channel, in order");
    if (ShapedType::getNumElements(filter) >= ShapedType::getNumElements(in))
      return rewriter.notifyMatchFailure(op, "there are no fewer weights than elements");
    Builder b(op.getLoc(), rewriter);
    Value factors = toExtra(b, product, gate);
    factors = reshape(b, factors, {shapeOf(factors)[1], 1, 1, shapeOf(factors)[4], 1});
    Value weights = map(b, typeOf(op.getWeights()), {op.getWeights(), factors}, [](Builder &b, ValueRange v) -> Value {
      return arith::MulFOp::create(b, v[0], v[1]);
    });
    rewriter.modifyOpInPlace(op, [&] {
      op.getInputMutable().assign(image->get());
      op.getWeightsMutable().assign(weights);
    });
    return success();
  }
};

struct ScaleWeightsPass : impl::ScaleWeightsBase<ScaleWeightsPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ScaleWeights>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace bn::lower
