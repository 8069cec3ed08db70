// Pipelines.h - the stages from a model to running code, one function each.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_PIPELINES_H
#define BN_PIPELINES_H

#include "mlir/Pass/PassManager.h"

namespace bn {

/// kernel form → llvm form, for vectors of so many bits.
void buildCodegenPipeline(mlir::OpPassManager &passes, unsigned vectorBits = 512);

} // namespace bn

#endif // BN_PIPELINES_H
