// BNOps.cpp - verifiers and folds of the layer ops and of bn.affine.
// SPDX-License-Identifier: Apache-2.0

#include "Constraints.h"
#include "UnreadAttributes.h"
#include "bn/IR/BN/BN.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace bn;

#define GET_OP_CLASSES
#include "bn/IR/BN/BNOps.cpp.inc"

LogicalResult InferenceOp::verify() {
  Type x = getInput().getType();
  if (failed(verifyAxes(*this, x, getAxes()))) // C1
    return failure();
  if (failed(verifyParameters(*this, // C2
                              {{"scale", getScale()}, {"offset", getOffset()}, {"mean", getMean()}, {"variance", getVariance()}}, x,
                              getAxes())))
    return failure();
  return verifyEpsilon(*this, getEpsilon()); // C3
}

//===----------------------------------------------------------------------===//
// bn.affine
//===----------------------------------------------------------------------===//

LogicalResult AffineOp::verify() {
  auto x = dyn_cast<RankedTensorType>(getInput().getType());
  if (x && static_cast<int64_t>(getAxis()) >= x.getRank()) // C1
    return emitOpError("expected 'axis' below the input's rank ") << x.getRank() << ", got " << getAxis();
  int64_t channels = x ? x.getDimSize(getAxis()) : ShapedType::kDynamic;
  for (auto [name, values] : {std::pair("scale", getScale()), std::pair("offset", getOffset())})
    if (failed(verifyCompatibleDims({static_cast<int64_t>(values.size()), channels}))) // C2
      return emitOpError("expected '") << name << "' to have " << channels << " elements, got " << values.size();
  if (getScale().size() != getOffset().size()) // C2
    return emitOpError("expected 'scale' and 'offset' of one size, got ") << getScale().size() << " and " << getOffset().size();
  return success();
}

LogicalResult AffineOp::verifyRegions() {
  if (getOriginals().empty())
    return success();
  Block &block = getOriginals().front();
  if (block.getNumArguments() != 1 || block.getArgument(0).getType() != getInput().getType() || block.empty() ||
      block.back().getNumOperands() != 1 || block.back().getOperand(0).getType() != getOutput().getType()) // C3
    return emitOpError("expected 'originals' to be a block from the input's type to the output's type");
  return success();
}

OpFoldResult AffineOp::fold(FoldAdaptor) {
  if (!getOriginals().empty()) // the pass that raised it accounts for the nodes that go
    return Value();
  bool identity = llvm::all_of(getScale(), [](double a) { return a == 1; }) && llvm::all_of(getOffset(), [](double b) { return b == 0; });
  return identity ? getInput() : Value();
}

//===----------------------------------------------------------------------===//
// bn.training
//===----------------------------------------------------------------------===//

SmallVector<Value, 5> TrainingOp::getState() {
  SmallVector<Value, 5> state;
  for (Value value : {getRunningMean(), getRunningVariance(), getRenormMean(), getRenormStddev(), getMovingStddev()})
    if (value)
      state.push_back(value);
  return state;
}

/// C4: the state keeps its types, one result per operand.
static LogicalResult verifyNewState(TrainingOp op) {
  SmallVector<Value, 5> state = op.getState();
  if (op.getNewState().size() != state.size())
    return op.emitOpError("expected ") << state.size() << " results of the state, got " << op.getNewState().size();
  for (auto [before, after] : llvm::zip_equal(state, op.getNewState()))
    if (getElementTypeOrSelf(before) != getElementTypeOrSelf(after) || failed(verifyCompatibleShape(before.getType(), after.getType())))
      return op.emitOpError("expected the state after the step to have the type ") << before.getType() << ", got " << after.getType();
  return success();
}

/// C5: what comes with what.
static LogicalResult verifyStateGroups(TrainingOp op) {
  NamedValue mean = {"running_mean", op.getRunningMean()}, renorm = {"renorm_mean", op.getRenormMean()};
  if (failed(verifyTogether(op, {mean, {"running_variance", op.getRunningVariance()}})) ||
      failed(verifyTogether(op, {renorm, {"renorm_stddev", op.getRenormStddev()}, {"moving_stddev", op.getMovingStddev()}})))
    return failure();
  if (renorm.second && failed(verifyTogether(op, {renorm, mean})))
    return failure();
  std::initializer_list<NamedValue> bounds = {{"rmin", op.getRmin()}, {"rmax", op.getRmax()}, {"dmax", op.getDmax()}};
  for (const NamedValue &bound : bounds)
    if (bound.second && failed(verifyTogether(op, {bound, renorm})))
      return failure();
  return verifyScalars(op, bounds);
}

LogicalResult TrainingOp::verify() {
  Type x = getInput().getType();
  int64_t ghosts = getGhosts();
  NamedValue scaleBy = {"adjustment_scale", getAdjustmentScale()}, offsetBy = {"adjustment_offset", getAdjustmentOffset()};
  std::initializer_list<NamedValue> parameters = {{"scale", getScale()},
                                                  {"offset", getOffset()},
                                                  {"running_mean", getRunningMean()},
                                                  {"running_variance", getRunningVariance()},
                                                  {"renorm_mean", getRenormMean()},
                                                  {"renorm_stddev", getRenormStddev()},
                                                  {"moving_stddev", getMovingStddev()}};
  if (failed(verifyAxes(*this, x, getAxes())) ||                                               // C1
      failed(verifyParameters(*this, parameters, x, getAxes())) ||                             // C2
      failed(verifyEpsilon(*this, getEpsilon())) ||                                            // C3
      failed(verifyMomentum(*this, "momentum", getMomentum())) ||                              // C3
      failed(verifyMomentum(*this, "renorm_momentum", getRenormMomentum())) ||                 // C3
      failed(verifyNewState(*this)) ||                                                         // C4
      failed(verifyStateGroups(*this)) ||                                                      // C5
      failed(verifyGhosts(*this, x, getAxes(), ghosts)) ||                                     // C6
      failed(verifyAbsentWithGhosts(*this, ghosts, {scaleBy, offsetBy, {"mask", getMask()}}))) // C6
    return failure();
  if (failed(verifyParameters(*this, {{"batch_mean", getBatchMean()}, {"batch_inv_stddev", getBatchInvStddev()}}, x, getAxes(),
                              ghosts)) ||                                          // C7
      failed(verifyTogether(*this, {scaleBy, offsetBy})) ||                        // C8
      failed(verifyBroadcast(*this, {scaleBy, offsetBy, {"mask", getMask()}}, x))) // C8
    return failure();
  if (getElementTypeOrSelf(getOutput()) != getElementTypeOrSelf(x) || failed(verifyCompatibleShape(getOutput().getType(), x))) // C9
    return emitOpError("expected output to have the type of the input ") << x << ", got " << getOutput().getType();
  return success();
}

namespace {
/// `renorm_momentum` without renormalization, `variance_update` where no variance follows  ⇒  their defaults
struct DropUnreadStateAttributes : public OpRewritePattern<TrainingOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TrainingOp op, PatternRewriter &rewriter) const override {
    static constexpr double defaultMomentum = 0.99;
    bool renorm = op.getRenormMean() != nullptr;
    // With renormalization the variance follows from moving_stddev, which has one estimator.
    bool readsUpdate = op.getRunningVariance() && !renorm;
    bool momentumUnread = !renorm && op.getRenormMomentum().convertToDouble() != defaultMomentum;
    bool updateUnread = !readsUpdate && op.getVarianceUpdate() != VarianceUpdate::Population;
    if (!momentumUnread && !updateUnread)
      return rewriter.notifyMatchFailure(op, "every state attribute is read or at its default");
    rewriter.modifyOpInPlace(op, [&] {
      if (momentumUnread)
        op.setRenormMomentum(APFloat(defaultMomentum));
      if (updateUnread)
        op.setVarianceUpdate(VarianceUpdate::Population);
    });
    return success();
  }
};
} // namespace

void TrainingOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<DropUnreadGrouping<TrainingOp>, DropUnreadMaskEpsilon<TrainingOp>, DropUnreadStateAttributes>(context);
}
