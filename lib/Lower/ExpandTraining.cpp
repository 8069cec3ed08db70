// ExpandTraining.cpp - a training step as the ops that it decomposes into.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %y, %mean, %s, %new… = bn.training %x …
//   after    bn.moments, bn.pool_ghosts where the batch is split, bn.inv_stddev, bn.renorm_correction with renormalization,
//            bn.normalize, and bn.update_average for each state tensor
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

struct ExpandTrainingPass : impl::ExpandTrainingBase<ExpandTrainingPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandStep>(&getContext());
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};

} // namespace
} // namespace bn::lower
