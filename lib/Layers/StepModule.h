// StepModule.h - a layer's call, or its gradient, as a module in graph form.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LAYERS_STEPMODULE_H
#define BN_LIB_LAYERS_STEPMODULE_H

#include "bn/Layers/BatchNormalization.h"

namespace bn::layers {

/// Operands by their names in the bn dialect. Absent ones are not given.
using TensorMap = llvm::StringMap<HostTensor>;

/// What the bn ops take as attributes.
struct StepSettings {
  llvm::ArrayRef<int64_t> axes;
  double epsilon, momentum, renormMomentum, maskEpsilon;
  bool bessel;
  int64_t ghosts;
};

/// The attributes of a layer for an input whose batch is split into so many ghosts.
StepSettings makeSettings(const Arguments &arguments, const Geometry &geometry, int64_t ghosts);

/// A module and the order in which its function takes and gives tensors.
struct StepModule {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::vector<std::string> inputs, results;
};

/// bn.inference: gives output.
StepModule makeInference(const StepSettings &settings, const TensorMap &operands, mlir::MLIRContext *context);

/// bn.training: gives output, batch_mean, batch_inv_stddev and the new value of every state operand under its name.
StepModule makeTraining(const StepSettings &settings, const TensorMap &operands, mlir::MLIRContext *context);

/// What every part of a batch has of its own: in a step over parts these names end in the part's number.
inline constexpr llvm::StringLiteral partOperands[] = {"input", "mask", "adjustment_scale", "adjustment_offset"};

/// A training step over so many parts, with the statistics of all: gives output0, output1, …, batch_mean, batch_inv_stddev and the
/// new state.
StepModule makeReplicaTraining(const StepSettings &settings, const TensorMap &operands, size_t parts, mlir::MLIRContext *context);

/// Gradients of either, given output_grad beside what the step had and gave: input_grad, scale_grad, offset_grad and with an
/// adjustment adjustment_scale_grad, adjustment_offset_grad.
StepModule makeInferenceGradient(const StepSettings &settings, const TensorMap &operands, mlir::MLIRContext *context);
StepModule makeTrainingGradient(const StepSettings &settings, const TensorMap &operands, mlir::MLIRContext *context);

} // namespace bn::layers

#endif // BN_LIB_LAYERS_STEPMODULE_H
