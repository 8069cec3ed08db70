// Layer.h - the verb `layer`: the Keras layer by itself.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_LAYER_H
#define BN_DRIVER_LAYER_H

#include "bn/Driver/ExitCode.h"
#include "bn/Driver/Options.h"

namespace bn::driver {

/// What `layer` writes instead of running.
enum class LayerEmission { Nothing, Mlir, Onnx };

/// Paths of tensors are FILE.npy, FILE.npz:KEY or FILE.pb; empty where not given.
struct LayerOptions {
  std::string config; ///< JSON: our configuration of a layer or Keras'
  std::string input, weights, gradient, mask, adjustmentScale, adjustmentBias;
  bool training = false;
  uint64_t seed = 0;
  std::string output; ///< .npz, or what is emitted; "-" is stdout
  LayerEmission emission = LayerEmission::Nothing;
  ExecutionOptions execution;
};

llvm::Expected<ExitCode> runLayer(const LayerOptions &options);

} // namespace bn::driver

#endif // BN_DRIVER_LAYER_H
