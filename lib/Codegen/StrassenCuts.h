// StrassenCuts.h - how the work of a convolution by Strassen's method is cut.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_STRASSENCUTS_H
#define BN_CODEGEN_STRASSENCUTS_H

#include "RegisterTile.h"

namespace bn {

/// The products, and those of them whose left side is a sum of quarters.
inline constexpr int64_t kStrassenProducts = 7, kStrassenSums = 4;

/// A convolution in numbers.
struct StrassenProblem {
  int64_t images, positions, block;
  int64_t depth, columns; ///< input channels, blocks of output channels, of one half
  bool copies;            ///< whether all left sides go to the scratch, or the sums only
  int64_t pairs() const { return (positions + 1) / 2; }
  int64_t sides() const { return copies ? kStrassenProducts : kStrassenSums; }
};

/// Tiles of pairs of positions and of blocks in a half of the outputs, and the parts of both that are shared among the workers.
struct StrassenCuts {
  RegisterTile tile;
  int64_t pairParts = 1, columnParts = 1;
};

/// Pairs of the largest part.
int64_t countPartPairs(const StrassenProblem &problem, const StrassenCuts &cuts);

/// The cuts that cost least.
StrassenCuts chooseStrassenCuts(const StrassenProblem &problem, unsigned registers);

} // namespace bn

#endif // BN_CODEGEN_STRASSENCUTS_H
