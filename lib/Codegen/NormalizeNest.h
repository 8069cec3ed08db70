// NormalizeNest.h - a kernel.normalize on memrefs as loops over numbers, and how its work is cut.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_NORMALIZENEST_H
#define BN_CODEGEN_NORMALIZENEST_H

#include "LoopNest.h"
#include "bn/IR/Kernel/Kernel.h"

namespace bn {

/// The loops of the op, as few as memory allows. Vectors lie along the last one: along the elements of a group where that is reduced, and
/// across groups otherwise.
struct NormalizeNest {
  kernel::NormalizeOp op;
  llvm::SmallVector<LinearView> views; ///< elements, groups, extras, inits; of the scratch, the last, `steps` give the group's number
  llvm::SmallVector<NestDim> dims;
  int64_t numGroups = 1, lanes = 1;

  /// Reads the op; fails on a dynamic layout.
  static mlir::FailureOr<NormalizeNest> get(mlir::OpBuilder &builder, kernel::NormalizeOp op, int64_t vectorBits);

  unsigned inner() const { return dims.size() - 1; }
  bool acrossGroups() const { return !dims.back().reduction; }
  /// The loops over groups, in order.
  llvm::SmallVector<unsigned> groupDims() const;
  /// The loops over elements, in order, without the one that vectors lie along.
  llvm::SmallVector<unsigned> blockDims() const;
  /// Whether several rows along a group should go into the sum of a vector's lanes.
  bool hasShortRows() const { return !acrossGroups() && dims.back().size <= kShortRow * lanes; }
  /// How many elements a group has.
  int64_t groupSize() const;
  /// The bytes that one element of a group brings with it.
  int64_t bytesPerElement() const;
  /// The bytes of elements that a group has.
  int64_t groupBytes() const { return std::max<int64_t>(groupSize() * bytesPerElement(), 1); }
  /// Groups along the last dimension of groups that one slab holds; 0 if not even the fewest fit in cache, and there are too few slabs to
  /// share.
  int64_t chooseSlab() const;
  /// Neighbouring groups whose short rows lie side by side in all operands and fill whole vectors together; 0 where there are none.
  int64_t chooseStrip() const;
  /// Whether operands and statistics of groups are vectors along the last dimension of groups.
  bool hasGroupVectors() const;

private:
  /// Vectors of a short row.
  static constexpr int64_t kShortRow = 13;
};

} // namespace bn

#endif // BN_CODEGEN_NORMALIZENEST_H
