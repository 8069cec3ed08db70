// FoldedResources.h - the resources that hold the elements of constants which passes made.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_FOLDEDRESOURCES_H
#define BN_LIB_DRIVER_FOLDEDRESOURCES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringSet.h"

namespace bn::driver {

/// The names of all resources of a context.
llvm::StringSet<> getResources(mlir::MLIRContext *context);

/// Frees, after each pass, the elements of constants that passes on this module made and that are no longer in it.
void freeReplacedConstants(mlir::PassManager &passes, mlir::ModuleOp module);

} // namespace bn::driver

#endif // BN_LIB_DRIVER_FOLDEDRESOURCES_H
