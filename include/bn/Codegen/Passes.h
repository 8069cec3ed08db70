// Passes.h - the passes from kernel form to llvm form.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_PASSES_H
#define BN_CODEGEN_PASSES_H

#include "bn/IR/Kernel/Kernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace bn {

#define GEN_PASS_DECL
#include "bn/Codegen/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "bn/Codegen/Passes.h.inc"

/// Makes the dialects that Codegen works on, and their bufferization, known to a registry.
void registerCodegenDialects(mlir::DialectRegistry &registry);

} // namespace bn

#endif // BN_CODEGEN_PASSES_H
