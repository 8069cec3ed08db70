// Interpreter.h - runs graph form in double, op by op: the oracle of tests, `--engine=reference`, the constant folder.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_REFERENCE_INTERPRETER_H
#define BN_REFERENCE_INTERPRETER_H

#include "bn/Reference/Tensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace bn::reference {

/// Whether `evaluate` knows the op.
bool isSupported(mlir::Operation *op);

/// Evaluates one op. An absent operand is a null pointer; so is an absent result. Fails with a diagnostic on `op` that
/// names what is unsupported, or what is wrong with the operands.
mlir::LogicalResult evaluate(mlir::Operation *op, llvm::ArrayRef<const Tensor *> operands, llvm::SmallVectorImpl<Tensor> &results);

/// Runs a function. `observe`, if given, sees every value as it is computed. Values die after their last use.
mlir::FailureOr<std::vector<Tensor>> interpret(mlir::func::FuncOp function, llvm::ArrayRef<Tensor> inputs,
                                               llvm::function_ref<void(mlir::Value, const Tensor &)> observe = nullptr);

} // namespace bn::reference

#endif // BN_REFERENCE_INTERPRETER_H
