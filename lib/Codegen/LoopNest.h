// LoopNest.h - a linalg op on memrefs as loops over numbers: sizes, and how far each operand moves per step.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_LOOPNEST_H
#define BN_CODEGEN_LOOPNEST_H

#include "LinearView.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace bn {

/// One operand of the op: a scalar, or a row that is read or written.
struct NestOperand {
  mlir::Value scalar;   ///< set for an operand that is no memref
  LinearView view;      ///< otherwise where its elements are
  mlir::AffineMap map;  ///< from loop indices to its own
  bool linear = true;   ///< `map` is a sum of multiples, which NestDim::steps hold
  bool output = false;
};

/// One loop.
struct NestDim {
  int64_t size = 1;
  bool reduction = false;
  llvm::SmallVector<int64_t> steps; ///< for each operand, the elements it moves when the index grows by one
};

/// The loops of a linalg op, as few as memory allows, and the choice of the one that becomes vectors.
struct LoopNest {
  mlir::linalg::GenericOp op;
  llvm::SmallVector<NestOperand> operands; ///< inputs, then outputs
  llvm::SmallVector<NestDim> dims;
  int64_t vectorDim = -1; ///< index into dims, -1 when there is no loop to choose
  int64_t lanes = 1;      ///< vector length along vectorDim

  /// Reads the op; fails on a dynamic layout or size.
  static mlir::FailureOr<LoopNest> get(mlir::OpBuilder &builder, mlir::linalg::GenericOp op);

  /// Whether LLVM has no code for vectors of another number of lanes: of bf16.
  bool wantsPowersOfTwo() const;

  /// Chooses vectorDim and lanes for vectors of so many bits.
  void chooseVectors(int64_t vectorBits);

  /// True if the vector dimension is reduced over.
  bool reducesVectors() const { return vectorDim >= 0 && dims[vectorDim].reduction; }
};

/// Neighbouring loops made one where all operands allow it; loops that run once are dropped.
llvm::SmallVector<NestDim> mergeDims(llvm::ArrayRef<NestDim> dims);

} // namespace bn

#endif // BN_CODEGEN_LOOPNEST_H
