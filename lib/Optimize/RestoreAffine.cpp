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

#include "AffineCost.h"
#include "Affines.h"
#include "ChannelMath.h"
#include "FileSize.h"
#include "FloatElements.h"
#include "GraphRewrite.h"
#include "Initializers.h"
#include "LinearConstants.h"
#include "NonFinite.h"
#include "Opset.h"
#include "RestoreAsBatchNorm.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/Optimize/Passes.h"
#include "mlir/IR/BuiltinOps.h"

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
    patterns.add<RestoreAsOneNode>(&getContext(), names);
    populateRestoreAsBatchNorm(patterns, names);
    patterns.add<RestoreAsMulAdd>(&getContext(), names);
    patterns.add<RestoreOriginals>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), getGraphRewriteConfig())))
      signalPassFailure();
  }
};

} // namespace
