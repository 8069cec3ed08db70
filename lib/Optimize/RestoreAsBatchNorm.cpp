// RestoreAsBatchNorm.cpp - makes a BatchNormalization of an affine that stands for one and its neighbours.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %y = bn.affine %x scale a offset b axis 1 standing_for { BatchNormalization and neighbours }
//   after    %y = bn.inference %x, other scale and offset, perhaps another mean, the same variance
//
// Condition: copies of parameters that other nodes read take no more room than the neighbours.

#include "RestoreAsBatchNorm.h"

#include "AffineCost.h"
#include "Affines.h"
#include "ConstantExpressions.h"
#include "FileSize.h"
#include "FloatElements.h"
#include "LinearConstants.h"
#include "bn/IR/Onnx/Names.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace bn;

/// The BatchNormalization among the originals that can take the whole affine.
static InferenceOp findBatchNorm(AffineOp affine) {
  for (Operation *op : getOriginals(affine))
    if (auto norm = dyn_cast<InferenceOp>(op);
        norm && norm.getAxes().size() == 1 && norm.getAxes().front() == static_cast<int64_t>(affine.getAxis()))
      return norm;
  return nullptr;
}

namespace {

/// affine that stands for a BatchNormalization and its neighbours  =>  the BatchNormalization
struct RestoreAsBatchNorm : public OpRewritePattern<AffineOp> {
  RestoreAsBatchNorm(MLIRContext *context, FreshNames &names) : OpRewritePattern(context, /*benefit=*/2), names(names) {}
  FreshNames &names;

  LogicalResult matchAndRewrite(AffineOp affine, PatternRewriter &rewriter) const override {
    InferenceOp norm = findBatchNorm(affine);
    if (!norm || getOriginals(affine).size() < 2)
      return rewriter.notifyMatchFailure(affine, "no BatchNormalization with neighbours");
    Parameters parameters;
    if (Reason why = computeParameters(affine, norm, parameters); why != Reason::None)
      return reject(rewriter, affine, why);
    int64_t room = 0;
    for (Operation *other : getOriginals(affine))
      room += other == norm ? 0 : countBytes(other);
    if (countCopiedBytes(norm, parameters) > room)
      return rewriter.notifyMatchFailure(affine, "other nodes read the parameters, and a second copy would make the file larger");

    replace(affine, norm, parameters, rewriter);
    return success();
  }

private:
  /// New parameters of the BatchNormalization; none where the old one stays.
  struct Parameters {
    ElementsAttr scale, offset, mean;
    double error = 0; ///< what rounding took, for an input up to 1
  };

  /// The bytes of new parameters whose old ones stay for others.
  static int64_t countCopiedBytes(InferenceOp norm, const Parameters &parameters) {
    int64_t bytes = 0;
    std::pair<ElementsAttr, Value> changes[] = {
        {parameters.scale, norm.getScale()}, {parameters.offset, norm.getOffset()}, {parameters.mean, norm.getMean()}};
    for (auto [value, old] : changes) {
      onnx::ConstantOp constant = value && old ? getConstant(old) : nullptr;
      if (!value || (constant && !hasOtherReaders(constant, norm)))
        continue;
      std::string name = ((constant ? onnx::getValueName(constant) : "") + "_folded").str();
      bytes += estimateInitializerBytes(name, cast<RankedTensorType>(value.getShapedType())) + name.size();
    }
    return bytes;
  }

  /// gamma = a·√(variance + epsilon), and beta - a·mean = b: in each channel with the old mean, or with the old beta where that makes
  /// the two terms smaller, whose rounding is the error. The variance stays.
  static Reason computeParameters(AffineOp affine, InferenceOp norm, Parameters &parameters) {
    SmallVector<double> mean = *evaluateReals(norm.getMean()), variance = *evaluateReals(norm.getVariance());
    SmallVector<double> oldBeta = norm.getOffset() ? *evaluateReals(norm.getOffset()) : SmallVector<double>(mean.size(), 0);
    SmallVector<double> gamma, beta;
    for (auto [a, b, m, v, old] : llvm::zip_equal(affine.getScale(), affine.getOffset(), mean, variance, oldBeta)) {
      gamma.push_back(a * std::sqrt(v + norm.getEpsilon().convertToDouble()));
      bool keeps = a == 0 || std::abs(b + a * m) + std::abs(a * m) <= std::abs(old) + std::abs(old - b);
      beta.push_back(keeps ? b + a * m : old);
      m = keeps ? m : (old - b) / a;
    }
    auto type = cast<RankedTensorType>((norm.getScale() ? norm.getScale() : norm.getMean()).getType());
    Reason why = storeChanged(gamma, type, norm.getScale(), parameters.scale);
    if (why == Reason::None)
      why = storeChanged(beta, type, norm.getOffset(), parameters.offset);
    if (why == Reason::None)
      why = storeChanged(mean, cast<RankedTensorType>(norm.getMean().getType()), norm.getMean(), parameters.mean);
    if (why == Reason::None)
      parameters.error = getError(affine, norm, parameters);
    return why;
  }

  /// How far the map of the stored parameters is from the affine, |a' - a| + |b' - b| in the worst channel.
  static double getError(AffineOp affine, InferenceOp norm, const Parameters &parameters) {
    auto read = [&](ElementsAttr value, Value old) { return value ? *readReals(value) : *evaluateReals(old); };
    SmallVector<double> gamma = read(parameters.scale, norm.getScale()), beta = read(parameters.offset, norm.getOffset());
    ChannelMap map;
    if (normalize(gamma, beta, read(parameters.mean, norm.getMean()), *evaluateReals(norm.getVariance()),
                  norm.getEpsilon().convertToDouble(), map) != Reason::None)
      return std::numeric_limits<double>::infinity();
    double error = 0;
    for (auto [a, b, exactA, exactB] : llvm::zip_equal(map.scale, map.offset, affine.getScale(), affine.getOffset()))
      error = std::max(error, std::abs(a - exactA) + std::abs(b - exactB));
    return error;
  }

  /// Stores numbers unless `old` holds them already.
  static Reason storeChanged(ArrayRef<double> values, RankedTensorType type, Value old, ElementsAttr &result) {
    if (Reason why = storeReals(values, type, "parameter", result); why != Reason::None)
      return why;
    if (old && evaluateReals(old) == readReals(result))
      result = nullptr;
    return Reason::None;
  }

  /// Puts `norm` with these parameters in the place of the affine.
  void replace(AffineOp affine, InferenceOp norm, const Parameters &parameters, PatternRewriter &rewriter) const {
    auto create = [&](ElementsAttr value, StringRef ending, Value old) -> Value {
      if (!value)
        return old;
      onnx::ConstantOp constant = old ? getConstant(old) : nullptr;
      std::string fresh = (onnx::getDisplayName(norm) + ending).str();
      return createInitializer(rewriter, affine->getLoc(), value, constant ? takeVersionName(constant, norm, names) : names.take(fresh));
    };
    Value newScale = create(parameters.scale, "_scale", norm.getScale());
    Value newOffset = create(parameters.offset, "_offset", norm.getOffset());
    Value newMean = create(parameters.mean, "_mean", norm.getMean());
    SmallVector<StringRef> others = getSources(affine);
    llvm::erase(others, onnx::getDisplayName(norm));
    rewriter.moveOpBefore(norm, affine);
    rewriter.modifyOpInPlace(norm, [&] {
      norm.getInputMutable().assign(affine.getInput());
      norm.getScaleMutable().assign(newScale);
      norm.getOffsetMutable().assign(newOffset);
      norm.getMeanMutable().assign(newMean);
      addSources(norm, others);
      noteError(norm, parameters.error);
      onnx::takeOutputNames(affine, norm);
      copyReasons(affine, norm);
    });
    rewriter.replaceOp(affine, norm);
  }
};

} // namespace

void bn::populateRestoreAsBatchNorm(RewritePatternSet &patterns, FreshNames &names) {
  patterns.add<RestoreAsBatchNorm>(patterns.getContext(), names);
}
