// QuantizedLinear.h - a linear node whose weights a DequantizeLinear makes of integers.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_QUANTIZEDLINEAR_H
#define BN_OPTIMIZE_QUANTIZEDLINEAR_H

#include "Initializers.h"
#include "bn/Optimize/Reasons.h"

namespace bn {

/// A linear node whose weights are quantized.
struct QuantizedLinear {
  mlir::Operation *op = nullptr;
  mlir::Operation *dequantize = nullptr; ///< operands: integers, scale, perhaps zero point
  mlir::OpOperand *bias = nullptr;
  double biasFactor = 1;
  int64_t weightAxis = 0; ///< of output channels
  int64_t channels = 0;
  bool perChannel = false; ///< whether each channel has a scale already

  onnx::ConstantOp getIntegers() const { return getConstant(dequantize->getOperand(0)); }
  onnx::ConstantOp getScale() const { return getConstant(dequantize->getOperand(1)); }
  bool hasZeroPoint() const { return dequantize->getNumOperands() > 2 && !isAbsent(dequantize->getOperand(2)); }
  onnx::ConstantOp getZeroPoint() const { return hasZeroPoint() ? getConstant(dequantize->getOperand(2)) : onnx::ConstantOp(); }
};

/// Describes `op` as a linear node with quantized weights. ProducerNotLinear, WeightsNotConstant, WeightsShared, UnknownShape or
/// Quantized where it is none; `dequantize` is null unless a DequantizeLinear makes the weights.
Reason describeQuantized(mlir::Operation *op, QuantizedLinear &linear);

} // namespace bn

#endif // BN_OPTIMIZE_QUANTIZEDLINEAR_H
