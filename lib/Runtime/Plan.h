// Plan.h - what a module in llvm form says about its code.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_RUNTIME_PLAN_H
#define BN_RUNTIME_PLAN_H

#include "bn/Runtime/CompiledModel.h"

namespace bn {

/// Reads everything but the objects from the module's attributes, see IR/Kernel/ModuleAttributes.h.
llvm::Error readPlan(mlir::ModuleOp module, CompiledModel &model);

/// Writes them.
void writePlan(const CompiledModel &model, mlir::ModuleOp module);

} // namespace bn

#endif // BN_RUNTIME_PLAN_H
