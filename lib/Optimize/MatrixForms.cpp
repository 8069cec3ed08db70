// MatrixForms.cpp - Gemm and MatMul as one form.
// SPDX-License-Identifier: Apache-2.0

#include "MatrixForms.h"

#include "ChannelMath.h"
#include "FloatElements.h"
#include "NonFinite.h"
#include "bn/IR/Onnx/Names.h"

#include <cmath>

using namespace mlir;

namespace bn {

/// Whether the weight is stored [column][row].
static bool isTransposed(const MatrixForm &form) {
  auto gemm = dyn_cast<onnx::GemmOp>(form.linear.weight->getOwner());
  return gemm ? gemm.getTransB() : !form.onRight;
}

Reason describeMatrix(Operation *op, MatrixForm &form) {
  if (!isa<onnx::GemmOp, onnx::MatMulOp>(op))
    return Reason::ProducerNotLinear;
  if (readsNonFinite(op))
    return Reason::InputNotFinite;
  if (Reason why = describeLinear(op, form.linear); why != Reason::None)
    return why;
  onnx::ConstantOp weight = getConstant(form.linear.weight->get());
  ArrayRef<int64_t> dims = cast<RankedTensorType>(weight.getType()).getShape();
  if (dims.size() != 2 || weight.getValue().getNumElements() == 0 || !isa<FloatType>(weight.getValue().getElementType()))
    return Reason::UnknownShape;
  form.onRight = form.linear.weight->getOperandNumber() == 1;
  form.data = &op->getOpOperand(form.onRight ? 0 : 1);
  form.rows = dims[isTransposed(form) ? 1 : 0];
  form.columns = dims[isTransposed(form) ? 0 : 1];
  if (auto gemm = dyn_cast<onnx::GemmOp>(op))
    form.factor = gemm.getAlpha().convertToDouble();
  return Reason::None;
}

/// The matrix with rows and columns exchanged.
static SmallVector<double> transpose(ArrayRef<double> matrix, int64_t rows, int64_t columns) {
  SmallVector<double> result(matrix.size());
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column)
      result[column * rows + row] = matrix[row * columns + column];
  return result;
}

Reason readMatrix(const MatrixForm &form, SmallVectorImpl<double> &weight, SmallVectorImpl<double> &bias) {
  std::optional<SmallVector<double>> stored = getConstantReals(form.linear.weight->get());
  if (!stored)
    return Reason::WeightsNotConstant;
  for (double &value : *stored)
    value *= form.factor;
  weight = isTransposed(form) ? transpose(*stored, form.columns, form.rows) : std::move(*stored);
  bias.assign(form.columns, 0);
  if (!form.linear.bias || isAbsent(form.linear.bias->get()))
    return Reason::None;
  std::optional<SmallVector<double>> values = getConstantReals(form.linear.bias->get());
  if (!values)
    return Reason::BiasNotPerChannel;
  ArrayRef<int64_t> dims = cast<RankedTensorType>(getConstant(form.linear.bias->get()).getType()).getShape();
  if (values->size() != 1 && (static_cast<int64_t>(values->size()) != form.columns || dims.back() != form.columns))
    return Reason::BiasNotPerChannel;
  for (int64_t column = 0; column < form.columns; ++column)
    bias[column] = form.linear.biasFactor * (*values)[values->size() == 1 ? 0 : column];
  return Reason::None;
}

double getReach(ArrayRef<double> weight, ArrayRef<double> bias, int64_t columns) {
  SmallVector<double> sums(columns, 0);
  for (auto [i, value] : llvm::enumerate(weight))
    sums[i % columns] += std::abs(value);
  for (auto [sum, value] : llvm::zip(sums, bias))
    sum += std::abs(value);
  return *llvm::max_element(sums);
}

bool hasBias(const MatrixForm &form) { return form.linear.bias && !isAbsent(form.linear.bias->get()); }

Reason storeMatrix(const MatrixForm &form, int64_t rows, int64_t columns, ArrayRef<double> weight, ArrayRef<double> bias,
                   LinearConstants &constants) {
  onnx::ConstantOp old = getConstant(form.linear.weight->get());
  Type elementType = cast<ShapedType>(old.getType()).getElementType();
  bool transposed = isTransposed(form);
  SmallVector<double> values = transposed ? transpose(weight, rows, columns) : SmallVector<double>(weight);
  for (double &value : values)
    value /= form.factor;
  auto type = RankedTensorType::get({transposed ? columns : rows, transposed ? rows : columns}, elementType);
  SmallVector<double> before = *readReals(old.getValue());
  constants.before = {*llvm::min_element(before), *llvm::max_element(before)};
  constants.after = {*llvm::min_element(values), *llvm::max_element(values)};
  StringRef name = onnx::getValueName(old);
  Reason why = storeReals(values, type, name, constants.weight);
  if (why == Reason::None && !bias.empty())
    why = storeReals(bias, RankedTensorType::get({columns}, elementType), name, constants.bias);
  if (why != Reason::None)
    return why;
  SmallVector<double> rounding = getRounding(values, constants.weight);
  if (transposed)
    rounding = transpose(rounding, columns, rows);
  for (double &value : rounding)
    value *= std::abs(form.factor);
  constants.error = getReach(rounding, bias.empty() ? SmallVector<double>() : getRounding(bias, constants.bias), columns);
  return Reason::None;
}

} // namespace bn
