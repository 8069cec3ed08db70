// NormalizePositions.h - slabs of a kernel.normalize whose groups' short rows lie side by side, done in vectors across all of them.
// SPDX-License-Identifier: Apache-2.0
//
// A *strip* is what a slab has in one block: the rows of its groups, one behind the other in memory. Where a row is short, vectors along it
// would be parts of vectors, and their lanes would cost more to add up than elements. So sums are kept for every position of the strip,
// and added up by group at the end; what belongs to a group is repeated at all of its positions first. Vectors that are all of one group
// share the place of the first of them.

#ifndef BN_CODEGEN_NORMALIZEPOSITIONS_H
#define BN_CODEGEN_NORMALIZEPOSITIONS_H

#include "NormalizeSteps.h"

namespace bn {

/// The steps on slabs, position by position.
class NormalizePositions : protected NormalizeSteps {
public:
  explicit NormalizePositions(NormalizeNest nest);

protected:
  /// Whether slabs are done in this way.
  bool hasStrips() const { return stripGroups != 0; }
  /// The groups of a slab, from its number.
  using RangesOf = llvm::function_ref<llvm::SmallVector<GroupRange>(Builder &, Value)>;
  /// Slabs from `begin` to `last`, each mapped while the next one is summed.
  void emitStrips(Builder &b, Value begin, Value last, RangesOf rangesOf);

private:
  /// What a region reads of groups, at every position of a strip: an array for each argument, null where that is not used.
  struct Repeated {
    mlir::Region *region = nullptr;
    Values arrays = {};
  };
  /// A slab and the region that is done on its elements.
  struct Work {
    const Repeated *repeated = nullptr;
    Ranges ranges = {};
  };

  /// Some blocks: their indices, and what is done to them.
  struct Rows {
    const Work &sum, &map;
    llvm::SmallVector<Values> blocks;
  };
  /// What the terms and the output of a vector of positions read of groups.
  struct Constants {
    Values terms, map;
  };

  /// Where the elements of a slab begin.
  Position startOf(Ranges ranges);
  /// The groups of a slab one by one, with their numbers in it.
  void forEachGroupOf(Builder &b, Ranges ranges, llvm::function_ref<void(Builder &, const Position &, Value)> body);
  Repeated allocate(Builder &b, mlir::Region &region, unsigned first);
  Value allocateArray(Builder &b, mlir::Type element);
  /// Fills the arrays of a slab from the groups' operands and the scratch.
  void repeat(Builder &b, const Repeated &repeated, Ranges ranges);
  void clearSums(Builder &b, int64_t count);
  /// Adds the sums of all positions to those of their groups.
  void foldSums(Builder &b, Ranges ranges, int64_t count);
  /// The arrays of the sums that are made of blocks.
  llvm::ArrayRef<Value> sumsOf(const Rows &rows) {
    return llvm::ArrayRef(sums).take_front(rows.sum.repeated ? op.countYields(*rows.sum.repeated->region) : 0);
  }
  /// A vector of each of the arrays.
  Values loadRepeated(Builder &b, llvm::ArrayRef<Value> arrays, Value index);
  void storeRepeated(Builder &b, llvm::ArrayRef<Value> arrays, Value index, llvm::ArrayRef<Value> values);
  Constants loadConstants(Builder &b, const Rows &rows, Value index);
  /// As many vectors as there are constants, from `position` on, added to what is carried for each.
  void emitVectors(Builder &b, const Rows &rows, Value position, llvm::ArrayRef<Constants> constants,
                   llvm::MutableArrayRef<Values> carried);
  /// Vectors that may be of several groups.
  void emitMixed(Builder &b, const Rows &rows, Value position, int64_t unroll);
  void emitGroup(Builder &b, const Rows &rows, Value group);
  /// Some blocks: sums of one slab, the output of another, or both.
  void emitRows(Builder &b, const Work &sum, const Work &map, Value firstBlock, int64_t rows);
  void emitBlocks(Builder &b, const Work &sum, const Work &map, Value begin, int64_t count);
  void sumAndMap(Builder &b, const Work &sum, const Work &map, int64_t count);
  void start(Builder &b, Ranges ranges);
  void sumStarted(Builder &b, Ranges ranges, const Work &map);
  void emitRun(Builder &b, Value begin, Value last, RangesOf rangesOf);
  int64_t streamedStripLanes();

  int64_t stripGroups, strip; ///< groups of a slab, and the positions that they have
  Repeated ofSample, ofTerms, ofMap;
  Values sums;          ///< an array for each sum
  int64_t streamed = 0; ///< the longest vector that is stored past the cache
};

} // namespace bn

#endif // BN_CODEGEN_NORMALIZEPOSITIONS_H
