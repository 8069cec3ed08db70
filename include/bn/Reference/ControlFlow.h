// ControlFlow.h - If, Loop, Scan and SequenceMap: the operators that run regions.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_REFERENCE_CONTROLFLOW_H
#define BN_REFERENCE_CONTROLFLOW_H

#include "bn/Reference/Tensor.h"
#include "mlir/IR/Operation.h"

namespace bn::reference {

/// Runs the only block of a region with these arguments; gives the values that it yields.
using RunRegion = llvm::function_ref<mlir::FailureOr<std::vector<Tensor>>(mlir::Region &region, llvm::ArrayRef<Tensor> arguments)>;

/// Whether `op` is an If, a Loop, a SequenceMap or a Scan.
bool isControlFlow(mlir::Operation *op);

/// Evaluates such an op; fails with a diagnostic on it.
mlir::LogicalResult evaluateControlFlow(mlir::Operation *op, llvm::ArrayRef<const Tensor *> operands, RunRegion run,
                                        llvm::SmallVectorImpl<Tensor> &results);

} // namespace bn::reference

#endif // BN_REFERENCE_CONTROLFLOW_H
