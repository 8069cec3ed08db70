// NormalizeSteps.h - what a kernel.normalize does to groups: center, sum, finish, map; and to two slabs at once, map one, sum the next.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_NORMALIZESTEPS_H
#define BN_CODEGEN_NORMALIZESTEPS_H

#include "NormalizeSums.h"

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
  /// The output of blocks from `begin` to `end`, if there is one.
  void map(Builder &b, const Position &at, Ranges ranges, Value begin, Value end);

  /// Whether one slab can be mapped while the next is summed: rows of whole vectors that are stored past the cache.
  bool canMapAndSum() const;
  /// Whether the output's rows start where vectors can be stored past the cache; mapAndSum needs it.
  Value hasAlignedRows(Builder &b);
  /// Maps `here` and sums `next`, vector by vector, fetching the blocks that come soon: after the last of `next` those of `after`.
  /// Memory is read and written all the time, instead of in turns.
  void mapAndSum(Builder &b, Ranges here, Ranges next, Ranges after);

private:
  /// Whether the output's rows all start at multiples of a vector if the first one does.
  bool hasWholeVectors() const;
  /// What `map` reads of each vector of groups.
  Values loadMapArguments(Builder &b, const Position &at, int64_t shift, int64_t lanes);
  void mapVector(Builder &b, const Position &at, int64_t shift, int64_t lanes, llvm::ArrayRef<Value> perGroup, bool stream);
  void mapBlock(Builder &b, const Position &at, Lanes groups, bool streamed);
  void mapAndSumRow(Builder &b, const Position &here, const Position &next, const Position &soon);
};

} // namespace bn

#endif // BN_CODEGEN_NORMALIZESTEPS_H
