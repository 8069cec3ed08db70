// Compilation.h - a model made machine code for inputs of fixed types.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_COMPILATION_H
#define BN_LIB_DRIVER_COMPILATION_H

#include "CodeCache.h"
#include "bn/Driver/Inputs.h"
#include "bn/Driver/Options.h"
#include "bn/Driver/Session.h"

namespace bn::driver {

/// Compiles `module`, whose shapes are bound, and which becomes llvm form and must live as long as the result. The code is kept in `place`,
/// where there is nothing yet, or in the graph's own.
llvm::Expected<CompiledModel> compileGraph(mlir::ModuleOp module, const ExecutionOptions &options, Session &session,
                                           const CodeCache *place = nullptr);
/// The same for a module as it was imported.
llvm::Expected<CompiledModel> compileGraph(mlir::ModuleOp module, llvm::ArrayRef<BoundInput> inputs, const ExecutionOptions &options,
                                           Session &session);

} // namespace bn::driver

#endif // BN_LIB_DRIVER_COMPILATION_H
