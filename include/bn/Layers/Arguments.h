// Arguments.h - the arguments of Keras' BatchNormalization layer, by their names.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LAYERS_ARGUMENTS_H
#define BN_LAYERS_ARGUMENTS_H

#include "bn/IR/HostTensor.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <functional>
#include <map>
#include <optional>

namespace bn::layers {

/// Whose rules hold: tf.compat.v1.layers, tf.keras.layers of Keras 2, Keras 3.
enum class Api { CompatV1, Keras2, Keras3 };

/// An initializer, regularizer or constraint as Keras serializes it: {"class_name": "L2", "config": {"l2": 0.01}}.
/// Parameters that `config` leaves out have Keras' defaults; an empty class name means none.
struct KerasObject {
  std::string className;
  llvm::json::Object config;

  explicit operator bool() const { return !className.empty(); }
};

/// Gives the scale and the offset of the normalized value for inputs of a shape, in training.
using Adjustment = std::function<std::pair<HostTensor, HostTensor>(llvm::ArrayRef<int64_t> inputShape)>;

/// The constructor's arguments with their defaults.
struct Arguments {
  Api api = Api::CompatV1;
  std::vector<int64_t> axis = {-1}; ///< the axes that keep their own statistics; negative ones count from the end
  double momentum = 0.99;           ///< decay of the moving averages
  double epsilon = 1e-3;
  bool center = true, scale = true; ///< whether there are beta and gamma
  KerasObject betaInitializer = {"Zeros", {}}, gammaInitializer = {"Ones", {}};
  KerasObject movingMeanInitializer = {"Zeros", {}}, movingVarianceInitializer = {"Ones", {}};
  KerasObject betaRegularizer = {}, gammaRegularizer = {}, betaConstraint = {}, gammaConstraint = {};
  bool renorm = false;
  std::map<std::string, double> renormClipping = {}; ///< any of rmax, rmin, dmax
  double renormMomentum = 0.99;
  std::optional<bool> fused = std::nullopt; ///< absent: where Keras would
  bool trainable = true;
  std::optional<int64_t> virtualBatchSize = std::nullopt;
  Adjustment adjustment = nullptr;
  std::string name = "batch_normalization";
  bool synchronized = false;
  std::string dtype = "float32"; ///< float16, bfloat16, float32 or float64
  uint64_t seed = 0;             ///< of initializers that draw and have no seed of their own
};

/// Checks what Keras' constructor checks and completes the Keras objects. The error names the rule that was broken.
llvm::Error checkArguments(Arguments &arguments);

/// The bounds of renormalization: known names, and values that make sense to this API.
llvm::Error checkRenormClipping(const Arguments &arguments);

/// Reads the configuration of a layer: ours ({"api", "dtype", "args"}), a serialized Keras layer ({"class_name", "config"}),
/// or such a layer's "config" by itself.
llvm::Expected<Arguments> readConfig(const llvm::json::Value &config);

/// What Keras' get_config returns; `readConfig` takes it back. `adjustment` is lost, as in Keras.
llvm::json::Object writeConfig(const Arguments &arguments);

} // namespace bn::layers

#endif // BN_LAYERS_ARGUMENTS_H
