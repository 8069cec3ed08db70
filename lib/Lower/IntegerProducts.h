// IntegerProducts.h - the two sides of a product of 8-bit integers as the kernels take them.
// SPDX-License-Identifier: Apache-2.0
//
//   Σ (x − zx)·(w − zw)        w and zw known now: v = w − zw
//   words                      x − zx and v in 16 bits, right for all
//   bytes                      Σ x·v − zx·Σ v, x unsigned and v signed, where the target adds up such products at once
//
// What is signed in x becomes unsigned by 128 more, in zx as well. Columns of v that are no signed bytes become some by r more, and
// r·Σ (x − zx) is taken from their sums.

#ifndef BN_LIB_LOWER_INTEGERPRODUCTS_H
#define BN_LIB_LOWER_INTEGERPRODUCTS_H

#include "Products.h"

namespace bn::lower {

/// Input `i` of 8 bits less its zero points, which vary along `axis` or not at all; nothing where they are not known now.
std::optional<std::vector<int16_t>> subtractKnown(NodeLowering &n, unsigned i, unsigned zeroPoint, int64_t axis);

/// The left side of a product with known factors.
struct LeftFactors {
  mlir::Value x;                  ///< of i16, without zero point, or of i8, unsigned with one
  mlir::Value zero;               ///< of bytes, an i32 in a tensor; null for words, and where it is known
  std::optional<int64_t> known = 0; ///< the zero point of x, if known

  mlir::Type getElement() const { return typeOf(x).getElementType(); }
  /// The zero point as an element of x.
  mlir::Value getBorder(Builder &b) const;
  /// What is added to sums of x·v for the zero point's sake; null where that is nothing. `sums`: Σ v of each, in `shape`.
  mlir::Value makeBias(Builder &b, llvm::ArrayRef<int64_t> sums, Shape shape) const;
};

/// The left side as bytes or as words. A zero point of one dimension varies along `axis`.
LeftFactors prepareLeft(NodeLowering &n, IntegerOperands operands, int64_t axis, bool asBytes);

/// The known right side of a product for kernels.
struct RightFactors {
  std::vector<int16_t> values;
  std::vector<int64_t> shifts; ///< what values of each column are more than they stand for; empty where that is nothing
  bool asBytes = false;

  /// Bytes where the target takes them and it pays, words otherwise; `columnOf` tells the column of each value. `maySum`: whether there are
  /// sums of the left side alone.
  static RightFactors choose(NodeLowering &n, std::vector<int16_t> values, int64_t columns, llvm::function_ref<int64_t(int64_t)> columnOf,
                             bool maySum);
  /// The same for a left side with zero points of its own: words where it has several.
  static RightFactors choose(NodeLowering &n, IntegerOperands operands, std::vector<int16_t> values, int64_t columns,
                             llvm::function_ref<int64_t(int64_t)> columnOf, bool maySum);
  /// Sums without what the shifts add: `lefts` are those of the left side alone; shifts repeat as `shape`.
  mlir::Value takeShifts(Builder &b, mlir::Value sums, mlir::Value lefts, Shape shape) const;
};

/// A constant of i32, as sums are.
mlir::Value constantSums(Builder &b, llvm::ArrayRef<int64_t> numbers, Shape shape);

/// Known factors [K][N] as [N/b][K/q][b·q], zeros behind the last row and column.
mlir::Value packFactors(NodeLowering &n, llvm::ArrayRef<int16_t> factors, Shape matrix, mlir::Type element);

} // namespace bn::lower

#endif // BN_LIB_LOWER_INTEGERPRODUCTS_H
