// ScaleQuantized.cpp - moves an affine into the scales of quantized weights.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %w = DequantizeLinear %q, %s, %z    %c = onnx.conv %x, %w, %bias    %y = bn.affine %c scale a offset b
//   after    %w = DequantizeLinear %q, a·%s, %z  %y = onnx.conv %x, %w, a·%bias + b
//
// Conditions: %q, %s, %z are constants, and one scale serves all weights or one each output channel; nobody else reads %w or %c;
// the affine runs along the output channels. The integers stay what they are, which is what being quantized means. A scale is
// positive: where a is negative the integers of the channel are mirrored at the zero point, where it is 0 they become that.

#include "Affines.h"
#include "ChannelMath.h"
#include "ConstantExpressions.h"
#include "FloatElements.h"
#include "GraphRewrite.h"
#include "Initializers.h"
#include "LinearConstants.h"
#include "LinearOps.h"
#include "QuantizedLinear.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/Optimize/Passes.h"
#include "bn/Reference/Tensor.h"

namespace bn {
#define GEN_PASS_DEF_SCALEQUANTIZEDPASS
#include "bn/Optimize/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

namespace {

/// The new numbers of the constants of a quantized linear node; null where the old ones stay.
struct ScaledConstants {
  ElementsAttr integers, scale, zeroPoint, bias;
};

} // namespace

/// One number each channel, of a constant that has that or one for all.
template <typename T>
static SmallVector<T> spread(ArrayRef<T> values, int64_t channels) {
  return values.size() == 1 ? SmallVector<T>(channels, values.front()) : SmallVector<T>(values);
}

/// Multiplies scales with |a|; nothing changes where a is 0.
static Reason scaleScales(const QuantizedLinear &linear, const ChannelMap &map, ElementsAttr &result) {
  std::optional<SmallVector<double>> old = readReals(linear.getScale().getValue());
  if (!old)
    return Reason::Quantized;
  SmallVector<double> scales = spread<double>(*old, linear.channels);
  for (auto [scale, a] : llvm::zip_equal(scales, map.scale))
    scale *= a == 0 ? 1 : std::abs(a);
  auto type = cast<RankedTensorType>(linear.getScale().getType());
  if (!linear.perChannel && llvm::all_equal(scales))
    scales.truncate(1);
  else
    type = RankedTensorType::get({linear.channels}, type.getElementType());
  constexpr int64_t hasAxis = 13; // the first version with a scale for each channel
  if (!linear.perChannel && scales.size() != 1 && cast<onnx::NodeOpInterface>(linear.dequantize).getSchemaVersion() < hasAxis)
    return Reason::Quantized;
  if (Reason why = storeReals(scales, type, "scale", result); why != Reason::None)
    return why;
  bool positive = llvm::all_of(*readReals(result), [](double scale) { return scale > 0; }); // neither before nor by rounding
  return positive ? Reason::None : Reason::Quantized;
}

/// Mirrors the integers of channels with negative a, and takes those with a = 0 to the zero point.
static Reason mirrorIntegers(const QuantizedLinear &linear, const ChannelMap &map, ElementsAttr &result) {
  if (llvm::all_of(map.scale, [](double a) { return a > 0; }))
    return Reason::None;
  reference::Tensor tensor = reference::fromElements(linear.getIntegers().getValue());
  auto type = dyn_cast<IntegerType>(tensor.elementType);
  if (!type)
    return Reason::Quantized;
  SmallVector<int64_t> zeros(linear.channels, 0);
  if (onnx::ConstantOp zeroPoint = linear.getZeroPoint())
    zeros = spread<int64_t>(reference::fromElements(zeroPoint.getValue()).integers(), linear.channels);
  int64_t inner = 1;
  for (int64_t size : ArrayRef(tensor.shape).drop_front(linear.weightAxis + 1))
    inner *= size;
  for (auto [i, value] : llvm::enumerate(tensor.mutableIntegers())) {
    int64_t channel = static_cast<int64_t>(i) / inner % linear.channels;
    double a = map.scale[channel];
    value = a > 0 ? value : a == 0 ? zeros[channel] : 2 * zeros[channel] - value;
    if (reference::wrapToType(type, value) != value)
      return Reason::Quantized;
  }
  result = reference::toElements(tensor, onnx::getValueName(linear.getIntegers()));
  return Reason::None;
}

/// Where each channel gets a scale, each needs a zero point.
static void spreadZeroPoint(const QuantizedLinear &linear, ScaledConstants &constants) {
  onnx::ConstantOp old = linear.getZeroPoint();
  if (!old || old.getValue().getNumElements() == constants.scale.getNumElements())
    return;
  reference::Tensor tensor = reference::fromElements(old.getValue());
  tensor.values = std::vector<int64_t>(linear.channels, tensor.integers().front());
  tensor.shape = {linear.channels};
  constants.zeroPoint = reference::toElements(tensor, onnx::getValueName(old));
}

/// The bias becomes a·bias + b, in the type of the result; a quantized one becomes a float.
static Reason mapBiasOf(const QuantizedLinear &linear, const ChannelMap &map, ElementsAttr &result) {
  SmallVector<double> bias(linear.channels, 0);
  Type elementType = cast<TensorType>(linear.dequantize->getResult(0).getType()).getElementType();
  if (!isAbsent(linear.bias->get())) {
    ElementsAttr stored = evaluateConstant(linear.bias->get());
    std::optional<SmallVector<double>> reals = stored ? readReals(stored) : std::nullopt;
    bool isRow = reals && (reals->size() == 1 || (static_cast<int64_t>(reals->size()) == linear.channels &&
                                                  stored.getShapedType().getShape().back() == linear.channels));
    if (!isRow)
      return Reason::BiasNotPerChannel;
    bias = spread<double>(*reals, linear.channels);
  } else if (map.hasZeroOffset()) {
    return Reason::None;
  }
  return storeReals(mapBias(bias, linear.biasFactor, map), RankedTensorType::get({linear.channels}, elementType), "bias", result);
}

/// What rounding takes from the scales, times the integers of a channel in sum, and from the bias: the largest over the channels.
static double getError(const QuantizedLinear &linear, const ChannelMap &map, const ScaledConstants &constants) {
  SmallVector<double> errors(linear.channels, 0);
  if (constants.scale) {
    SmallVector<double> old = spread<double>(*readReals(linear.getScale().getValue()), linear.channels);
    SmallVector<double> stored = spread<double>(*readReals(constants.scale), linear.channels);
    SmallVector<int64_t> zeros(linear.channels, 0);
    if (onnx::ConstantOp zeroPoint = linear.getZeroPoint())
      zeros = spread<int64_t>(reference::fromElements(zeroPoint.getValue()).integers(), linear.channels);
    reference::Tensor integers = reference::fromElements(linear.getIntegers().getValue());
    int64_t inner = ShapedType::getNumElements(ArrayRef(integers.shape).drop_front(linear.weightAxis + 1));
    for (auto [i, value] : llvm::enumerate(integers.integers())) {
      int64_t channel = static_cast<int64_t>(i) / inner % linear.channels;
      double a = std::abs(map.scale[channel]); // nothing is rounded where it is 0: the integers are the zero point
      errors[channel] += a == 0 ? 0 : std::abs(value - zeros[channel]) * std::abs(stored[channel] - a * old[channel]);
    }
  }
  if (constants.bias) {
    SmallVector<double> bias(linear.channels, 0);
    if (!isAbsent(linear.bias->get()))
      bias = spread<double>(*readReals(evaluateConstant(linear.bias->get())), linear.channels);
    SmallVector<double> rounding = getRounding(mapBias(bias, linear.biasFactor, map), constants.bias);
    for (auto [error, rounded] : llvm::zip_equal(errors, rounding))
      error += rounded;
  }
  return *llvm::max_element(errors);
}

static Reason computeConstants(const QuantizedLinear &linear, const ChannelMap &map, ScaledConstants &constants) {
  if (Reason why = mapBiasOf(linear, map, constants.bias); why != Reason::None || map.hasUnitScale())
    return why;
  if (Reason why = scaleScales(linear, map, constants.scale); why != Reason::None)
    return why;
  spreadZeroPoint(linear, constants);
  return mirrorIntegers(linear, map, constants.integers);
}

namespace {

/// dequantized weights, linear node, then affine  =>  dequantized weights, linear node
struct ScaleQuantized : public OpRewritePattern<AffineOp> {
  ScaleQuantized(MLIRContext *context, FreshNames &names) : OpRewritePattern(context), names(names) {}
  FreshNames &names;

  LogicalResult matchAndRewrite(AffineOp affine, PatternRewriter &rewriter) const override {
    QuantizedLinear linear;
    Reason why = describeQuantized(affine.getInput().getDefiningOp(), linear);
    if (!linear.dequantize) // nothing is quantized here: the reason stays what it is
      return rewriter.notifyMatchFailure(affine, getCode(why));
    if (why != Reason::None)
      return reject(rewriter, affine, why);
    if (Reason why = checkSoleReader(affine.getInput()); why != Reason::None)
      return reject(rewriter, affine, why);
    ChannelMap map;
    if (Reason why = getMapAlong(affine, /*axis=*/1, linear.channels, map); why != Reason::None)
      return reject(rewriter, affine, why);
    ScaledConstants constants;
    if (Reason why = computeConstants(linear, map, constants); why != Reason::None)
      return reject(rewriter, affine, why);

    double error = getError(linear, map, constants);
    replaceConstants(rewriter, linear, constants);
    addSources(linear.op, getSources(affine));
    noteError(linear.op, error, *llvm::max_element(llvm::map_to_vector(map.scale, [](double a) { return std::abs(a); })));
    onnx::takeOutputNames(affine, linear.op);
    rewriter.replaceOp(affine, linear.op->getResult(0));
    return success();
  }

private:
  void replaceConstants(PatternRewriter &rewriter, const QuantizedLinear &linear, const ScaledConstants &constants) const {
    auto node = cast<onnx::GenericNodeOp>(linear.dequantize);
    auto set = [&](unsigned index, ElementsAttr value) {
      if (value)
        setOperand(rewriter, node->getOpOperand(index), value, "");
    };
    bool spreads = constants.scale && constants.scale.getNumElements() != 1 && !linear.perChannel;
    set(0, constants.integers);
    set(1, constants.scale);
    set(2, constants.zeroPoint);
    if (spreads) {
      NamedAttrList attributes(node.getNodeAttrs());
      attributes.set("axis", rewriter.getI64IntegerAttr(linear.weightAxis));
      node.setNodeAttrsAttr(attributes.getDictionary(node.getContext()));
    }
    if (!constants.bias)
      return;
    setOperand(rewriter, *linear.bias, constants.bias, onnx::getValueName(linear.getIntegers()));
    if (auto gemm = dyn_cast<onnx::GemmOp>(linear.op))
      gemm.removeBetaAttr();
  }

  /// Gives the operand a new constant, named after the old one, or after `weight` where it is a first bias.
  void setOperand(PatternRewriter &rewriter, OpOperand &operand, ElementsAttr value, StringRef weight) const {
    Value old = operand.get();
    onnx::ConstantOp constant = getConstant(old);
    std::string name = constant ? takeVersionName(constant, operand.getOwner(), names)
                                : names.take(isAbsent(old) ? (weight + "_bias").str() : (onnx::getValueName(old) + "_folded").str());
    rewriter.setInsertionPoint(operand.getOwner());
    operand.set(createInitializer(rewriter, operand.getOwner()->getLoc(), value, name));
    eraseIfDead(rewriter, old);
  }
};

struct ScaleQuantizedPass : public bn::impl::ScaleQuantizedPassBase<ScaleQuantizedPass> {
  void runOnOperation() override {
    FreshNames names(getOperation());
    RewritePatternSet patterns(&getContext());
    patterns.add<ScaleQuantized>(&getContext(), names);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), getGraphRewriteConfig())))
      signalPassFailure();
  }
};

} // namespace
