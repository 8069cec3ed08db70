// Epilogue.h - what happens to an accumulator before it is stored: the region of a kernel op, on vectors.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_EPILOGUE_H
#define BN_CODEGEN_EPILOGUE_H

#include "LinearView.h"

namespace bn {

/// Where an element of the output is: one value for each dimension, plus a constant.
struct OutputPosition {
  llvm::SmallVector<mlir::Value> indices; ///< a null value counts as 0
  llvm::SmallVector<int64_t> shifts;      ///< added to the indices
};

/// The epilogue of one op and the operands that it reads; stores what it yields.
class Epilogue {
public:
  /// `region` may be empty; `extras` repeat along their dimensions of size 1. Fails on a dynamic layout.
  static mlir::FailureOr<Epilogue> get(mlir::OpBuilder &builder, mlir::Location loc, mlir::Region &region, mlir::ValueRange extras,
                                       mlir::Value init);

  /// Applies the region to a vector of accumulators along the last dimension and stores the result.
  void store(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value accumulator, const OutputPosition &position) const;

  /// True if two neighbouring dimensions are one in memory, for the output and all extras.
  bool canMerge(unsigned outer, unsigned inner) const;

  /// Where the result goes.
  const LinearView &output() const { return init; }

private:
  mlir::Region *region = nullptr;
  LinearView init;
  llvm::SmallVector<LinearView> extras; ///< strides are 0 along dimensions that repeat
  llvm::SmallVector<int64_t> shape;
};

/// What an op that multiplies reads, and where it stores: its two factors, its bias (empty where it has none) and its epilogue.
struct LinearOperands {
  LinearView lhs, rhs, bias;
  Epilogue epilogue;

  /// Fails on a dynamic layout.
  template <typename Op> static mlir::FailureOr<LinearOperands> get(mlir::OpBuilder &builder, Op op, mlir::Value lhs, mlir::Value rhs) {
    mlir::Location loc = op.getLoc();
    mlir::FailureOr<LinearView> l = LinearView::get(builder, loc, lhs), r = LinearView::get(builder, loc, rhs);
    mlir::FailureOr<LinearView> b = op.getBias() ? LinearView::get(builder, loc, op.getBias()) : LinearView();
    mlir::FailureOr<Epilogue> e = Epilogue::get(builder, loc, op.getEpilogue(), op.getExtras(), op.getInit());
    if (failed(l) || failed(r) || failed(b) || failed(e))
      return mlir::failure();
    return LinearOperands{*l, *r, *b, *e};
  }
};

} // namespace bn

#endif // BN_CODEGEN_EPILOGUE_H
