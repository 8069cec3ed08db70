// Constraints.h - the checks that several ops of the bn dialect share.
// SPDX-License-Identifier: Apache-2.0
//
// Each check reports on the op and names what it expected. Unknown dimensions, unranked tensors and absent operands pass:
// they contradict nothing. The constraint numbers are the ops'; see their definitions.

#ifndef BN_LIB_IR_BN_CONSTRAINTS_H
#define BN_LIB_IR_BN_CONSTRAINTS_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

namespace bn {

/// A value with the name that a message calls it by; the value may be absent.
using NamedValue = std::pair<llvm::StringRef, mlir::Value>;

/// `axes` names dimensions of the input.
mlir::LogicalResult verifyAxes(mlir::Operation *op, mlir::Type input, llvm::ArrayRef<int64_t> axes);

/// Each value has the input's shape at `axes`, with a leading dimension `ghosts` where that is above 1.
mlir::LogicalResult verifyParameters(mlir::Operation *op, llvm::ArrayRef<NamedValue> parameters, mlir::Type input,
                                     llvm::ArrayRef<int64_t> axes, int64_t ghosts = 1);

/// A variance plus epsilon must stay a variance.
mlir::LogicalResult verifyEpsilon(mlir::Operation *op, const llvm::APFloat &epsilon);

/// A decay is in [0, 1]; `name` is the attribute's.
mlir::LogicalResult verifyMomentum(mlir::Operation *op, llvm::StringRef name, const llvm::APFloat &momentum);

/// The batch can be split: into a positive number of equal parts, when it is not a kept axis.
mlir::LogicalResult verifyGhosts(mlir::Operation *op, mlir::Type input, llvm::ArrayRef<int64_t> axes, int64_t ghosts);

/// None of the values is given when the batch is split.
mlir::LogicalResult verifyAbsentWithGhosts(mlir::Operation *op, int64_t ghosts, llvm::ArrayRef<NamedValue> values);

/// Each value broadcasts to the input by numpy's rule.
mlir::LogicalResult verifyBroadcast(mlir::Operation *op, llvm::ArrayRef<NamedValue> values, mlir::Type input);

/// Either all values are given or none.
mlir::LogicalResult verifyTogether(mlir::Operation *op, llvm::ArrayRef<NamedValue> values);

/// Each value has rank 0.
mlir::LogicalResult verifyScalars(mlir::Operation *op, llvm::ArrayRef<NamedValue> values);

/// All values have one shape.
mlir::LogicalResult verifySameShape(mlir::Operation *op, llvm::ArrayRef<NamedValue> values);

} // namespace bn

#endif // BN_LIB_IR_BN_CONSTRAINTS_H
