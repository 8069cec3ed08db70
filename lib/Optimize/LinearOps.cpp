// LinearOps.cpp - the table of linear operators.
// SPDX-License-Identifier: Apache-2.0

#include "LinearOps.h"

#include "bn/IR/Onnx/Names.h"

using namespace mlir;

namespace bn {

static int64_t product(ArrayRef<int64_t> dims) {
  int64_t result = 1;
  for (int64_t dim : dims)
    result *= dim;
  return result;
}

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
  form.layout = {.channels = shape[0], .inner = product(shape.drop_front())};
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
  form.layout = {.groups = groups, .outer = shape[0] / groups, .channels = shape[1], .inner = product(shape.drop_front(2))};
  return Reason::None;
}

/// B' is K×N, stored N×K where transposed.
static Reason describeGemm(Operation *op, LinearForm &form) {
  auto gemm = cast<onnx::GemmOp>(op);
  form.weight = &gemm.getBMutable();
  form.bias = &gemm.getCMutable();
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
  int64_t batch = product(shape.drop_back(2)), rows = shape[shape.size() - 2], columns = shape.back();
  form.axis = result.getRank() - (right ? 1 : 2);
  form.layout = right ? ChannelLayout{.outer = batch * rows, .channels = columns}
                      : ChannelLayout{.outer = batch, .channels = rows, .inner = columns};
  return Reason::None;
}

namespace {
struct LinearRule {
  StringLiteral opType;
  Reason (*describe)(Operation *op, LinearForm &form);
};
} // namespace

static constexpr LinearRule linearRules[] = {
    {"Conv", describeConv},
    {"ConvTranspose", describeConvTranspose},
    {"Gemm", describeGemm},
    {"MatMul", describeMatMul},
};

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
  const LinearRule *rule = llvm::find_if(linearRules, [&](const LinearRule &rule) { return node.is(rule.opType); });
  if (rule != std::end(linearRules))
    return isa<onnx::GenericNodeOp>(op) ? Reason::UnknownShape : rule->describe(op, form);
  return isNonlinear(node) ? Reason::NonlinearBetween : Reason::ProducerNotLinear;
}

//===----------------------------------------------------------------------===//
// New constants
//===----------------------------------------------------------------------===//

/// Makes `bias` the bias, with factor 1.
static void setBias(Operation *op, const LinearForm &form, Value bias) {
  form.bias->set(bias);
  auto gemm = dyn_cast<onnx::GemmOp>(op);
  if (!gemm)
    return;
  gemm.removeBetaAttr();
  if (gemm.getVersion() < 7) // older versions broadcast on demand only
    gemm.setBroadcast(1);
}

/// New initializers stand where the old ones do, which dominates every reader.
static onnx::ConstantOp createAfter(RewriterBase &rewriter, onnx::ConstantOp anchor, ElementsAttr value, StringRef name) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointAfter(anchor);
  return createInitializer(rewriter, anchor->getLoc(), value, name);
}

/// `conv1.weight` has `conv1.bias`; any other name gets an ending.
static std::string getBiasName(StringRef weightName) {
  return (weightName.consume_back("weight") ? weightName + "bias" : weightName + "_bias").str();
}

/// Adds the range of the weights before and after to what the node notes already.
static void noteWeightRange(Operation *op, WeightRange before, WeightRange after) {
  if (auto noted = op->getAttrOfType<DenseF64ArrayAttr>(attr::weightRange))
    before = {noted[0], noted[1]};
  op->setAttr(attr::weightRange, DenseF64ArrayAttr::get(op->getContext(), {before.low, before.high, after.low, after.high}));
}

void replaceConstants(RewriterBase &rewriter, Operation *op, const LinearForm &form, const LinearConstants &constants,
                      FreshNames &names) {
  onnx::ConstantOp oldWeight = getConstant(form.weight->get());
  std::string weightName = onnx::getValueName(oldWeight).str();
  if (constants.bias) {
    Value old = form.bias->get();
    onnx::ConstantOp oldBias = getConstant(old);
    std::string name = oldBias ? takeVersionName(oldBias, op, names) : names.take(getBiasName(weightName));
    setBias(op, form, createAfter(rewriter, oldBias ? oldBias : oldWeight, constants.bias, name));
    eraseIfDead(rewriter, old);
  }
  if (constants.weight) {
    Value old = form.weight->get();
    std::string name = takeVersionName(oldWeight, op, names);
    form.weight->set(createAfter(rewriter, oldWeight, constants.weight, name));
    noteWeightRange(op, constants.before, constants.after);
    eraseIfDead(rewriter, old);
  }
}

} // namespace bn
