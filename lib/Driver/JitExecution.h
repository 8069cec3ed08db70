// JitExecution.h - compiles a model and runs the machine code.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_JITEXECUTION_H
#define BN_LIB_DRIVER_JITEXECUTION_H

#include "bn/Driver/Execution.h"

namespace bn::driver {

/// Compiles `module`, which becomes llvm form, for inputs of these types.
llvm::Expected<std::unique_ptr<Execution>> prepareJit(mlir::ModuleOp module, llvm::ArrayRef<BoundInput> inputs, unsigned threads,
                                                      Session &session);

} // namespace bn::driver

#endif // BN_LIB_DRIVER_JITEXECUTION_H
