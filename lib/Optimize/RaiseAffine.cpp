// RaiseAffine.cpp - turns whatever is a·x + b along one axis into bn.affine.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %y = bn.inference %x scale %g offset %b mean %m variance %v          %y = onnx.mul %x, %s
//   after    %y = bn.affine %x scale […] offset […] axis 1 standing_for { the node }
//
// Conditions: parameters are constants or computed from constants, vary along one axis whose size is known, and give finite a and b.
// The node moves into the region of the affine, which is how it comes back untouched when nothing absorbs the affine:
// its operands stay in use, its names stay with it, and there is no search for what could be undone.

#include "ChannelAxis.h"
#include "ChannelMap.h"
#include "ConstantExpressions.h"
#include "FloatElements.h"
#include "GraphRewrite.h"
#include "NonFinite.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/Optimize/Passes.h"
#include "bn/Optimize/Reasons.h"
#include "llvm/Support/Regex.h"

#include <cmath>

namespace bn {
#define GEN_PASS_DEF_RAISEAFFINEPASS
#include "bn/Optimize/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

namespace {

/// Which nodes the user wants to be left alone.
struct NodeFilter {
  std::optional<llvm::Regex> only, skip;

  bool admits(Operation *op) const {
    std::string name = onnx::getDisplayName(op);
    return (!only || only->match(name)) && !(skip && skip->match(name));
  }
};

/// Replaces `op` by an affine of its operand `x` that keeps `op` in its region.
static void replaceByAffine(PatternRewriter &rewriter, Operation *op, Value x, const ChannelMap &map, int64_t axis) {
  op->removeAttr(bn::attr::reason);
  auto affine = AffineOp::create(rewriter, op->getLoc(), x.getType(), x, map.scale, map.offset, axis);
  onnx::takeOutputNames(op, affine);
  Block *block = rewriter.createBlock(&affine.getOriginals(), {}, x.getType(), op->getLoc());
  rewriter.replaceAllUsesWith(op->getResult(0), affine.getOutput());
  rewriter.moveOpBefore(op, block, block->end());
  rewriter.modifyOpInPlace(op, [&] { op->replaceUsesOfWith(x, block->getArgument(0)); });
  rewriter.setInsertionPointToEnd(block);
  onnx::YieldOp::create(rewriter, op->getLoc(), op->getResult(0));
}

static bool isRaised(Operation *op) { return isa<AffineOp>(op->getParentOp()); }

/// inference BatchNormalization  =>  affine
struct RaiseInference : public OpRewritePattern<InferenceOp> {
  RaiseInference(MLIRContext *context, const NodeFilter &filter) : OpRewritePattern(context), filter(filter) {}
  const NodeFilter &filter;

  LogicalResult matchAndRewrite(InferenceOp op, PatternRewriter &rewriter) const override {
    if (isRaised(op))
      return rewriter.notifyMatchFailure(op, "raised already");
    if (op.getAxes().size() != 1)
      return reject(rewriter, op, Reason::SeveralAxes);
    std::optional<SmallVector<double>> mean = evaluateReals(op.getMean()), variance = evaluateReals(op.getVariance());
    std::optional<SmallVector<double>> scale, offset;
    size_t channels = mean ? mean->size() : 0;
    scale = op.getScale() ? evaluateReals(op.getScale()) : SmallVector<double>(channels, 1);
    offset = op.getOffset() ? evaluateReals(op.getOffset()) : SmallVector<double>(channels, 0);
    if (!mean || !variance || !scale || !offset)
      return reject(rewriter, op, Reason::ParametersNotConstant);
    if (channels == 0 || variance->size() != channels || scale->size() != channels || offset->size() != channels)
      return reject(rewriter, op, Reason::UnknownShape);
    ChannelMap map;
    if (Reason why = normalize(*scale, *offset, *mean, *variance, op.getEpsilon().convertToDouble(), map); why != Reason::None) {
      noteNonFinite(op);
      return reject(rewriter, op, why);
    }
    if (!filter.admits(op))
      return reject(rewriter, op, Reason::SkippedByUser);

    replaceByAffine(rewriter, op, op.getInput(), map, op.getAxes().front());
    return success();
  }
};

/// The map that an elementwise operator applies to one operand when `c` is the other. `dataFirst`: c is the right operand.
using MapOf = std::optional<std::pair<double, double>> (*)(double c, bool dataFirst);

std::optional<std::pair<double, double>> mapOfAdd(double c, bool) { return std::pair(1.0, c); }
std::optional<std::pair<double, double>> mapOfMul(double c, bool) { return std::pair(c, 0.0); }
std::optional<std::pair<double, double>> mapOfSub(double c, bool dataFirst) {
  return dataFirst ? std::pair(1.0, -c) : std::pair(-1.0, c);
}
std::optional<std::pair<double, double>> mapOfDiv(double c, bool dataFirst) {
  if (!dataFirst || c == 0)
    return std::nullopt;
  return std::pair(1 / c, 0.0);
}

namespace {
struct ElementwiseRule {
  StringLiteral opType;
  MapOf mapOf;
};
} // namespace

static constexpr ElementwiseRule elementwiseRules[] = {
    {"Add", mapOfAdd}, {"Sum", mapOfAdd}, {"Sub", mapOfSub}, {"Mul", mapOfMul}, {"Div", mapOfDiv},
};

/// Whether the value is 1 + erf(…), the Add raised already or not.
static bool addsToErf(Value value) {
  Operation *sum = value.getDefiningOp();
  return isa_and_nonnull<onnx::AddOp, AffineOp>(sum) && llvm::any_of(sum->getOperands(), [](Value operand) {
           auto node = operand.getDefiningOp<onnx::GenericNodeOp>();
           return node && node.is("Erf");
         });
}

/// Whether `op` halves one of the factors of x·(1 + erf(…)), or their product. Runtimes know these nodes together as one Gelu,
/// so that taking a half of it elsewhere would cost more than it saves.
static bool isHalfOfGelu(Operation *op, Value data, ArrayRef<double> factor) {
  auto isProduct = [](Operation *product) {
    return isa_and_nonnull<onnx::MulOp>(product) && llvm::any_of(product->getOperands(), addsToErf);
  };
  bool isHalf = isa<onnx::MulOp>(op) && llvm::all_of(factor, [](double value) { return value == 0.5; });
  return isHalf && (isProduct(data.getDefiningOp()) || (op->hasOneUse() && isProduct(*op->user_begin())));
}

/// x ∘ constant  =>  affine, for an elementwise operator ∘
struct RaiseElementwise : public OpInterfaceRewritePattern<onnx::NodeOpInterface> {
  RaiseElementwise(MLIRContext *context, const NodeFilter &filter) : OpInterfaceRewritePattern(context), filter(filter) {}
  const NodeFilter &filter;

  LogicalResult matchAndRewrite(onnx::NodeOpInterface op, PatternRewriter &rewriter) const override {
    const ElementwiseRule *rule = llvm::find_if(elementwiseRules, [&](const ElementwiseRule &rule) { return op.is(rule.opType); });
    if (rule == std::end(elementwiseRules) || op->getNumOperands() != 2 || isRaised(op))
      return rewriter.notifyMatchFailure(op, "no elementwise operator of two operands, or raised already");
    ElementsAttr left = evaluateConstant(op->getOperand(0)), right = evaluateConstant(op->getOperand(1));
    if (!left == !right)
      return reject(rewriter, op, Reason::ParametersNotConstant);
    bool dataFirst = !left;
    std::optional<SmallVector<double>> values = readReals(dataFirst ? right : left);
    if (!values || values->empty())
      return reject(rewriter, op, Reason::ParametersNotConstant);
    Value data = op->getOperand(dataFirst ? 0 : 1);
    if (isHalfOfGelu(op, data, *values))
      return rewriter.notifyMatchFailure(op, "a part of Gelu");
    auto type = dyn_cast<RankedTensorType>(data.getType());
    if (!type || type != op->getResult(0).getType() || (!dataFirst && op.getSchemaVersion() < 7))
      return reject(rewriter, op, Reason::UnknownShape);
    std::optional<ChannelAxis> axis =
        proveChannelAxis(op, type, cast<RankedTensorType>((dataFirst ? right : left).getType()), *values);
    if (!axis || axis->size == 0)
      return reject(rewriter, op, Reason::SeveralAxes);
    ChannelMap map;
    for (int64_t c = 0; c < axis->size; ++c) {
      auto pair = rule->mapOf((*values)[c * axis->stride], dataFirst);
      if (!pair || !std::isfinite(pair->first) || !std::isfinite(pair->second)) {
        noteNonFinite(op);
        return reject(rewriter, op, Reason::NonFinite);
      }
      map.scale.push_back(pair->first);
      map.offset.push_back(pair->second);
    }
    if (!filter.admits(op))
      return reject(rewriter, op, Reason::SkippedByUser);

    replaceByAffine(rewriter, op, data, map, axis->axis);
    return success();
  }
};

/// −x  =>  affine
struct RaiseNegation : public OpRewritePattern<onnx::GenericNodeOp> {
  RaiseNegation(MLIRContext *context, const NodeFilter &filter) : OpRewritePattern(context), filter(filter) {}
  const NodeFilter &filter;

  LogicalResult matchAndRewrite(onnx::GenericNodeOp op, PatternRewriter &rewriter) const override {
    if (!op.is("Neg") || op->getNumOperands() != 1 || isRaised(op))
      return rewriter.notifyMatchFailure(op, "no negation, or raised already");
    if (!filter.admits(op))
      return reject(rewriter, op, Reason::SkippedByUser);
    auto type = dyn_cast<RankedTensorType>(op->getOperand(0).getType());
    std::optional<ChannelAxis> axis = type ? pickChannelAxis(type) : std::nullopt;
    if (!axis || type != op->getResult(0).getType() || !isa<FloatType>(type.getElementType()))
      return reject(rewriter, op, Reason::UnknownShape);

    ChannelMap map{SmallVector<double>(axis->size, -1), SmallVector<double>(axis->size, 0)};
    replaceByAffine(rewriter, op, op->getOperand(0), map, axis->axis);
    return success();
  }
};

/// Compiles a regular expression of an option; an empty one stands for none.
static LogicalResult compile(StringRef option, StringRef text, Operation *op, std::optional<llvm::Regex> &regex) {
  if (text.empty())
    return success();
  regex.emplace(text);
  std::string error;
  if (regex->isValid(error))
    return success();
  return op->emitError("expected '") << option << "' to be a regular expression, got '" << text << "': " << error;
}

struct RaiseAffinePass : public bn::impl::RaiseAffinePassBase<RaiseAffinePass> {
  using RaiseAffinePassBase::RaiseAffinePassBase;

  void runOnOperation() override {
    NodeFilter filter;
    if (failed(compile("only-nodes", onlyNodes, getOperation(), filter.only)) ||
        failed(compile("skip-nodes", skipNodes, getOperation(), filter.skip)))
      return signalPassFailure();
    RewritePatternSet patterns(&getContext());
    patterns.add<RaiseInference, RaiseElementwise, RaiseNegation>(&getContext(), filter);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), getGraphRewriteConfig())))
      signalPassFailure();
  }
};

} // namespace
