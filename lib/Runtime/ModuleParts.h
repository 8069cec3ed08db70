// ModuleParts.h - a module in llvm form cut into parts that can be compiled at once.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_RUNTIME_MODULEPARTS_H
#define BN_RUNTIME_MODULEPARTS_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <vector>

namespace bn {

/// Modules that take each function of `module` once and declare the others that they call, at most `count`, of about equal size.
std::vector<mlir::OwningOpRef<mlir::ModuleOp>> splitModule(mlir::ModuleOp module, unsigned count);

} // namespace bn

#endif // BN_RUNTIME_MODULEPARTS_H
