// Constraints.h - the checks that several ops of the kernel dialect share.
// SPDX-License-Identifier: Apache-2.0
//
// Each check reports on the op and names what it expected. The constraint numbers are the ops'; see their definitions.

#ifndef BN_LIB_IR_KERNEL_CONSTRAINTS_H
#define BN_LIB_IR_KERNEL_CONSTRAINTS_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

namespace bn::kernel {

/// A shaped operand with the name that messages use.
struct Named {
  llvm::StringRef name;
  mlir::Value value;
  llvm::ArrayRef<int64_t> shape() const { return mlir::cast<mlir::ShapedType>(value.getType()).getShape(); }
  int64_t rank() const { return shape().size(); }
};

/// C1: the rank of an operand; an absent one has any.
mlir::LogicalResult verifyRank(mlir::Operation *op, Named operand, int64_t rank);

/// C1: all operands have one element type.
mlir::LogicalResult verifyElements(mlir::Operation *op);

/// C1: operands have one element type once bf16 counts as what it is computed in; an absent one has any.
mlir::LogicalResult verifyPrecision(mlir::Operation *op, llvm::ArrayRef<Named> operands);

/// C7: the element types of an op's two factors and of its bias.
mlir::LogicalResult verifyFactors(mlir::Operation *op, Named lhs, Named rhs, Named bias);

/// C2: a size that must be what another operand makes it.
mlir::LogicalResult verifySize(mlir::Operation *op, Named operand, int64_t dim, int64_t expected);

/// The shape of init, its result and its place: a tensor has a result of its type, a memref none.
mlir::LogicalResult verifyDestination(mlir::Operation *op, mlir::Value init);

/// C4 and C5: the signature of the epilogue of sums of a type, and the shapes of what it reads.
mlir::LogicalResult verifyEpilogue(mlir::Operation *op, mlir::Region &epilogue, mlir::Type sum, mlir::ValueRange extras, Named init);

} // namespace bn::kernel

#endif // BN_LIB_IR_KERNEL_CONSTRAINTS_H
