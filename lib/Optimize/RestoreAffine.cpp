// RestoreAffine.cpp - turns the affines that stayed into their cheapest standard form.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %y = bn.affine %x scale a offset b axis 1 standing_for { nodes }
//   after    the nodes as they were; or fewer that do the same:
//              onnx.add %x, b                  where a is 1
//              onnx.mul %x, a                  where b is 0
//              the BatchNormalization among the nodes, with other scale and offset
//              onnx.mul, onnx.add              where that is fewer, or there are no nodes to go back to
//
// One node always comes back untouched, so a graph in which nothing was absorbed is the graph that it was.

#include "Affines.h"
#include "ChannelMath.h"
#include "ConstantExpressions.h"
#include "FileSize.h"
#include "FloatElements.h"
#include "GraphRewrite.h"
#include "Initializers.h"
#include "LinearOps.h"
#include "MovePlan.h"
#include "NonFinite.h"
#include "Opset.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/Optimize/Passes.h"
#include "mlir/IR/BuiltinOps.h"

#include <cmath>
#include <limits>

namespace bn {
#define GEN_PASS_DEF_RESTOREAFFINEPASS
#include "bn/Optimize/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

/// The version of Add and Mul in the module's opset.
static int64_t getElementwiseVersion(Operation *op) {
  constexpr int64_t versions[] = {14, 13, 7, 6, 1};
  int64_t opset = getOpset(op);
  return opset ? *llvm::find_if(versions, [&](int64_t version) { return version <= std::max<int64_t>(opset, 1); }) : versions[0];
}

namespace {

/// Builds the nodes that replace one affine.
struct Builder {
  PatternRewriter &rewriter;
  AffineOp affine;
  FreshNames &names;
  SmallVector<onnx::ConstantOp> going = findGoing(affine);
  size_t taken = 0; ///< how many of their names
  double error = 0; ///< what rounding took from the numbers, for an input up to 1

  /// The initializers that go with the originals: their names are free, and as short as the author likes them.
  static SmallVector<onnx::ConstantOp> findGoing(AffineOp affine) {
    SmallVector<onnx::ConstantOp> going;
    for (Operation *original : getOriginals(affine))
      for (Value operand : original->getOperands())
        if (auto constant = operand.getDefiningOp<onnx::ConstantOp>())
          if (!constant.getNodeAttr() && operand.hasOneUse() && !onnx::getValueName(constant).empty())
            going.push_back(constant);
    return going;
  }

  /// Whether new nodes take more bytes than the originals, which may share their constants with other nodes.
  bool needsMoreBytes() {
    bool reusesNames = static_cast<int64_t>(going.size()) >= countNodes(getBroadcastMap(affine)) && !going.empty();
    std::optional<StringRef> name = reusesNames ? std::optional(onnx::getValueName(going.front())) : std::nullopt;
    return !affine.getOriginals().empty() && countBytes(getBroadcastMap(affine), affine, name) > countBytes(affine);
  }

  /// A name for a new constant.
  std::string takeConstantName(StringRef ending) {
    if (taken < going.size())
      return onnx::getValueName(going[taken++]).str();
    return names.take((onnx::getDisplayName(affine) + ending).str());
  }

  /// A name for a value between new nodes.
  std::string takeValueName(StringRef ending) {
    SmallVector<Operation *> originals = getOriginals(affine);
    if (originals.size() > 1)
      return onnx::getValueName(originals.front()->getResult(0)).str();
    return names.take((onnx::getDisplayName(affine) + ending).str());
  }

  /// The constant that broadcasts `values` along the affine's axis; null where the element type cannot hold them.
  ElementsAttr makeOperand(ArrayRef<double> values) {
    auto data = cast<RankedTensorType>(affine.getType());
    SmallVector<int64_t> shape;
    if (llvm::all_equal(values))
      values = values.take_front();
    else
      shape.assign(1, values.size());
    if (!shape.empty() && getElementwiseVersion(affine) >= 7)
      shape.append(data.getRank() - affine.getAxis() - 1, 1);
    ElementsAttr result;
    Reason why = storeReals(values, RankedTensorType::get(shape, data.getElementType()), onnx::getValueName(affine), result);
    if (why != Reason::None)
      return {};
    error += *llvm::max_element(getRounding(values, result));
    return result;
  }

  /// `data` ∘ `operand` as a node of type Op.
  template <typename Op>
  Op createElementwise(Value data, ElementsAttr operand, StringRef ending) {
    auto constant = createInitializer(rewriter, affine->getLoc(), operand, takeConstantName(ending));
    int64_t version = getElementwiseVersion(affine);
    auto op = Op::create(rewriter, affine->getLoc(), affine.getType(), data, constant, IntegerAttr(), IntegerAttr(),
                         DenseI64ArrayAttr(), rewriter.getI64IntegerAttr(version));
    if (version < 7) {
      op.setBroadcast(1);
      if (cast<RankedTensorType>(operand.getType()).getRank() == 1)
        op.setAxis(affine.getAxis());
    }
    return op;
  }

  /// Puts `op` in the place of the affine.
  void finish(Operation *op) {
    if (StringAttr name = getReplacementName(affine))
      op->setAttr(onnx::attr::name, name);
    onnx::takeOutputNames(affine, op);
    addSources(op, getSources(affine));
    if (op->hasAttr(bn::attr::sources))
      noteError(op, error);
    rewriter.replaceOp(affine, op->getResults());
    for (onnx::ConstantOp constant : going)
      eraseIfDead(rewriter, constant.getResult());
  }
};

/// The BatchNormalization among the originals that can take the whole affine.
static InferenceOp findBatchNorm(AffineOp affine) {
  for (Operation *op : getOriginals(affine))
    if (auto norm = dyn_cast<InferenceOp>(op);
        norm && norm.getAxes().size() == 1 && norm.getAxes().front() == static_cast<int64_t>(affine.getAxis()))
      return norm;
  return nullptr;
}

/// Why the affine stays is why what it stands for does.
static void copyReasons(AffineOp affine, Operation *op) {
  for (StringRef name : {bn::attr::reason, bn::attr::reasonBehind})
    if (Attribute reason = affine->getAttr(name))
      op->setAttr(name, reason);
}

/// affine whose originals are few  =>  the originals
struct RestoreOriginals : public OpRewritePattern<AffineOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AffineOp affine, PatternRewriter &rewriter) const override {
    if (affine.getOriginals().empty())
      return rewriter.notifyMatchFailure(affine, "no originals to go back to");
    for (Operation *op : getOriginals(affine))
      if (isa<InferenceOp>(op))
        copyReasons(affine, op);

    Block *block = &affine.getOriginals().front();
    Operation *yield = block->getTerminator();
    Value result = yield->getOperand(0);
    rewriter.eraseOp(yield);
    rewriter.inlineBlockBefore(block, affine, affine.getInput());
    rewriter.replaceOp(affine, result);
    return success();
  }
};

/// affine  =>  Add, where the scale is 1;  Mul, where the offset is 0
struct RestoreAsOneNode : public OpRewritePattern<AffineOp> {
  RestoreAsOneNode(MLIRContext *context, FreshNames &names) : OpRewritePattern(context, /*benefit=*/3), names(names) {}
  FreshNames &names;

  LogicalResult matchAndRewrite(AffineOp affine, PatternRewriter &rewriter) const override {
    if (getOriginals(affine).size() == 1)
      return rewriter.notifyMatchFailure(affine, "the original is one node as well");
    ChannelMap map = getMap(affine);
    if (!map.hasUnitScale() && !map.hasZeroOffset())
      return rewriter.notifyMatchFailure(affine, "both scale and shift");
    Builder builder{rewriter, affine, names};
    if (builder.needsMoreBytes())
      return rewriter.notifyMatchFailure(affine, "the file would grow");
    ElementsAttr operand = builder.makeOperand(map.hasUnitScale() ? map.offset : map.scale);
    if (!operand)
      return reject(rewriter, affine, Reason::Overflow);

    builder.finish(map.hasUnitScale() ? builder.createElementwise<onnx::AddOp>(affine.getInput(), operand, "_offset").getOperation()
                                      : builder.createElementwise<onnx::MulOp>(affine.getInput(), operand, "_scale").getOperation());
    return success();
  }
};

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

/// affine  =>  Mul, Add, where that is fewer nodes than the originals, or there are none
struct RestoreAsMulAdd : public OpRewritePattern<AffineOp> {
  RestoreAsMulAdd(MLIRContext *context, FreshNames &names) : OpRewritePattern(context, /*benefit=*/2), names(names) {}
  FreshNames &names;

  LogicalResult matchAndRewrite(AffineOp affine, PatternRewriter &rewriter) const override {
    size_t originals = getOriginals(affine).size();
    if (originals == 1 || originals == 2)
      return rewriter.notifyMatchFailure(affine, "the originals are not more nodes");
    ChannelMap map = getMap(affine);
    Builder builder{rewriter, affine, names};
    if (builder.needsMoreBytes())
      return rewriter.notifyMatchFailure(affine, "the file would grow");
    ElementsAttr scale = builder.makeOperand(map.scale), offset = builder.makeOperand(map.offset);
    if (!scale || !offset)
      return reject(rewriter, affine, Reason::Overflow);

    onnx::MulOp mul = builder.createElementwise<onnx::MulOp>(affine.getInput(), scale, "_scale");
    onnx::setOutputNames(mul, {builder.takeValueName("_scaled")});
    builder.finish(builder.createElementwise<onnx::AddOp>(mul, offset, "_offset"));
    return success();
  }
};

struct RestoreAffinePass : public bn::impl::RestoreAffinePassBase<RestoreAffinePass> {
  void runOnOperation() override {
    forgetFileBytes(getOperation()); // the last pass that makes constants
    forgetNonFinite(getOperation());
    FreshNames names(getOperation());
    RewritePatternSet patterns(&getContext());
    patterns.add<RestoreAsOneNode, RestoreAsBatchNorm, RestoreAsMulAdd>(&getContext(), names);
    patterns.add<RestoreOriginals>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), getGraphRewriteConfig())))
      signalPassFailure();
  }
};

} // namespace
