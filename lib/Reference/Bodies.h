// Bodies.h - what the operators that run regions do with them.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_REFERENCE_BODIES_H
#define BN_LIB_REFERENCE_BODIES_H

#include "Operator.h"
#include "bn/Reference/ControlFlow.h"

namespace bn::reference {

/// The region that is the attribute `name` of the node, or null.
mlir::Region *findBody(onnx::GenericNodeOp node, llvm::StringRef name);

/// Runs a region and checks how many values it takes and yields.
mlir::FailureOr<std::vector<Tensor>> runBody(Call &call, mlir::Region &body, llvm::ArrayRef<Tensor> arguments, size_t yields,
                                             RunRegion run);

/// The values that go around; fails where one is absent.
mlir::FailureOr<std::vector<Tensor>> getState(Call &call, llvm::ArrayRef<const Tensor *> operands);

mlir::LogicalResult evaluateScan(Call &call, onnx::GenericNodeOp node, RunRegion run);

} // namespace bn::reference

#endif // BN_LIB_REFERENCE_BODIES_H
