// JitExecution.h - runs machine code, compiled now or before.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_JITEXECUTION_H
#define BN_LIB_DRIVER_JITEXECUTION_H

#include "bn/Driver/Execution.h"
#include "bn/Runtime/Library.h"

namespace bn::driver {

/// Compiles `module`, which becomes llvm form, for inputs of these types.
llvm::Expected<std::unique_ptr<Execution>> prepareJit(mlir::ModuleOp module, llvm::ArrayRef<BoundInput> inputs,
                                                      const ExecutionOptions &options, Session &session);

/// Runs a compiled library; `main` is its signature.
std::unique_ptr<Execution> executeLibrary(std::unique_ptr<Library> library, mlir::func::FuncOp main);

} // namespace bn::driver

#endif // BN_LIB_DRIVER_JITEXECUTION_H
