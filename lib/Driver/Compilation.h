// Compilation.h - a model made machine code for inputs of fixed types.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_COMPILATION_H
#define BN_LIB_DRIVER_COMPILATION_H

#include "bn/Driver/Inputs.h"
#include "bn/Driver/Options.h"
#include "bn/Driver/Session.h"
#include "bn/Runtime/CompiledModel.h"

namespace bn::driver {

/// Machine code and the types of what it computes, in order.
struct Compilation {
  CompiledModel model;
  llvm::SmallVector<mlir::RankedTensorType> outputTypes;
};

/// Compiles `module`, whose shapes are bound, and which becomes llvm form and must live as long as the result.
llvm::Expected<Compilation> compileGraph(mlir::ModuleOp module, const ExecutionOptions &options, Session &session);
/// The same for a module as it was imported.
llvm::Expected<Compilation> compileGraph(mlir::ModuleOp module, llvm::ArrayRef<BoundInput> inputs, const ExecutionOptions &options,
                                         Session &session);

} // namespace bn::driver

#endif // BN_LIB_DRIVER_COMPILATION_H
