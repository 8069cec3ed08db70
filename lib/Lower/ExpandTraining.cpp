// ExpandTraining.cpp - training steps and gradients as the ops that they decompose into.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %y, %mean, %s, %new… = bn.training %x …
//   after    bn.moments, bn.pool_ghosts where the batch is split, bn.inv_stddev, bn.renorm_correction with renormalization,
//            bn.normalize, and bn.update_average for each state tensor
//
//   before   %dx, %dg, %db = bn.training_grad %dy, %x …      %dx, %dg, %db, %dm, %dv = bn.inference_grad %dy, %x …
//   after    the same backwards: bn.normalize_grad, bn.inv_stddev_grad, and bn.moments_grad where statistics are the input's
//
// The compiler lowers a step as a whole, which reads memory once; expanded, each formula can be seen, tested and replaced by itself.

#include "bn/IR/BN/BN.h"
#include "bn/Lower/Passes.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace bn::lower {
#define GEN_PASS_DEF_EXPANDTRAINING
#include "bn/Lower/Passes.h.inc"
} // namespace bn::lower

using namespace mlir;

namespace bn::lower {
namespace {

/// What the state follows.
struct Batch {
  Value mean, variance, count, stddev; ///< stddev with renormalization only
};

/// The mean over ghosts; the statistic itself where the batch is not split.
Value pool(OpBuilder &b, TrainingOp op, Value statistic) {
  if (op.getGhosts() == 1)
    return statistic;
  Type type = statistic.getType();
  if (auto ranked = dyn_cast<RankedTensorType>(type))
    type = RankedTensorType::get(ranked.getShape().drop_front(), ranked.getElementType());
  return PoolGhostsOp::create(b, op.getLoc(), type, statistic);
}

Value updateAverage(OpBuilder &b, TrainingOp op, Value old, Value batch, Value count, bool bessel, FloatAttr momentum) {
  return UpdateAverageOp::create(b, op.getLoc(), old.getType(), old, batch, count, bessel ? b.getUnitAttr() : UnitAttr(), momentum);
}

SmallVector<Value> expandState(OpBuilder &b, TrainingOp op, const Batch &batch) {
  if (!op.getRunningMean())
    return {};
  FloatAttr momentum = op.getMomentumAttr(), renormMomentum = b.getF64FloatAttr(op.getRenormMomentum().convertToDouble());
  Value mean = updateAverage(b, op, op.getRunningMean(), batch.mean, batch.count, false, momentum);
  if (!op.getRenormMean()) {
    bool bessel = op.getVarianceUpdate() == VarianceUpdate::Bessel;
    return {mean, updateAverage(b, op, op.getRunningVariance(), batch.variance, batch.count, bessel, momentum)};
  }
  Value moved = updateAverage(b, op, op.getMovingStddev(), batch.stddev, batch.count, false, momentum);
  Value variance = RestoreVarianceOp::create(b, op.getLoc(), op.getRunningVariance().getType(), moved, op.getEpsilonAttr());
  return {mean, variance, updateAverage(b, op, op.getRenormMean(), batch.mean, batch.count, false, renormMomentum),
          updateAverage(b, op, op.getRenormStddev(), batch.stddev, batch.count, false, renormMomentum), moved};
}

/// bn.training ⇒ its steps
struct ExpandStep : OpRewritePattern<TrainingOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TrainingOp op, PatternRewriter &b) const override {
    Location loc = op.getLoc();
    Type meanType = op.getBatchMean().getType(), varianceType = op.getBatchInvStddev().getType();
    if (op.getRenormMean() && op.getMovingStddev().getType() != op.getRunningVariance().getType())
      return b.notifyMatchFailure(op, "moving_stddev and running_variance have different types");
    if (op.getOutput().getType() != op.getInput().getType())
      return b.notifyMatchFailure(op, "the output's type says other than the input's");
    auto moments = MomentsOp::create(b, loc, TypeRange{meanType, varianceType, varianceType}, op.getInput(), op.getMask(), op.getAxesAttr(),
                                     op.getGhostsAttr(), op.getGroupingAttr(), op.getMaskEpsilonAttr());
    Batch batch{pool(b, op, moments.getMean()), pool(b, op, moments.getVariance()), pool(b, op, moments.getCount()), Value()};
    Value inverse = InvStddevOp::create(b, loc, varianceType, moments.getVariance(), op.getEpsilonAttr());
    Value r, d;
    if (op.getRenormMean()) {
      Type type = batch.variance.getType();
      auto correction = RenormCorrectionOp::create(b, loc, TypeRange{type, type, type}, batch.mean, batch.variance, op.getRenormMean(),
                                                   op.getRenormStddev(), op.getRmin(), op.getRmax(), op.getDmax(), op.getEpsilonAttr());
      r = correction.getR(), d = correction.getD(), batch.stddev = correction.getStddev();
    }
    Value output = NormalizeOp::create(b, loc, op.getOutput().getType(), op.getInput(), moments.getMean(), inverse, r, d,
                                       op.getAdjustmentScale(), op.getAdjustmentOffset(), op.getScale(), op.getOffset(), op.getAxesAttr(),
                                       op.getGhostsAttr(), op.getGroupingAttr());
    SmallVector<Value> results = {output, moments.getMean(), inverse};
    llvm::append_range(results, expandState(b, op, batch));
    b.replaceOp(op, results);
    return success();
  }
};

/// bn.training_grad ⇒ the gradients of its steps
struct ExpandTrainingGrad : OpRewritePattern<TrainingGradOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TrainingGradOp op, PatternRewriter &b) const override {
    Location loc = op.getLoc();
    Value mean = op.getBatchMean(), inverse = op.getBatchInvStddev();
    SmallVector<Type> types = {op.getInputGrad().getType(), mean.getType(), inverse.getType()};
    llvm::append_range(types, llvm::drop_begin(op->getResultTypes()));
    auto direct = NormalizeGradOp::create(b, loc, types[0], types[1], types[2], types[3], types[4], ArrayRef(types).drop_front(5),
                                          op.getOutputGrad(), op.getInput(), op.getScale(), mean, inverse, op.getR(), op.getD(),
                                          op.getAdjustmentScale(), op.getAdjustmentOffset(), op.getAxesAttr(), op.getGhostsAttr(),
                                          op.getGroupingAttr());
    Value varianceGrad = InvStddevGradOp::create(b, loc, inverse.getType(), direct.getInvStddevGrad(), inverse);
    SmallVector<Value> results = {MomentsGradOp::create(b, loc, types[0], direct.getInputGrad(), op.getInput(), mean, direct.getMeanGrad(),
                                                        varianceGrad, op.getMask(), op.getAxesAttr(), op.getGhostsAttr(),
                                                        op.getGroupingAttr(), op.getMaskEpsilonAttr())};
    llvm::append_range(results, direct->getResults().drop_front(3));
    b.replaceOp(op, results);
    return success();
  }
};

/// bn.inference_grad ⇒ the gradients of its steps
struct ExpandInferenceGrad : OpRewritePattern<InferenceGradOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(InferenceGradOp op, PatternRewriter &b) const override {
    Location loc = op.getLoc();
    Type type = op.getVariance().getType();
    if (op.getVarianceGrad().getType() != type)
      return b.notifyMatchFailure(op, "the variance and its gradient have different types");
    Value inverse = InvStddevOp::create(b, loc, type, op.getVariance(), op.getEpsilonAttr());
    auto direct = NormalizeGradOp::create(b, loc, op.getInputGrad().getType(), op.getMeanGrad().getType(), type,
                                          op.getScaleGrad().getType(), op.getOffsetGrad().getType(), TypeRange(), op.getOutputGrad(),
                                          op.getInput(), op.getScale(), op.getMean(), inverse, Value(), Value(), Value(), Value(),
                                          op.getAxesAttr(), b.getI64IntegerAttr(1),
                                          GhostGroupingAttr::get(b.getContext(), GhostGrouping::Interleaved));
    Value varianceGrad = InvStddevGradOp::create(b, loc, type, direct.getInvStddevGrad(), inverse);
    b.replaceOp(op, {direct.getInputGrad(), direct.getScaleGrad(), direct.getOffsetGrad(), direct.getMeanGrad(), varianceGrad});
    return success();
  }
};

struct ExpandTrainingPass : impl::ExpandTrainingBase<ExpandTrainingPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandStep, ExpandTrainingGrad, ExpandInferenceGrad>(&getContext());
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};

} // namespace
} // namespace bn::lower
