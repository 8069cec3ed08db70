// Geometry.h - what arguments mean for inputs of a shape: axes, shapes of variables, the implementation Keras would take.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LAYERS_GEOMETRY_H
#define BN_LIB_LAYERS_GEOMETRY_H

#include "bn/Layers/BatchNormalization.h"

namespace bn::layers {

/// The argument that keeps Keras from its fused implementation, whatever the input; empty where there is none.
std::string getFusedObstacle(const Arguments &arguments);

/// Fails where Keras' build raises.
llvm::Expected<Geometry> makeGeometry(const Arguments &arguments, llvm::ArrayRef<int64_t> inputShape);

/// Parts that a batch is split into in training.
llvm::Expected<int64_t> countGhosts(const Arguments &arguments, int64_t batch);

/// "(2, 3)": a shape as messages spell it.
std::string formatShape(llvm::ArrayRef<int64_t> shape);

} // namespace bn::layers

#endif // BN_LIB_LAYERS_GEOMETRY_H
