// BNDecomposition.cpp - verifiers of the ops that bn.training decomposes into.
// SPDX-License-Identifier: Apache-2.0

#include "Constraints.h"
#include "UnreadAttributes.h"
#include "bn/IR/BN/BN.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace bn;

LogicalResult MomentsOp::verify() {
  Type x = getInput().getType();
  int64_t ghosts = getGhosts();
  if (failed(verifyAxes(*this, x, getAxes())) ||                              // C1
      failed(verifyGhosts(*this, x, getAxes(), ghosts)) ||                    // C2
      failed(verifyAbsentWithGhosts(*this, ghosts, {{"mask", getMask()}})) || // C2
      failed(
          verifyParameters(*this, {{"mean", getMean()}, {"variance", getVariance()}, {"count", getCount()}}, x, getAxes(), ghosts))) // C3
    return failure();
  return verifyBroadcast(*this, {{"mask", getMask()}}, x); // C4
}

void MomentsOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<DropUnreadGrouping<MomentsOp>, DropUnreadMaskEpsilon<MomentsOp>>(context);
}

LogicalResult PoolGhostsOp::verify() {
  auto input = dyn_cast<RankedTensorType>(getInput().getType());
  auto output = dyn_cast<RankedTensorType>(getOutput().getType());
  if (!input || !output)
    return success();
  if (input.getRank() == 0 || failed(verifyCompatibleShape(input.getShape().drop_front(), output.getShape()))) // C1
    return emitOpError("expected output to have the shape of the input without its leading dimension, got ") << input << " and " << output;
  return success();
}

LogicalResult InvStddevOp::verify() { return verifyEpsilon(*this, getEpsilon()); } // C1

LogicalResult RestoreVarianceOp::verify() { return verifyEpsilon(*this, getEpsilon()); } // C1

LogicalResult RenormCorrectionOp::verify() {
  if (failed(verifySameShape(*this, {{"mean", getMean()}, // C1
                                     {"variance", getVariance()},
                                     {"renorm_mean", getRenormMean()},
                                     {"renorm_stddev", getRenormStddev()},
                                     {"r", getR()},
                                     {"d", getD()},
                                     {"stddev", getStddev()}})) ||
      failed(verifyScalars(*this, {{"rmin", getRmin()}, {"rmax", getRmax()}, {"dmax", getDmax()}}))) // C2
    return failure();
  return verifyEpsilon(*this, getEpsilon()); // C3
}

LogicalResult NormalizeOp::verify() {
  Type x = getInput().getType();
  int64_t ghosts = getGhosts();
  NamedValue scaleBy = {"adjustment_scale", getAdjustmentScale()}, offsetBy = {"adjustment_offset", getAdjustmentOffset()};
  NamedValue r = {"r", getR()}, d = {"d", getD()};
  if (failed(verifyAxes(*this, x, getAxes())) ||                                                                                 // C1
      failed(verifyParameters(*this, {{"scale", getScale()}, {"offset", getOffset()}, r, d}, x, getAxes())) ||                   // C2
      failed(verifyParameters(*this, {{"mean", getMean()}, {"inv_stddev", getInvStddev()}}, x, getAxes(), ghosts)) ||            // C2
      failed(verifyGhosts(*this, x, getAxes(), ghosts)) || failed(verifyAbsentWithGhosts(*this, ghosts, {scaleBy, offsetBy})) || // C3
      failed(verifyTogether(*this, {r, d})) || failed(verifyTogether(*this, {scaleBy, offsetBy})))                               // C4
    return failure();
  return verifyBroadcast(*this, {scaleBy, offsetBy}, x); // C4
}

/// Whether a value is known to be this number, everywhere.
static bool isConstant(Value operand, double number) {
  DenseElementsAttr value;
  return operand && matchPattern(operand, m_Constant(&value)) && value.isSplat() && value.getSplatValue<APFloat>().isExactlyValue(number);
}

namespace {
/// r between 1 and 1, d between -0 and 0  ⇒  neither. Exact for every state that is a number; the state's update stays.
struct DropUnitCorrection : public OpRewritePattern<NormalizeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(NormalizeOp op, PatternRewriter &rewriter) const override {
    auto correction = op.getR() ? op.getR().getDefiningOp<RenormCorrectionOp>() : RenormCorrectionOp();
    if (!correction || op.getR() != correction.getR() || op.getD() != correction.getD())
      return rewriter.notifyMatchFailure(op, "r and d are not a renormalization's");
    if (!isConstant(correction.getRmin(), 1) || !isConstant(correction.getRmax(), 1) || !isConstant(correction.getDmax(), 0))
      return rewriter.notifyMatchFailure(op, "the bounds leave r and d a choice");
    rewriter.modifyOpInPlace(op, [&] { op.getRMutable().clear(), op.getDMutable().clear(); });
    return success();
  }
};

/// scale 1  ⇒  none.
struct DropUnitScale : public OpRewritePattern<NormalizeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(NormalizeOp op, PatternRewriter &rewriter) const override {
    if (!isConstant(op.getScale(), 1))
      return rewriter.notifyMatchFailure(op, "the scale is not 1");
    rewriter.modifyOpInPlace(op, [&] { op.getScaleMutable().clear(); });
    return success();
  }
};
} // namespace

void NormalizeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<DropUnreadGrouping<NormalizeOp>, DropUnitCorrection, DropUnitScale>(context);
}

LogicalResult UpdateAverageOp::verify() {
  if (failed(verifySameShape(*this, {{"old", getOld()}, {"batch", getBatch()}, {"count", getCount()}}))) // C1
    return failure();
  if (getBessel() && !getCount()) // C3
    return emitOpError("expected count where there is 'bessel'");
  return verifyMomentum(*this, "momentum", getMomentum()); // C2
}
