// NormalizeKernel.h - builds kernel.normalize: the dimensions of a normalization, and its regions from functions.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LOWER_NORMALIZEKERNEL_H
#define BN_LIB_LOWER_NORMALIZEKERNEL_H

#include "TensorOps.h"
#include "bn/IR/BN/BN.h"

#include <functional>

namespace bn::lower {

/// An input's dimensions with the batch split into ghosts, and which of them are reduced.
struct NormalizeDomain {
  NormalizeDomain(Shape input, Ints axes, int64_t ghosts = 1, GhostGrouping grouping = GhostGrouping::Interleaved);

  llvm::SmallVector<int64_t> shape, reduced;
  llvm::SmallVector<int64_t> groupShape;     ///< of statistics: ones where reduced
  llvm::SmallVector<int64_t> parameterShape; ///< and one along the ghosts
  llvm::SmallVector<int64_t> statistics;     ///< the shape of statistics in graph form
  llvm::SmallVector<int64_t> parameters;     ///< the shape of parameters in graph form
  int64_t ghosts;
  int64_t count; ///< elements of a group

  /// A tensor that broadcasts to the input, in as many dimensions as the domain has; the input itself is split.
  mlir::Value element(Builder &b, mlir::Value x, Shape input) const;
};

/// Computes values from values; regions are built from it.
using RegionBody = std::function<llvm::SmallVector<mlir::Value>(Builder &, llvm::ArrayRef<mlir::Value>)>;

/// The parts of a kernel.normalize. Bodies see and yield numbers of the compute type; `center` and `finish` see and yield f64.
/// Arguments go as in the op: elements, extras (for `map`), groups, centers, sums or coefficients.
struct NormalizeKernel {
  llvm::SmallVector<mlir::Value> elements, groups, extras; ///< in the rank of the domain
  RegionBody sample, center, terms, finish, map;           ///< sample and center, or map, may be empty
  llvm::SmallVector<mlir::Type> statistics;                ///< element types of the first values that `finish` yields
  mlir::Type output;                                       ///< element type of what `map` yields

  /// The output, where there is a map, in the shape `outputShape`; then the statistics in their graph-form shape.
  llvm::SmallVector<mlir::Value> build(Builder &b, const NormalizeDomain &domain, Shape outputShape) const;
};

/// A value that may be missing, among the arguments of a region.
class OptionalArgument {
public:
  /// Appends `value`, reshaped, to `operands` where it is given.
  OptionalArgument(Builder &b, llvm::SmallVectorImpl<mlir::Value> &operands, mlir::Value value, Shape shape);
  explicit operator bool() const { return position >= 0; }
  /// The argument; `fallback` where there is none.
  mlir::Value get(Builder &b, llvm::ArrayRef<mlir::Value> arguments, unsigned first, mlir::Type type, double fallback) const;

private:
  int position = -1;
};

// Arithmetic on numbers of one type.
inline mlir::Value addNumbers(Builder &b, mlir::Value x, mlir::Value y) { return mlir::arith::AddFOp::create(b, x, y); }
inline mlir::Value subNumbers(Builder &b, mlir::Value x, mlir::Value y) { return mlir::arith::SubFOp::create(b, x, y); }
inline mlir::Value mulNumbers(Builder &b, mlir::Value x, mlir::Value y) { return mlir::arith::MulFOp::create(b, x, y); }
inline mlir::Value divNumbers(Builder &b, mlir::Value x, mlir::Value y) { return mlir::arith::DivFOp::create(b, x, y); }
inline mlir::Value fma(Builder &b, mlir::Value x, mlir::Value y, mlir::Value z) { return mlir::math::FmaOp::create(b, x, y, z); }
inline mlir::Value squareRoot(Builder &b, mlir::Value x) { return mlir::math::SqrtOp::create(b, x); }
/// x where it is not below `low`; a NaN stays one.
mlir::Value atLeast(Builder &b, mlir::Value x, mlir::Value low);
mlir::Value atMost(Builder &b, mlir::Value x, mlir::Value high);

} // namespace bn::lower

#endif // BN_LIB_LOWER_NORMALIZEKERNEL_H
