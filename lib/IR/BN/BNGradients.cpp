// BNGradients.cpp - verifiers of the gradients of bn.inference and bn.training, and of their steps.
// SPDX-License-Identifier: Apache-2.0

#include "Constraints.h"
#include "UnreadAttributes.h"
#include "bn/IR/BN/BN.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace bn;

LogicalResult InferenceGradOp::verify() {
  Type x = getInput().getType();
  if (failed(verifyAxes(*this, x, getAxes()))) // C1
    return failure();
  if (failed(verifyParameters(*this, // C2
                              {{"scale", getScale()},
                               {"mean", getMean()},
                               {"variance", getVariance()},
                               {"scale_grad", getScaleGrad()},
                               {"offset_grad", getOffsetGrad()},
                               {"mean_grad", getMeanGrad()},
                               {"variance_grad", getVarianceGrad()}},
                              x, getAxes())))
    return failure();
  return verifyEpsilon(*this, getEpsilon()); // C3
}

/// C5: the adjustment's gradients have the adjustment's types.
template <typename OpT> static LogicalResult verifyAdjustmentGrads(OpT op) {
  SmallVector<Value, 2> adjustment;
  if (op.getAdjustmentScale())
    adjustment = {op.getAdjustmentScale(), op.getAdjustmentOffset()};
  if (op.getAdjustmentGrads().size() != adjustment.size())
    return op.emitOpError("expected ") << adjustment.size() << " gradients of the adjustment, got " << op.getAdjustmentGrads().size();
  for (auto [value, grad] : llvm::zip_equal(adjustment, op.getAdjustmentGrads()))
    if (value.getType() != grad.getType())
      return op.emitOpError("expected the adjustment's gradient to have the type ") << value.getType() << ", got " << grad.getType();
  return success();
}

LogicalResult TrainingGradOp::verify() {
  Type x = getInput().getType();
  int64_t ghosts = getGhosts();
  NamedValue scaleBy = {"adjustment_scale", getAdjustmentScale()}, offsetBy = {"adjustment_offset", getAdjustmentOffset()};
  NamedValue r = {"r", getR()}, d = {"d", getD()}, mask = {"mask", getMask()};
  if (failed(verifyAxes(*this, x, getAxes()))) // C1
    return failure();
  if (failed(verifyParameters(*this, // C2
                              {{"scale", getScale()}, r, d, {"scale_grad", getScaleGrad()}, {"offset_grad", getOffsetGrad()}}, x,
                              getAxes())) ||
      failed(verifyParameters(*this, {{"batch_mean", getBatchMean()}, {"batch_inv_stddev", getBatchInvStddev()}}, x, getAxes(), ghosts)))
    return failure();
  if (failed(verifyGhosts(*this, x, getAxes(), ghosts)) ||                                           // C3
      failed(verifyAbsentWithGhosts(*this, ghosts, {scaleBy, offsetBy, mask})) ||                    // C3
      failed(verifyTogether(*this, {r, d})) || failed(verifyTogether(*this, {scaleBy, offsetBy})) || // C4
      failed(verifyBroadcast(*this, {scaleBy, offsetBy, mask}, x)))                                  // C4
    return failure();
  return verifyAdjustmentGrads(*this); // C5
}

void TrainingGradOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<DropUnreadGrouping<TrainingGradOp>, DropUnreadMaskEpsilon<TrainingGradOp>>(context);
}

LogicalResult NormalizeGradOp::verify() {
  Type x = getInput().getType();
  int64_t ghosts = getGhosts();
  NamedValue scaleBy = {"adjustment_scale", getAdjustmentScale()}, offsetBy = {"adjustment_offset", getAdjustmentOffset()};
  NamedValue r = {"r", getR()}, d = {"d", getD()};
  std::initializer_list<NamedValue> statistics = {{"mean", getMean()},
                                                  {"inv_stddev", getInvStddev()},
                                                  {"mean_grad", getMeanGrad()},
                                                  {"inv_stddev_grad", getInvStddevGrad()}};
  if (failed(verifyAxes(*this, x, getAxes()))) // C1
    return failure();
  if (failed(verifyParameters(*this, // C2
                              {{"scale", getScale()}, r, d, {"scale_grad", getScaleGrad()}, {"offset_grad", getOffsetGrad()}}, x,
                              getAxes())) ||
      failed(verifyParameters(*this, statistics, x, getAxes(), ghosts)))
    return failure();
  if (failed(verifyGhosts(*this, x, getAxes(), ghosts)) ||                                           // C3
      failed(verifyAbsentWithGhosts(*this, ghosts, {scaleBy, offsetBy})) ||                          // C3
      failed(verifyTogether(*this, {r, d})) || failed(verifyTogether(*this, {scaleBy, offsetBy})) || // C4
      failed(verifyBroadcast(*this, {scaleBy, offsetBy}, x)))                                        // C4
    return failure();
  return verifyAdjustmentGrads(*this); // C5
}

void NormalizeGradOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<DropUnreadGrouping<NormalizeGradOp>>(context);
}

LogicalResult MomentsGradOp::verify() {
  Type x = getInput().getType();
  int64_t ghosts = getGhosts();
  std::initializer_list<NamedValue> statistics = {
      {"mean", getMean()}, {"mean_grad", getMeanGrad()}, {"variance_grad", getVarianceGrad()}};
  if (failed(verifyAxes(*this, x, getAxes())) ||                             // C1
      failed(verifyParameters(*this, statistics, x, getAxes(), ghosts)) ||   // C2
      failed(verifyGhosts(*this, x, getAxes(), ghosts)) ||                   // C3
      failed(verifyAbsentWithGhosts(*this, ghosts, {{"mask", getMask()}})))  // C3
    return failure();
  return verifyBroadcast(*this, {{"mask", getMask()}}, x); // C4
}

void MomentsGradOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<DropUnreadGrouping<MomentsGradOp>, DropUnreadMaskEpsilon<MomentsGradOp>>(context);
}
