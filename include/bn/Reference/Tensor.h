// Tensor.h - the interpreter's values: real numbers in double, integers exactly.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_REFERENCE_TENSOR_H
#define BN_REFERENCE_TENSOR_H

#include "bn/IR/HostTensor.h"
#include "mlir/IR/BuiltinAttributes.h"

#include <variant>

namespace bn::reference {

/// A tensor of the interpreter. The element type is the model's; the values are double for every float type, int64_t for
/// integers and bool (uint64 by its bits), strings for strings. Values of narrow floats are not rounded between ops:
/// the interpreter computes what the model means, not what a machine makes of it. Cast rounds.
/// A sequence or an optional holds other values; its type stands in the place of the element type.
struct Tensor {
  mlir::Type elementType;
  llvm::SmallVector<int64_t> shape;
  std::variant<std::vector<double>, std::vector<int64_t>, std::vector<std::string>> values;
  std::vector<Tensor> elements = {}; ///< of a sequence; of an optional one or none

  int64_t getNumElements() const;
  /// Whether this is no tensor but a sequence or an optional.
  bool isHolder() const;
  mlir::Type getType() const;
  llvm::ArrayRef<double> reals() const { return std::get<0>(values); }
  llvm::ArrayRef<int64_t> integers() const { return std::get<1>(values); }
  std::vector<double> &mutableReals() { return std::get<0>(values); }
  std::vector<int64_t> &mutableIntegers() { return std::get<1>(values); }
};

/// A tensor of zeros (empty strings).
Tensor makeTensor(mlir::Type elementType, llvm::ArrayRef<int64_t> shape);

/// The nearest value that the element type can hold (ties to even); as is, where that is double.
double roundToType(mlir::Type elementType, double value);

/// The integer that the low bits of `value` mean in the element type; not zero is true for i1.
int64_t wrapToType(mlir::Type elementType, int64_t value);

/// The value of a constant.
Tensor fromElements(mlir::ElementsAttr elements);

/// The constant with this value, each element rounded once to the element type; a resource blob named after `name` where it is large.
mlir::ElementsAttr toElements(const Tensor &tensor, llvm::StringRef name);

/// A sequence or an optional of such a type.
Tensor makeHolder(mlir::Type type, std::vector<Tensor> elements);

Tensor fromHost(const HostTensor &tensor);
HostTensor toHost(const Tensor &tensor);

} // namespace bn::reference

#endif // BN_REFERENCE_TENSOR_H
