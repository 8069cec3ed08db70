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
  /// Sums over blocks from `begin` to `end` for the groups of `ranges`, stored as those of `part`, null meaning the first.
  void accumulateAll(Builder &b, const Position &at, llvm::ArrayRef<GroupRange> ranges, mlir::Region &terms, Value begin, Value end,
                     Value part);

  int64_t slab;   ///< what chooseSlab says
  int64_t unroll; ///< vectors of groups under way at once: memory likes to be read in order, more than registers like to suffice

private:
  void clear(Builder &b, const Position &at, llvm::ArrayRef<GroupRange> ranges, Value part);
  void accumulate(Builder &b, const Position &at, Lanes groups, mlir::Region &terms, Value part);
  void accumulateShortRows(Builder &b, const Position &at, llvm::ArrayRef<GroupRange> ranges, mlir::Region &terms, Value begin, Value end);
  void prefetchRows(Builder &b, const Position &at, int64_t shift);
  Value addTerm(Builder &b, Value sum, Value term);
};

} // namespace bn

#endif // BN_CODEGEN_NORMALIZESUMS_H
