// QuantizedLinear.cpp - a linear node whose weights a DequantizeLinear makes of integers.
// SPDX-License-Identifier: Apache-2.0

#include "QuantizedLinear.h"

using namespace mlir;

namespace bn {

/// Finds the weight, the bias and the weight's axis of output channels.
static bool findOperands(Operation *op, Value &weight, QuantizedLinear &linear) {
  linear.op = op;
  if (auto conv = dyn_cast_or_null<onnx::ConvOp>(op)) {
    weight = conv.getW();
    linear.bias = &conv.getBMutable();
    return true;
  }
  if (auto conv = dyn_cast_or_null<onnx::ConvTransposeOp>(op); conv && conv.getGroup() == 1) {
    weight = conv.getW();
    linear.bias = &conv.getBMutable();
    linear.weightAxis = 1;
    return true;
  }
  if (auto gemm = dyn_cast_or_null<onnx::GemmOp>(op); gemm && gemm.getVersion() >= 7) {
    weight = gemm.getB();
    linear.bias = &gemm.getCMutable();
    linear.biasFactor = gemm.getBeta().convertToDouble();
    linear.weightAxis = gemm.getTransB() ? 0 : 1;
    return true;
  }
  return false;
}

Reason describeQuantized(Operation *op, QuantizedLinear &linear) {
  Value weight;
  if (!findOperands(op, weight, linear))
    return Reason::ProducerNotLinear;
  auto node = weight.getDefiningOp<onnx::NodeOpInterface>();
  if (!node || !isa<onnx::GenericNodeOp>(node) || !node.is("DequantizeLinear"))
    return Reason::WeightsNotConstant;
  linear.dequantize = node;
  onnx::ConstantOp integers = linear.getIntegers(), scale = linear.getScale();
  if (!integers || !scale || (linear.hasZeroPoint() && !linear.getZeroPoint()))
    return Reason::WeightsNotConstant;
  if (!node->hasOneUse())
    return Reason::WeightsShared;
  auto type = cast<RankedTensorType>(integers.getType()), scaleType = cast<RankedTensorType>(scale.getType());
  if (type.getRank() <= linear.weightAxis)
    return Reason::UnknownShape;
  linear.channels = type.getDimSize(linear.weightAxis);
  int64_t axis = node.getInt("axis", 1);
  axis += axis < 0 ? type.getRank() : 0;
  linear.perChannel = scaleType.getRank() == 1 && scaleType.getDimSize(0) == linear.channels && axis == linear.weightAxis;
  bool perTensor = scaleType.getNumElements() == 1;
  return (perTensor || linear.perChannel) && node.getInt("block_size", 0) == 0 ? Reason::None : Reason::Quantized;
}

} // namespace bn
