// Variables.cpp - values of variables and data: types, shapes, elements.
// SPDX-License-Identifier: Apache-2.0

#include "Variables.h"

#include "bn/Reference/Tensor.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace bn::layers {

FloatType getFloatType(StringRef dtype, MLIRContext *context) {
  Builder b(context);
  return llvm::StringSwitch<FloatType>(dtype)
      .Case("float16", b.getF16Type())
      .Case("bfloat16", b.getBF16Type())
      .Case("float64", b.getF64Type())
      .Default(b.getF32Type());
}

FloatType getVariableType(StringRef dtype, MLIRContext *context) {
  Builder b(context);
  return dtype == "float64" ? FloatType(b.getF64Type()) : FloatType(b.getF32Type());
}

HostTensor makeTensor(Type elementType, ArrayRef<int64_t> shape, std::vector<double> values) {
  return reference::toHost({elementType, llvm::to_vector(shape), std::move(values)});
}

std::vector<double> getReals(const HostTensor &tensor) {
  reference::Tensor values = reference::fromHost(tensor);
  if (isa<FloatType>(values.elementType))
    return values.reals();
  std::vector<double> reals(values.integers().begin(), values.integers().end());
  return reals;
}

HostTensor reshape(HostTensor tensor, ArrayRef<int64_t> shape) {
  tensor.type = RankedTensorType::get(shape, tensor.type.getElementType());
  return tensor;
}

HostTensor castTo(const HostTensor &tensor, Type elementType) {
  return tensor.type.getElementType() == elementType ? tensor : makeTensor(elementType, tensor.type.getShape(), getReals(tensor));
}

} // namespace bn::layers
