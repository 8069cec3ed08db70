// Inputs.h - what a model is run on: tensors the user gives, and drawn ones for the rest.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_INPUTS_H
#define BN_DRIVER_INPUTS_H

#include "bn/Driver/Options.h"
#include "bn/IR/HostTensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/Error.h"

namespace bn::driver {

/// The function that is the model's graph: the first that is not a model-local function.
llvm::Expected<mlir::func::FuncOp> getMainGraph(mlir::ModuleOp module);

/// Names of the inputs of a model, in order.
std::vector<std::string> getInputNames(mlir::func::FuncOp main);

/// Names of the outputs of a model, in order.
std::vector<std::string> getOutputNames(mlir::func::FuncOp main);

/// An input of a model with its dimensions fixed.
struct BoundInput {
  std::string name;
  mlir::Type type; ///< a tensor of static shape, or what the value has
  std::optional<HostTensor> value; ///< given by the user or by the model; drawn otherwise
};

/// Fixes every symbolic dimension: by `--shape`, by the given tensors, by another input with the same symbol; a batch
/// (dimension 0) that nothing fixes is 1, any other is an error.
llvm::Expected<std::vector<BoundInput>> bindInputs(mlir::func::FuncOp main, const InputOptions &options);

/// The same for tensors of the first inputs.
llvm::Expected<std::vector<BoundInput>> bindInputs(mlir::func::FuncOp main, std::vector<HostTensor> tensors);

/// The tensors to run on. `draw` tells sets of inputs drawn with one seed apart.
llvm::Expected<std::vector<HostTensor>> makeInputs(llvm::ArrayRef<BoundInput> inputs, const InputOptions &options, unsigned draw = 0);

} // namespace bn::driver

#endif // BN_DRIVER_INPUTS_H
