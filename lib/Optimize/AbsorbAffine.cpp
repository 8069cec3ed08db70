// AbsorbAffine.cpp - moves an affine into the weights of the linear node before it.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %c = onnx.conv %x, %w, %bias     %y = bn.affine %c scale a offset b
//   after    %y = onnx.conv %x, a·%w, a·%bias + b
//
// Conditions: the node's result has no other user and is no output of the graph; its weight, and its bias where it has
// one, are constants; the affine runs along the output channels; every new weight is finite in its storage type.
// LinearOps.cpp has the operators. One without bias (MatMul) takes the scale, and the shift stays as an affine.
// Weights are never changed in place: the node gets new initializers, under the old names where it was the only reader.
// Where other nodes read the weight as well, the copy must be smaller than what the affine's nodes take in the file, or fit
// into what earlier passes saved.

#include "Affines.h"
#include "FileSize.h"
#include "GraphRewrite.h"
#include "Initializers.h"
#include "LinearOps.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/Optimize/Passes.h"

namespace bn {
#define GEN_PASS_DEF_ABSORBAFFINEPASS
#include "bn/Optimize/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

namespace {

/// Whether anything but `reader` sees the value.
static Reason checkSoleReader(Value value, Operation *reader) {
  if (value.hasOneUse())
    return Reason::None;
  bool isOutput = llvm::any_of(value.getUsers(), [](Operation *user) { return user->hasTrait<OpTrait::IsTerminator>(); });
  return isOutput ? Reason::GraphOutput : Reason::ProducerHasOtherUsers;
}

/// The numbers of the bias as [outer][channel], and the type that holds them; zeros where there is none.
static Reason readBias(const LinearForm &form, SmallVectorImpl<double> &values, RankedTensorType &type) {
  int64_t channels = form.layout.getNumChannels();
  auto elementType = cast<ShapedType>(form.weight->get().getType()).getElementType();
  type = RankedTensorType::get({channels}, elementType);
  values.assign(channels, 0);
  if (isAbsent(form.bias->get()))
    return Reason::None;
  std::optional<SmallVector<double>> stored = getConstantReals(form.bias->get());
  if (!stored || stored->empty())
    return Reason::BiasNotPerChannel;
  auto storedType = cast<RankedTensorType>(getConstant(form.bias->get()).getType());
  if (stored->size() == 1) {
    values.assign(channels, stored->front());
    return Reason::None;
  }
  if (storedType.getShape().back() != channels) // a column: it would have to grow
    return Reason::BiasNotPerChannel;
  values.assign(stored->begin(), stored->end());
  type = RankedTensorType::get(storedType.getShape(), elementType);
  return Reason::None;
}

/// Whether a copy of shared weights would make the file larger.
static Reason checkCopy(const LinearForm &form, Operation *producer, AffineOp affine) {
  onnx::ConstantOp weight = getConstant(form.weight->get());
  if (!hasOtherReaders(weight, producer))
    return Reason::None;
  constexpr int64_t nodeBytes = 32; // the names and attributes of a node are rarely less
  int64_t saved = nodeBytes * std::max<int64_t>(1, getOriginals(affine).size());
  for (Operation *original : getOriginals(affine))
    for (Value operand : original->getOperands())
      if (onnx::ConstantOp constant = getConstant(operand); constant && !hasOtherReaders(constant, original))
        saved += getNumBytes(constant);
  SmallVector<Operation *> originals = getOriginals(affine);
  int64_t room = getRoom(affine, DenseSet<Operation *>(originals.begin(), originals.end())).value_or(0);
  return getNumBytes(weight) > std::max(saved, room) ? Reason::WeightsShared : Reason::None;
}

/// Computes the constants that make the node do `map` as well.
static Reason fold(const LinearForm &form, const ChannelMap &map, LinearConstants &folded) {
  onnx::ConstantOp weight = getConstant(form.weight->get());
  if (form.bias) {
    SmallVector<double> values;
    RankedTensorType type;
    if (Reason why = readBias(form, values, type); why != Reason::None)
      return why;
    bool changes = !map.hasZeroOffset() || !(map.hasUnitScale() || isAbsent(form.bias->get()));
    if (changes)
      if (Reason why = storeReals(mapBias(values, form.biasFactor, map), type, "bias", folded.bias); why != Reason::None)
        return why;
  }
  if (!form.bias) // the shift stays behind and must be storable there
    if (Reason why = checkFit(map.offset, cast<ShapedType>(weight.getType()).getElementType()); why != Reason::None)
      return why;
  if (map.hasUnitScale())
    return Reason::None;
  ScaledWeight scaled;
  Reason why = scaleChannels(weight.getValue(), form.layout, map.scale, onnx::getValueName(weight), scaled);
  folded = {scaled.value, folded.bias, scaled.before, scaled.after};
  return why;
}

/// linear node, then affine  =>  linear node
struct AbsorbAffine : public OpRewritePattern<AffineOp> {
  AbsorbAffine(MLIRContext *context, FreshNames &names) : OpRewritePattern(context), names(names) {}
  FreshNames &names;

  LogicalResult matchAndRewrite(AffineOp affine, PatternRewriter &rewriter) const override {
    Operation *producer = affine.getInput().getDefiningOp();
    if (!producer)
      return reject(rewriter, affine, Reason::NoProducer);
    LinearForm form;
    if (Reason why = describeLinear(producer, form); why != Reason::None)
      return reject(rewriter, affine, why);
    if (Reason why = checkSoleReader(affine.getInput(), affine); why != Reason::None)
      return reject(rewriter, affine, why);
    ChannelMap map;
    if (Reason why = getMapAlong(affine, form.axis, form.layout.getNumChannels(), map); why != Reason::None)
      return reject(rewriter, affine, why);
    if (!form.bias && map.hasUnitScale() && !map.hasZeroOffset())
      return reject(rewriter, affine, Reason::NoBias);
    if (Reason why = map.hasUnitScale() ? Reason::None : checkCopy(form, producer, affine); why != Reason::None)
      return reject(rewriter, affine, why);
    LinearConstants folded;
    if (Reason why = fold(form, map, folded); why != Reason::None)
      return reject(rewriter, affine, why);

    rewriter.modifyOpInPlace(producer, [&] {
      replaceConstants(rewriter, producer, form, folded, names);
      addSources(producer, getSources(affine));
    });
    if (form.bias || map.hasZeroOffset())
      finish(rewriter, affine, producer);
    else
      keepShift(rewriter, affine, form, map);
    return success();
  }

private:
  /// The node takes the place of the affine.
  static void finish(PatternRewriter &rewriter, AffineOp affine, Operation *producer) {
    onnx::takeOutputNames(affine, producer);
    rewriter.replaceOp(affine, producer->getResult(0));
  }

  /// What is left of the affine is its shift.
  static void keepShift(PatternRewriter &rewriter, AffineOp affine, const LinearForm &form, const ChannelMap &map) {
    SmallVector<double> ones(map.scale.size(), 1);
    auto shift = AffineOp::create(rewriter, affine->getLoc(), affine.getType(), affine.getInput(), ones, map.offset, form.axis);
    onnx::takeOutputNames(affine, shift);
    if (StringAttr name = getReplacementName(affine))
      shift->setAttr(onnx::attr::name, name);
    addSources(shift, getSources(affine));
    rewriter.replaceOp(affine, shift);
  }
};

struct AbsorbAffinePass : public bn::impl::AbsorbAffinePassBase<AbsorbAffinePass> {
  void runOnOperation() override {
    FreshNames names(getOperation());
    RewritePatternSet patterns(&getContext());
    patterns.add<AbsorbAffine>(&getContext(), names);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), getGraphRewriteConfig())))
      signalPassFailure();
  }
};

} // namespace
