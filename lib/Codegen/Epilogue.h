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

} // namespace bn

#endif // BN_CODEGEN_EPILOGUE_H
