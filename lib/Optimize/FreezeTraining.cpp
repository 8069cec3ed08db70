// FreezeTraining.cpp - makes training BatchNormalizations normalize with their running statistics.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %y, … = bn.training %x scale %g offset %b running(%m, %v)
//   after    %y = bn.inference %x scale %g offset %b mean %m variance %v
//
// For models that were exported in the wrong mode, on the user's word only. Conditions: nobody uses the batch statistics or
// the new state; there are running statistics, and none of the options that have no meaning at inference.

#include "GraphRewrite.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/Optimize/Passes.h"
#include "bn/Optimize/Reasons.h"

namespace bn {
#define GEN_PASS_DEF_FREEZETRAININGPASS
#include "bn/Optimize/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

namespace {

/// training BatchNormalization  =>  inference BatchNormalization
struct FreezeTraining : public OpRewritePattern<TrainingOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(TrainingOp op, PatternRewriter &rewriter) const override {
    bool onlyOutput = llvm::all_of(op->getResults().drop_front(), [](Value result) { return result.use_empty(); });
    if (!onlyOutput || !op.getRunningMean() || op.getRenormMean() || op.getAdjustmentScale())
      return reject(rewriter, op, Reason::TrainingMode);

    auto frozen = InferenceOp::create(rewriter, op->getLoc(), op.getOutput().getType(), op.getInput(), op.getScale(), op.getOffset(),
                                      op.getRunningMean(), op.getRunningVariance(), op.getAxesAttr(), op.getEpsilonAttr());
    for (StringRef name : {onnx::attr::name, onnx::attr::residue})
      if (Attribute value = op->getAttr(name))
        frozen->setAttr(name, value);
    onnx::setOutputNames(frozen, {onnx::getValueName(op.getOutput())});
    rewriter.replaceAllUsesWith(op.getOutput(), frozen.getOutput());
    rewriter.eraseOp(op);
    return success();
  }
};

struct FreezeTrainingPass : public bn::impl::FreezeTrainingPassBase<FreezeTrainingPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FreezeTraining>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), getGraphRewriteConfig())))
      signalPassFailure();
  }
};

} // namespace
