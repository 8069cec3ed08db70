// Constraints.h - projections of variables after a step of the optimizer.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LAYERS_CONSTRAINTS_H
#define BN_LIB_LAYERS_CONSTRAINTS_H

#include "bn/Layers/Arguments.h"

namespace bn::layers {

/// Fails where Keras does not know the class or its parameters.
llvm::Error completeConstraint(KerasObject &object);

/// The nearest allowed value, as the constraint understands it.
llvm::Expected<std::vector<double>> project(const KerasObject &object, llvm::ArrayRef<double> variable, llvm::ArrayRef<int64_t> shape);

} // namespace bn::layers

#endif // BN_LIB_LAYERS_CONSTRAINTS_H
