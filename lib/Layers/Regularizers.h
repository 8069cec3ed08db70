// Regularizers.h - penalties on variables.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LAYERS_REGULARIZERS_H
#define BN_LIB_LAYERS_REGULARIZERS_H

#include "bn/Layers/Arguments.h"

namespace bn::layers {

/// Fails where Keras does not know the class or refuses a factor.
llvm::Error completeRegularizer(KerasObject &object, Api api);

/// A penalty and its gradient with respect to the variable.
struct Penalty {
  double value;
  std::vector<double> gradient;
};

llvm::Expected<Penalty> getPenalty(const KerasObject &object, llvm::ArrayRef<double> variable, llvm::ArrayRef<int64_t> shape);

} // namespace bn::layers

#endif // BN_LIB_LAYERS_REGULARIZERS_H
