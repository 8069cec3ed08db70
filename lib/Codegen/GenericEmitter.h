// GenericEmitter.h - the loops of one linalg op, and the ways to go through them.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_GENERICEMITTER_H
#define BN_CODEGEN_GENERICEMITTER_H

#include "LoopNest.h"

namespace bn {

/// A stretch of the vector dimension: `count` steps of `unroll` vectors of `lanes`.
struct Stretch {
  int64_t begin, count, lanes, unroll;
  int64_t step() const { return lanes * unroll; }
};

/// Emits one nest.
class GenericEmitter {
public:
  explicit GenericEmitter(LoopNest nest) : nest(std::move(nest)), loc(this->nest.op.getLoc()) {}
  void emit(mlir::OpBuilder &builder);

private:
  using Values = llvm::SmallVector<mlir::Value>;
  /// Indices of all loops from those of the outer ones.
  using IndicesOf = llvm::function_ref<Values(mlir::ValueRange)>;

  llvm::SmallVector<Stretch> stretches();
  /// Into how many strips a stretch is cut, each for all rows, so that what rows share stays in the first cache; 1 where it does anyway.
  int64_t countStrips(const Stretch &stretch);
  /// Vector operations of the whole nest.
  int64_t work();
  unsigned inputs() { return nest.op.getNumDpsInputs(); }
  llvm::SmallVector<unsigned> reducedDims(bool withVectors) const;
  /// Whether there is one result, a vector at a time, that no element of before goes into.
  bool writesVectors();

  /// Where the operand's element at the indices is, `shift` elements further along the vector dimension.
  mlir::Value address(mlir::OpBuilder &builder, unsigned operand, llvm::ArrayRef<mlir::Value> indices, int64_t shift);
  mlir::Value load(mlir::OpBuilder &builder, unsigned operand, llvm::ArrayRef<mlir::Value> indices, int64_t shift, int64_t lanes);
  /// The body on vectors that were loaded.
  Values emitVectors(mlir::OpBuilder &builder, llvm::ArrayRef<mlir::Value> indices, mlir::ValueRange arguments, int64_t shift,
                     int64_t lanes);
  /// The body once for each vector in flight; `carried` holds the outputs' values, vector by vector.
  Values emitBodies(mlir::OpBuilder &builder, llvm::ArrayRef<mlir::Value> indices, mlir::ValueRange carried, const Stretch &stretch);
  void emitStretch(mlir::OpBuilder &builder, Values indices, const Stretch &stretch);
  void emitPoint(mlir::OpBuilder &builder, Values indices, const Stretch &stretch);

  // GenericReductions.cpp
  Values emitReductions(mlir::OpBuilder &builder, Values indices, llvm::ArrayRef<unsigned> loops, mlir::ValueRange carried,
                        const Stretch &stretch);
  void emitVectorReduction(mlir::OpBuilder &builder, Values indices);

  // GenericStreams.cpp
  /// Whether the result, too large for the cache, goes past it. One that overwrites an input is in cache already.
  bool streams();
  /// A forall over the outer loops and `pieces` of the vector dimension.
  void emitStreams(mlir::OpBuilder &builder, llvm::SmallVector<int64_t> sizes, int64_t pieces, IndicesOf indicesOf);

  // GenericTransposes.cpp
  /// The loop along which an input is contiguous that is not along the vector dimension; -1 if there is none.
  int64_t findTransposed();
  void emitTransposes(mlir::OpBuilder &builder, int64_t other);
  void emitTransposed(mlir::OpBuilder &builder, llvm::ArrayRef<mlir::Value> indices, int64_t other, int64_t count, int64_t lanes);

  LoopNest nest;
  mlir::Location loc;
};

/// The largest divisor of n that is at most `limit`.
int64_t largestDivisor(int64_t n, int64_t limit);

/// Iterations of one forall are split no finer than this along the vector dimension.
inline constexpr int64_t kMaxSplit = 64;
/// Fewer outer iterations than this do not keep all workers busy; the vector dimension is split, too.
inline constexpr int64_t kFewIterations = 8;

} // namespace bn

#endif // BN_CODEGEN_GENERICEMITTER_H
