// RecognizeActivations.cpp - finds activations that were written out.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %1 = bn.affine %x scale s offset t     %y = Clip(%1, low, high)
//   after    %y = HardSigmoid(%x), alpha = s/(high - low), beta = (t - low)/(high - low)
//            and (high - low)·y + low moves to the readers of %y
//
//   before   %1 = HardSigmoid(%x), alpha = 1/6, beta = 1/2     %y = onnx.mul %x, %1
//   after    %y = HardSwish(%x)
//
// Conditions: f32, the one type that runtimes have these operators for; opset 6, and 14 for HardSwish; nobody else reads %1;
// what moves to the readers costs no node there.

#include "AffineCost.h"
#include "GraphRewrite.h"
#include "MovePlan.h"
#include "Opset.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/Optimize/Passes.h"
#include "mlir/IR/BuiltinOps.h"

#include <cmath>

namespace bn {
#define GEN_PASS_DEF_RECOGNIZEACTIVATIONSPASS
#include "bn/Optimize/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

static bool isSingle(Value value) {
  auto type = dyn_cast<ShapedType>(value.getType());
  return type && type.getElementType().isF32();
}

/// A bound of Clip: an operand from version 11 on, an attribute before.
static std::optional<double> getBound(onnx::NodeOpInterface clip, unsigned operand, StringRef attribute) {
  if (clip.getSchemaVersion() < 11) {
    double value = clip.getFloat(attribute, NAN);
    return std::isnan(value) ? std::nullopt : std::optional(value);
  }
  if (operand >= clip->getNumOperands() || isAbsent(clip->getOperand(operand)))
    return std::nullopt;
  std::optional<SmallVector<double>> values = getConstantReals(clip->getOperand(operand));
  return values && values->size() == 1 ? std::optional(values->front()) : std::nullopt;
}

/// An activation in the place of `op`, under its names.
static void replaceByActivation(PatternRewriter &rewriter, Operation *op, Value x, StringRef opType, int64_t version,
                                ArrayRef<NamedAttribute> attributes) {
  auto activation = onnx::GenericNodeOp::create(rewriter, op->getLoc(), op->getResultTypes(), x, rewriter.getStringAttr(opType),
                                                rewriter.getStringAttr(""), rewriter.getI64IntegerAttr(version),
                                                rewriter.getDictionaryAttr(attributes), ArrayAttr(), 0);
  onnx::takeOutputNames(op, activation);
  if (Attribute name = op->getAttr(onnx::attr::name))
    activation->setAttr(onnx::attr::name, name);
  rewriter.replaceOp(op, activation);
}

namespace {

/// clipped affine  =>  HardSigmoid, and an affine behind
struct RecognizeHardSigmoid : public OpRewritePattern<onnx::GenericNodeOp> {
  RecognizeHardSigmoid(MLIRContext *context, FreshNames &names) : OpRewritePattern(context), names(names) {}
  FreshNames &names;

  LogicalResult matchAndRewrite(onnx::GenericNodeOp clip, PatternRewriter &rewriter) const override {
    auto node = cast<onnx::NodeOpInterface>(clip.getOperation());
    if (!node.is("Clip") || !isSingle(clip->getResult(0)) || getOpset(clip) < 6)
      return rewriter.notifyMatchFailure(clip, "no Clip of single precision where there is HardSigmoid");
    auto affine = clip->getOperand(0).getDefiningOp<AffineOp>();
    if (!affine || !affine->hasOneUse() || !getBroadcastMap(affine).isUniform())
      return rewriter.notifyMatchFailure(clip, "no affine before it alone that is the same in all channels");
    std::optional<double> low = getBound(node, 1, "min"), high = getBound(node, 2, "max");
    double size = low && high ? *high - *low : 0;
    if (!(size > 0) || !std::isfinite(size))
      return rewriter.notifyMatchFailure(clip, "no two bounds");
    MovePlan plan(clip);
    plan.push(clip->getResult(0), BroadcastMap::uniform(size, *low));
    if (plan.trace() != Reason::None || plan.getAddedNodes() >= countNodes(affine) || !hasRoom(affine, plan.getAddedBytes()) ||
        plan.prepare() != Reason::None)
      return rewriter.notifyMatchFailure(clip, "its range does not move to the readers");

    plan.commit(rewriter, names);
    rewriter.setInsertionPoint(clip);
    auto number = [&](double value) { return rewriter.getF32FloatAttr(static_cast<float>(value)); };
    double alpha = affine.getScale().front() / size, beta = (affine.getOffset().front() - *low) / size;
    constexpr int64_t versions[] = {22, 6};
    replaceByActivation(rewriter, clip, affine.getInput(), "HardSigmoid", versions[getOpset(clip) < 22],
                        {rewriter.getNamedAttr("alpha", number(alpha)), rewriter.getNamedAttr("beta", number(beta))});
    rewriter.eraseOp(affine);
    return success();
  }
};

/// x · HardSigmoid(x)  =>  HardSwish(x)
struct RecognizeHardSwish : public OpRewritePattern<onnx::MulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::MulOp product, PatternRewriter &rewriter) const override {
    if (getOpset(product) < 14 || !isSingle(product.getC()))
      return rewriter.notifyMatchFailure(product, "no HardSwish there");
    for (auto [x, gate] : {std::pair(product.getA(), product.getB()), std::pair(product.getB(), product.getA())}) {
      auto sigmoid = dyn_cast_or_null<onnx::NodeOpInterface>(gate.getDefiningOp());
      if (!sigmoid || !sigmoid.is("HardSigmoid") || sigmoid->getOperand(0) != x || !gate.hasOneUse())
        continue;
      constexpr float sixth = 1.0f / 6, half = 0.5f, ulp = 1.5e-8f;
      if (std::abs(sigmoid.getFloat("alpha", 0.2) - sixth) > ulp || sigmoid.getFloat("beta", half) != half)
        continue;
      constexpr int64_t versions[] = {22, 14};
      replaceByActivation(rewriter, product, x, "HardSwish", versions[getOpset(product) < 22], {});
      rewriter.eraseOp(sigmoid);
      return success();
    }
    return rewriter.notifyMatchFailure(product, "no product of a value and its HardSigmoid");
  }
};

struct RecognizeActivationsPass : public bn::impl::RecognizeActivationsPassBase<RecognizeActivationsPass> {
  void runOnOperation() override {
    FreshNames names(getOperation());
    RewritePatternSet patterns(&getContext());
    patterns.add<RecognizeHardSigmoid>(&getContext(), names);
    patterns.add<RecognizeHardSwish>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), getGraphRewriteConfig())))
      signalPassFailure();
  }
};

} // namespace
