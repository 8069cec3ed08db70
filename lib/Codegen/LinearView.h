// LinearView.h - a memref of static layout as one row of elements and numbers: how all emitters address memory.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_LINEARVIEW_H
#define BN_CODEGEN_LINEARVIEW_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace bn {

/// The element at indices i is `row[offset + Σ strides·i]`.
struct LinearView {
  mlir::Value row; ///< memref of rank 1
  llvm::SmallVector<int64_t> strides;
  int64_t offset = 0;
  mlir::Type element;

  /// Casts a memref to its row; fails on dynamic sizes or strides. Where the offset is a value, the row begins there.
  static mlir::FailureOr<LinearView> get(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value memref);
};

/// A sum `Σ coefficient·value + constant` of index values under construction; emitted with as few ops as the constants allow.
class LinearIndex {
public:
  explicit LinearIndex(int64_t constant = 0) : constant(constant) {}
  /// Adds coefficient·value.
  LinearIndex &add(mlir::Value value, int64_t coefficient);
  /// Adds a constant.
  LinearIndex &add(int64_t value);
  /// The sum as a value; the constant is added last, so that it becomes part of the address.
  mlir::Value emit(mlir::OpBuilder &builder, mlir::Location loc) const;

private:
  llvm::SmallVector<std::pair<mlir::Value, int64_t>> terms;
  int64_t constant;
};

/// Loads `lanes` elements from a row: a scalar for one lane, a vector otherwise.
mlir::Value loadLanes(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value row, mlir::Value index, int64_t lanes);

/// What is computed with: bf16 as f32, anything else as it is.
mlir::Value widen(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value);

/// What the rows of one iteration may take of a thread's stack.
inline constexpr int64_t kStackBytes = int64_t(768) << 10;

/// A row on the stack, from the start of a cache line. In a parallel loop it is the worker's, one for all iterations.
mlir::Value allocateOnStack(mlir::OpBuilder &builder, mlir::Location loc, int64_t elements, mlir::Type element);

/// Stores a scalar or a vector into a row; f32 is rounded in a row of bf16.
void storeLanes(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, mlir::Value row, mlir::Value index);

/// A vector of equal lanes; the scalar itself for one lane.
mlir::Value splat(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value scalar, int64_t lanes);

} // namespace bn

#endif // BN_CODEGEN_LINEARVIEW_H
