// Stages.h - the compiler's stages, from graph form as imported to llvm form.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_STAGES_H
#define BN_LIB_DRIVER_STAGES_H

#include "PassRecords.h"
#include "bn/Driver/Inputs.h"
#include "bn/Driver/Session.h"
#include "bn/Pipelines.h"

namespace bn::driver {

/// Graph form to smaller graph form. Puts what the passes did into `records`.
llvm::Error optimizeGraph(mlir::ModuleOp module, const bn::OptimizeOptions &options, Session &session,
                          std::vector<PassRecord> *records = nullptr);

/// Puts functions that hold a BatchNormalization and are called once in the place of their call.
llvm::Error inlineBatchNorms(mlir::ModuleOp module, Session &session);

/// Fixes the inputs of the main graph to these types, and every type that follows from them.
llvm::Error bindShapes(mlir::ModuleOp module, llvm::ArrayRef<BoundInput> inputs, Session &session);
/// The same by types.
llvm::Error bindShapes(mlir::ModuleOp module, mlir::TypeRange types, Session &session);

/// Graph form of static shapes to kernel form.
llvm::Error lowerToKernel(mlir::ModuleOp module, const ExecutionOptions &options, Session &session);

/// Kernel form to llvm form.
llvm::Error generateCode(mlir::ModuleOp module, const ExecutionOptions &options, Session &session);

} // namespace bn::driver

#endif // BN_LIB_DRIVER_STAGES_H
