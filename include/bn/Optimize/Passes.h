// Passes.h - the passes from graph form to graph form.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_PASSES_H
#define BN_OPTIMIZE_PASSES_H

#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Onnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace bn {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "bn/Optimize/Passes.h.inc"

} // namespace bn

#endif // BN_OPTIMIZE_PASSES_H
