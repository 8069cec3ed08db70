// Initializers.h - the first values of variables.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LAYERS_INITIALIZERS_H
#define BN_LIB_LAYERS_INITIALIZERS_H

#include "bn/Layers/Arguments.h"

namespace bn::layers {

/// Fails where Keras does not know the class or its parameters.
llvm::Error completeInitializer(KerasObject &object);

/// Values for a variable of this shape, the same for the same seed; `seed` serves where the object has none.
llvm::Expected<std::vector<double>> initialize(const KerasObject &object, llvm::ArrayRef<int64_t> shape, uint64_t seed);

} // namespace bn::layers

#endif // BN_LIB_LAYERS_INITIALIZERS_H
