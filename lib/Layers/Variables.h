// Variables.h - the layer's variables, and the operands of the bn ops that they are.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LAYERS_VARIABLES_H
#define BN_LIB_LAYERS_VARIABLES_H

#include "bn/Layers/Arguments.h"

namespace bn::layers {

/// A variable by Keras' name and as an operand of bn.training and of bn.inference, which takes some of them only.
struct VariableRole {
  llvm::StringLiteral name, inTraining, inInference;
};

inline constexpr VariableRole variableRoles[] = {
    {"gamma", "scale", "scale"},
    {"beta", "offset", "offset"},
    {"moving_mean", "running_mean", "mean"},
    {"moving_variance", "running_variance", "variance"},
    {"moving_stddev", "moving_stddev", ""},
    {"renorm_mean", "renorm_mean", ""},
    {"renorm_stddev", "renorm_stddev", ""},
};

/// The type of floats that a dtype names.
mlir::FloatType getFloatType(llvm::StringRef dtype, mlir::MLIRContext *context);

/// The type of variables: that of the data, at least f32.
mlir::FloatType getVariableType(llvm::StringRef dtype, mlir::MLIRContext *context);

/// A tensor with these elements, rounded to its type.
HostTensor makeTensor(mlir::Type elementType, llvm::ArrayRef<int64_t> shape, std::vector<double> values);

/// The elements in double.
std::vector<double> getReals(const HostTensor &tensor);

/// The same elements in another shape.
HostTensor reshape(HostTensor tensor, llvm::ArrayRef<int64_t> shape);

/// The tensor with another type of elements; as is where it has that already.
HostTensor castTo(const HostTensor &tensor, mlir::Type elementType);

} // namespace bn::layers

#endif // BN_LIB_LAYERS_VARIABLES_H
