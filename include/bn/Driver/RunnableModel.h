// RunnableModel.h - what the verbs execute: a model in a file of any format, or a compiled library.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_RUNNABLEMODEL_H
#define BN_DRIVER_RUNNABLEMODEL_H

#include "bn/Driver/Execution.h"
#include "bn/Runtime/Library.h"
#include "mlir/IR/OwningOpRef.h"

namespace bn::driver {

struct RunnableModel {
  mlir::OwningOpRef<mlir::ModuleOp> module; ///< the model; of a library its signature
  mlir::func::FuncOp main;                  ///< the graph; of a library a declaration
  std::unique_ptr<Library> library;
};

/// Reads a model; a path that ends in `.so` is a compiled library.
llvm::Expected<RunnableModel> loadRunnable(llvm::StringRef path, Initializers initializers, const ExecutionOptions &options,
                                           Session &session);

/// Makes it ready, see Execution.h.
llvm::Expected<std::unique_ptr<Execution>> prepare(RunnableModel &model, llvm::ArrayRef<BoundInput> inputs, const ExecutionOptions &options,
                                                   Session &session);

} // namespace bn::driver

#endif // BN_DRIVER_RUNNABLEMODEL_H
