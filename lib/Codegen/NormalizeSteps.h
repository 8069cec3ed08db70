// NormalizeSteps.h - what a kernel.normalize does to groups: center, sum, finish, map; and to two slabs at once, map one, sum the next.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_NORMALIZESTEPS_H
#define BN_CODEGEN_NORMALIZESTEPS_H

#include "NormalizeSums.h"
#include "StreamedStores.h"

namespace bn {

/// The steps on the groups of some ranges, one range for each dimension of groups.
class NormalizeSteps : protected NormalizeSums {
public:
  using NormalizeSums::NormalizeSums;

protected:
  using Ranges = llvm::ArrayRef<GroupRange>;

  /// The centers, from the sums of the sample; nothing where there is none.
  void center(Builder &b, const Position &at, Ranges ranges);
  /// Statistics and coefficients from the sums, those of all parts or of the first.
  void finish(Builder &b, const Position &at, Ranges ranges, bool inParts);
  /// The output of blocks from `begin` to `end`, if there is one. `aligned`: its rows are, as hasAlignedRows says.
  void map(Builder &b, const Position &at, Ranges ranges, Value begin, Value end, bool aligned);

  /// Whether rows along a group are stored past the cache in vectors only, where they are aligned: one slab is mapped while the next is
  /// summed.
  bool wantsAlignedRows() const { return !nest.acrossGroups() && streamedLanes() && shouldStream(bytes); }
  /// Whether the output's rows start at multiples of streamedLanes().
  Value hasAlignedRows(Builder &b);
  /// Maps `here` and sums `next`, vector by vector, in aligned rows. Memory is read and written all the time, instead of in turns.
  void mapAndSum(Builder &b, Ranges here, Ranges next);

  /// A vector of the output.
  Value mapVector(Builder &b, const Position &at, int64_t shift, int64_t lanes, llvm::ArrayRef<Value> perGroup);
  /// Stores it; `streamed`: the longest vector that is stored past the cache, 0 for a store into it.
  void storeMapped(Builder &b, const Position &at, int64_t shift, int64_t lanes, Value result, int64_t streamed);

private:
  /// How rows are stored.
  enum class Stores { InCache, PeeledPastCache, PastCache };

  /// The longest vector that all of the output's rows consist of and start at multiples of, if the first one does; 0 if it is too short
  /// to be stored past the cache.
  int64_t streamedLanes() const;
  /// What `map` reads of each vector of groups.
  Values loadMapArguments(Builder &b, const Position &at, int64_t shift, int64_t lanes);
  void mapBlock(Builder &b, const Position &at, Lanes groups, Stores stores);
};

} // namespace bn

#endif // BN_CODEGEN_NORMALIZESTEPS_H
