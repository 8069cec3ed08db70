// StrassenSides.h - the left sides of the products of Strassen's method: quarters of the input and their sums.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_STRASSENSIDES_H
#define BN_CODEGEN_STRASSENSIDES_H

#include "LinearView.h"
#include "StrassenCuts.h"

namespace bn {

/// The left side of one product: of a pair's p-th neighbour and a block of inputs, it is at `row[start + p·b + block·inputBlock]`.
struct LeftSide {
  mlir::Value row, start, block;
};

/// The left sides of all products for one part of the pairs.
class LeftSides {
public:
  /// `input` is an image [N][I/b][H][W][b] of so many columns, whose rows follow each other without a gap if it `merges`.
  LeftSides(mlir::Location loc, const LinearView &input, int64_t width, bool merges, const StrassenProblem &problem,
            const StrassenCuts &cuts);

  /// Stores those that are sums, or all, for the pairs of an image from `begin` to `end`, on the worker's stack.
  void emit(mlir::OpBuilder &builder, mlir::Value image, mlir::Value begin, mlir::Value end);

  /// Where the left side of a product is from a pair on.
  LeftSide find(mlir::OpBuilder &builder, mlir::Value image, mlir::Value pair, mlir::Value product) const;

private:
  mlir::Value addressOf(mlir::OpBuilder &builder, mlir::Value image, mlir::Value inputBlock, mlir::Value position) const;

  mlir::Location loc;
  LinearView input;
  int64_t width;
  bool merges;
  StrassenProblem problem;
  int64_t parts;
  int64_t scratchBlock, scratchSide; ///< elements from one to the next
  mlir::Value scratch, first;        ///< [side][input block][pair][b], from this pair on
};

/// The row and the column of a position.
std::pair<mlir::Value, mlir::Value> splitPosition(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value position, int64_t width);

} // namespace bn

#endif // BN_CODEGEN_STRASSENSIDES_H
