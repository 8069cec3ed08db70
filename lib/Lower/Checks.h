// Checks.h - what compiled code finds out about its inputs: indices outside of a tensor, divisors of zero.
// SPDX-License-Identifier: Apache-2.0
//
// A lowering says which elements of a tensor would be wrong; the code stays inside its memory whatever they are, and main
// returns the number of the first check that failed, see IR/Kernel/ModuleAttributes.h. What is known now is checked now.

#ifndef BN_LIB_LOWER_CHECKS_H
#define BN_LIB_LOWER_CHECKS_H

#include "Lowering.h"
#include "TensorOps.h"

namespace bn::lower {

/// The indices in input `i` must be places in a dimension of `size`, counted from the start or from the end.
mlir::LogicalResult checkIndices(NodeLowering &n, unsigned i, int64_t size);
/// The vectors in the last dimension of input `i` must be places in dimensions of these sizes.
mlir::LogicalResult checkIndexVectors(NodeLowering &n, unsigned i, Shape sizes);
/// The numbers in input `i` must be lengths up to `size`.
mlir::LogicalResult checkLengths(NodeLowering &n, unsigned i, int64_t size);

/// The numbers in input `i` must be places in a dimension of `size`, counted from the start.
mlir::LogicalResult checkPlaces(NodeLowering &n, unsigned i, int64_t size);

/// What is known about the divisors that are input 1 of a node.
enum class Divisors { Safe, Unknown };
/// Whether no integer divisor is zero, or -1, by which the lowest number cannot be divided. Zero must not be among them.
mlir::FailureOr<Divisors> checkDivisors(NodeLowering &n);

/// Makes the first check that fails the last result of `main`, and the messages an attribute of the module.
void addStatus(mlir::ModuleOp module, llvm::ArrayRef<NodeCheck> checks);

} // namespace bn::lower

#endif // BN_LIB_LOWER_CHECKS_H
