// LinearOps.cpp - the table of linear operators.
// SPDX-License-Identifier: Apache-2.0

#include "LinearOps.h"

#include "bn/IR/Onnx/Onnx.h"

using namespace mlir;

namespace bn {

/// The shape of a constant operand.
static ArrayRef<int64_t> getShape(Value weight) { return cast<RankedTensorType>(getConstant(weight).getType()).getShape(); }

/// W is M×C/group×k…: output channels come first, group by group.
static Reason describeConv(Operation *op, LinearForm &form) {
  auto conv = cast<onnx::ConvOp>(op);
  form.weight = &conv.getWMutable();
  form.bias = &conv.getBMutable();
  if (!getConstant(conv.getW()))
    return Reason::WeightsNotConstant;
  ArrayRef<int64_t> shape = getShape(conv.getW());
  form.layout = {.channels = shape[0], .inner = ShapedType::getNumElements(shape.drop_front())};
  return Reason::None;
}

/// W is C×M/group×k…: each group has its own rows and counts its own output channels.
static Reason describeConvTranspose(Operation *op, LinearForm &form) {
  auto conv = cast<onnx::ConvTransposeOp>(op);
  form.weight = &conv.getWMutable();
  form.bias = &conv.getBMutable();
  if (!getConstant(conv.getW()))
    return Reason::WeightsNotConstant;
  ArrayRef<int64_t> shape = getShape(conv.getW());
  int64_t groups = conv.getGroup();
  int64_t inner = ShapedType::getNumElements(shape.drop_front(2));
  form.layout = {.groups = groups, .outer = shape[0] / groups, .channels = shape[1], .inner = inner};
  return Reason::None;
}

/// B' is K×N, stored N×K where transposed.
static Reason describeGemm(Operation *op, LinearForm &form) {
  auto gemm = cast<onnx::GemmOp>(op);
  form.weight = &gemm.getBMutable();
  form.bias = &gemm.getCMutable();
  form.weightFactor = gemm.getAlpha().convertToDouble();
  form.biasFactor = gemm.getBeta().convertToDouble();
  if (!getConstant(gemm.getB()))
    return Reason::WeightsNotConstant;
  ArrayRef<int64_t> shape = getShape(gemm.getB());
  if (shape.size() != 2)
    return Reason::UnknownShape;
  if (gemm.getTransB())
    form.layout = {.channels = shape[0], .inner = shape[1]};
  else
    form.layout = {.outer = shape[0], .channels = shape[1]};
  return Reason::None;
}

/// A constant on the right is …×K×N and rules the last axis, one on the left …×M×K and rules the one before.
static Reason describeMatMul(Operation *op, LinearForm &form) {
  auto product2 = cast<onnx::MatMulOp>(op);
  auto result = dyn_cast<RankedTensorType>(product2.getY().getType());
  bool right = static_cast<bool>(getConstant(product2.getB()));
  form.weight = right ? &product2.getBMutable() : &product2.getAMutable();
  if (!getConstant(form.weight->get()))
    return Reason::WeightsNotConstant;
  ArrayRef<int64_t> shape = getShape(form.weight->get());
  if (!result || shape.size() < 2 || result.getRank() < 2)
    return Reason::UnknownShape;
  int64_t batch = ShapedType::getNumElements(shape.drop_back(2)), rows = shape[shape.size() - 2], columns = shape.back();
  form.axis = result.getRank() - (right ? 1 : 2);
  form.layout = right ? ChannelLayout{.outer = batch * rows, .channels = columns}
                      : ChannelLayout{.outer = batch, .channels = rows, .inner = columns};
  return Reason::None;
}

/// A filter of one element per channel pads nothing, whatever `auto_pad` says.
static bool padsWithZeros(onnx::ConvOp conv) {
  if (conv.getAutoPad() == "NOTSET")
    return llvm::any_of(conv.getPads().value_or(ArrayRef<int64_t>()), [](int64_t pad) { return pad != 0; });
  return conv.getAutoPad() != "VALID" && ShapedType::getNumElements(getShape(conv.getW()).drop_front(2)) != 1;
}

static Reason describeConvInput(OpOperand &use, InputForm &form) {
  auto conv = cast<onnx::ConvOp>(use.getOwner());
  ArrayRef<int64_t> shape = getShape(conv.getW());
  int64_t groups = conv.getGroup();
  form.weight = &conv.getWMutable();
  int64_t inner = ShapedType::getNumElements(shape.drop_front(2));
  form.layout = {.groups = groups, .outer = shape[0] / groups, .channels = shape[1], .inner = inner};
  if (padsWithZeros(conv))
    form.offset = Reason::ZeroPadding;
  return Reason::None;
}

/// Not every element of the result sees the same taps, so a shift of the input is a pattern in the result.
static Reason describeConvTransposeInput(OpOperand &use, InputForm &form) {
  auto conv = cast<onnx::ConvTransposeOp>(use.getOwner());
  ArrayRef<int64_t> shape = getShape(conv.getW());
  form.weight = &conv.getWMutable();
  form.layout = {.channels = shape[0], .inner = ShapedType::getNumElements(shape.drop_front(1))};
  form.offset = Reason::ZeroPadding;
  return Reason::None;
}

static Reason describeGemmInput(OpOperand &use, InputForm &form) {
  auto gemm = cast<onnx::GemmOp>(use.getOwner());
  ArrayRef<int64_t> shape = getShape(gemm.getB());
  form.weight = &gemm.getBMutable();
  form.axis = gemm.getTransA() ? 0 : 1;
  form.factor = gemm.getAlpha().convertToDouble();
  form.sumsPerInner = !gemm.getTransB();
  form.layout = gemm.getTransB() ? ChannelLayout{.outer = shape[0], .channels = shape[1]}
                                 : ChannelLayout{.channels = shape[0], .inner = shape[1]};
  return Reason::None;
}

static Reason describeMatMulInput(OpOperand &use, InputForm &form) {
  auto matMul = cast<onnx::MatMulOp>(use.getOwner());
  bool right = use.getOperandNumber() == 0; // the constant
  auto data = dyn_cast<RankedTensorType>(use.get().getType());
  form.weight = right ? &matMul.getBMutable() : &matMul.getAMutable();
  ArrayRef<int64_t> shape = getShape(form.weight->get());
  if (!data || data.getRank() < 2)
    return Reason::UnknownShape;
  int64_t batch = ShapedType::getNumElements(shape.drop_back(2)), rows = shape[shape.size() - 2], columns = shape.back();
  form.axis = data.getRank() - (right ? 1 : 2);
  form.sumsPerInner = right;
  form.layout = right ? ChannelLayout{.outer = batch, .channels = rows, .inner = columns}
                      : ChannelLayout{.outer = batch * rows, .channels = columns};
  if (batch != 1)
    form.offset = Reason::NoBias;
  return Reason::None;
}

namespace {
struct LinearRule {
  StringLiteral opType;
  Reason (*describe)(Operation *op, LinearForm &form);
  Reason (*describeInput)(OpOperand &use, InputForm &form); ///< given that `describe` accepts
};
} // namespace

static constexpr LinearRule linearRules[] = {
    {"Conv", describeConv, describeConvInput},
    {"ConvTranspose", describeConvTranspose, describeConvTransposeInput},
    {"Gemm", describeGemm, describeGemmInput},
    {"MatMul", describeMatMul, describeMatMulInput},
};

static const LinearRule *findLinearRule(onnx::NodeOpInterface node) {
  const LinearRule *rule = llvm::find_if(linearRules, [&](const LinearRule &rule) { return node.is(rule.opType); });
  return rule == std::end(linearRules) ? nullptr : rule;
}

/// Elementwise operators that no scale passes unchanged.
static bool isNonlinear(onnx::NodeOpInterface node) {
  static constexpr StringLiteral names[] = {"Relu",      "LeakyRelu", "PRelu",    "Elu",         "Selu",      "Celu", "Gelu", "Mish",
                                            "HardSwish", "Sigmoid",   "Softplus", "HardSigmoid", "Softsign",  "Tanh", "Clip", "Exp",
                                            "Log",       "Abs",       "Sqrt",     "Erf",         "Softmax",   "Pow",  "Swish"};
  return node.getDomain().empty() && llvm::is_contained(names, node.getOpType());
}

Reason describeLinear(Operation *op, LinearForm &form) {
  auto node = dyn_cast<onnx::NodeOpInterface>(op);
  if (!node)
    return Reason::ProducerNotLinear;
  if (const LinearRule *rule = findLinearRule(node))
    return isa<onnx::GenericNodeOp>(op) ? Reason::UnknownShape : rule->describe(op, form);
  if (node.is("DequantizeLinear") || node.is("QuantizeLinear"))
    return Reason::Quantized;
  return isNonlinear(node) ? Reason::NonlinearBetween : Reason::ProducerNotLinear;
}

Reason describeInput(OpOperand &use, InputForm &form) {
  auto node = dyn_cast<onnx::NodeOpInterface>(use.getOwner());
  const LinearRule *rule = node ? findLinearRule(node) : nullptr;
  if (!rule)
    return Reason::ConsumerNotLinear;
  if (isa<onnx::GenericNodeOp>(use.getOwner()))
    return Reason::UnknownShape;
  LinearForm linear;
  if (Reason why = rule->describe(use.getOwner(), linear); why != Reason::None)
    return why;
  unsigned data = linear.weight->getOperandNumber() == 0 ? 1 : 0;
  if (use.getOperandNumber() != data)
    return Reason::ConsumerNotLinear;
  return rule->describeInput(use, form);
}

Reason checkSoleReader(Value value) {
  return isGraphOutput(value) ? Reason::GraphOutput : value.hasOneUse() ? Reason::None : Reason::ProducerHasOtherUsers;
}

} // namespace bn
