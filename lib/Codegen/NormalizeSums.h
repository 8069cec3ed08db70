// NormalizeSums.h - the sums of a kernel.normalize over the elements of its groups.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_NORMALIZESUMS_H
#define BN_CODEGEN_NORMALIZESUMS_H

#include "NormalizeLoops.h"

namespace bn {

/// Adds up what a region computes from elements.
class NormalizeSums : protected NormalizeLoops {
public:
  explicit NormalizeSums(NormalizeNest nest);

protected:
  /// What is done beside the sums of rows along groups, so that memory is written while it is read.
  struct Beside {
    llvm::function_ref<Values(Builder &, const Position &group)> load; ///< what `emit` reads of a group
    llvm::function_ref<void(Builder &, const Position &, int64_t shift, int64_t lanes, llvm::ArrayRef<Value> perGroup)> emit;
  };
  /// Sums over blocks from `begin` to `end` for the groups of `ranges`, stored as those of `part`, null meaning the first.
  void accumulateAll(Builder &b, const Position &at, llvm::ArrayRef<GroupRange> ranges, mlir::Region &terms, Value begin, Value end,
                     Value part, const Beside *beside = nullptr);

  /// What terms read of a group: its operands, and its centers unless the terms are the sample's.
  Values loadTermArguments(Builder &b, const Position &at, int64_t shift, int64_t lanes, mlir::Region &terms);
  /// Appends `sums` with the terms of a vector's elements added.
  void addTerms(Builder &b, const Position &at, int64_t shift, int64_t lanes, mlir::Region &terms, mlir::ValueRange perGroup,
                mlir::ValueRange sums, Values &next);
  /// Adds what forEachVector returned to the scratch.
  void storeSums(Builder &b, const Position &at, int64_t lanes, int64_t count, llvm::ArrayRef<Value> sums, Value part);
  void clear(Builder &b, const Position &at, llvm::ArrayRef<GroupRange> ranges, Value part);
  /// Elements of the same row that come soon, brought nearer to the core.
  void prefetchAhead(Builder &b, const Position &at, int64_t shift);
  /// Elements of a group that are enough for a sample, and the blocks that it is taken from.
  int64_t sampleSize() const;
  int64_t sampleBlocks() const;
  int64_t slab;   ///< what chooseSlab says
  int64_t unroll; ///< vectors of groups under way at once: memory likes to be read in order, more than registers like to suffice

private:
  void accumulate(Builder &b, const Position &at, Lanes groups, mlir::Region &terms, Value part);
  void accumulateShortRows(Builder &b, const Position &at, llvm::ArrayRef<GroupRange> ranges, mlir::Region &terms, Value begin, Value end,
                           const Beside *beside);
  void accumulateBundles(Builder &b, const Position &at, llvm::ArrayRef<GroupRange> ranges, const Beside *beside);
  void accumulateBundle(Builder &b, llvm::ArrayRef<Position> rows, const Beside *beside);
  void prefetchRows(Builder &b, const Position &at, int64_t shift);
  Value addTerm(Builder &b, Value sum, Value term);
};

} // namespace bn

#endif // BN_CODEGEN_NORMALIZESUMS_H
