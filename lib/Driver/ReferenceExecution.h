// ReferenceExecution.h - runs a model through the plain interpreter.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_REFERENCEEXECUTION_H
#define BN_LIB_DRIVER_REFERENCEEXECUTION_H

#include "bn/Driver/Execution.h"

namespace bn::driver {

/// A model ready for the interpreter, which takes it as it was imported; `module` stays as it is.
llvm::Expected<std::unique_ptr<Execution>> prepareReference(mlir::ModuleOp module, Session &session);

} // namespace bn::driver

#endif // BN_LIB_DRIVER_REFERENCEEXECUTION_H
