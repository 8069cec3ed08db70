// NormalizeLoops.h - the loops over blocks and groups of a kernel.normalize, and where its operands are in them.
// SPDX-License-Identifier: Apache-2.0
//
// A *block* is a run of contiguous elements of one group, or some elements of each of a vector of groups. What belongs to groups
// waits in the scratch, in f64: sums part by part, then centers, then coefficients.

#ifndef BN_CODEGEN_NORMALIZELOOPS_H
#define BN_CODEGEN_NORMALIZELOOPS_H

#include "NormalizeNest.h"

namespace bn {

/// The groups that a loop covers along one dimension: `count` from `begin` on, a null value meaning 0.
struct GroupRange {
  mlir::Value begin;
  int64_t count;
};

/// Where a loop is: an index for each dimension; `rowsEnd` ends the block where vectors lie across groups. `ahead`, where there is a next
/// slab to fetch, holds for each of the elements' operands how far its element in that slab is.
struct Position {
  llvm::SmallVector<mlir::Value> indices;
  mlir::Value rowsEnd;
  llvm::SmallVector<mlir::Value> ahead = {};
};

/// Some neighbouring elements or groups: `unroll` vectors of `lanes`.
struct Lanes {
  int64_t lanes = 1, unroll = 1;
};

/// What the steps of a kernel.normalize are made of.
class NormalizeLoops {
public:
  explicit NormalizeLoops(NormalizeNest nest);

protected:
  using Builder = mlir::OpBuilder;
  using Value = mlir::Value;
  using Values = llvm::SmallVector<Value>;
  /// Emits what is done for some elements; takes sums and returns them with more added.
  using VectorBody = llvm::function_ref<Values(Builder &, const Position &, Lanes, mlir::ValueRange)>;

  /// Blocks from `begin` to `end`, in order.
  void forEachBlock(Builder &b, Position at, Value begin, Value end, llvm::function_ref<void(Builder &, const Position &)> body);
  /// The same from the last to the first, but so many at a time in order.
  void forEachBlockBackwards(Builder &b, const Position &at, Value begin, Value end, int64_t inOrder,
                             llvm::function_ref<void(Builder &, const Position &)> body);
  /// The groups of `ranges`, one for each dimension of groups.
  void forEachGroup(Builder &b, Position at, llvm::ArrayRef<GroupRange> ranges, int64_t unroll,
                    llvm::function_ref<void(Builder &, const Position &, Lanes)> body) {
    forEachGroup(b, std::move(at), ranges, unroll, nest.inner(), body);
  }
  /// The same in vectors of groups wherever what belongs to them is in vectors.
  void forEachGroupVector(Builder &b, const Position &at, llvm::ArrayRef<GroupRange> ranges,
                          llvm::function_ref<void(Builder &, const Position &, Lanes)> body);
  /// Appends what operands have for a vector of groups.
  void loadGroups(Builder &b, llvm::ArrayRef<Value> indices, int64_t lanes, Values &values);
  /// The elements of a block, with `terms` sums for each vector in flight: those of `groups`, or `unroll` along a group. Returns the sums:
  /// vector by vector across groups, and along a group as numbers, null where there is no element.
  Values forEachVector(Builder &b, const Position &at, Lanes groups, int64_t terms, VectorBody body, int64_t unroll = kUnroll);

  Value address(Builder &b, unsigned operand, llvm::ArrayRef<Value> indices, int64_t shift);
  Value load(Builder &b, unsigned operand, llvm::ArrayRef<Value> indices, int64_t shift, int64_t lanes);
  /// Appends the values of `count` operands.
  void loadAll(Builder &b, unsigned first, unsigned count, llvm::ArrayRef<Value> indices, int64_t shift, int64_t lanes, Values &values);
  /// Brings an operand's element, so many further, nearer to the core.
  void prefetch(Builder &b, unsigned operand, llvm::ArrayRef<Value> indices, int64_t shift, Value distance);
  /// The scratch; `part` moves a slot of sums to another part, null meaning the first.
  Value slotAddress(Builder &b, const Position &at, int64_t slot, int64_t shift, Value part);
  Value loadSlot(Builder &b, const Position &at, int64_t slot, int64_t shift, int64_t lanes, Value part = {});
  void storeSlot(Builder &b, const Position &at, int64_t slot, int64_t shift, Value value, Value part = {});
  /// Appends the values of slots from `first` on, one of each type.
  void loadSlots(Builder &b, const Position &at, int64_t first, mlir::TypeRange types, int64_t shift, int64_t lanes, Values &values);
  /// A number or a vector of numbers in another width.
  Value convert(Builder &b, Value value, mlir::Type element);
  Value constant(Builder &b, int64_t value) { return mlir::arith::ConstantIndexOp::create(b, loc, value); }

  int64_t centerSlot() const { return slots.sums * kernel::NormalizeOp::kParts; }
  int64_t coefficientSlot() const { return centerSlot() + slots.centers; }
  /// The same with vectors along dimension `vectorDim`, if that is one of groups.
  void forEachGroup(Builder &b, Position at, llvm::ArrayRef<GroupRange> ranges, int64_t unroll, unsigned vectorDim,
                    llvm::function_ref<void(Builder &, const Position &, Lanes)> body);
  llvm::SmallVector<mlir::Type> centerTypes() { return yieldTypes(op.getCenter(), 0); }
  llvm::SmallVector<mlir::Type> coefficientTypes() { return yieldTypes(op.getFinish(), op.getNumStatistics()); }
  static llvm::SmallVector<mlir::Type> yieldTypes(mlir::Region &region, unsigned skip);

  /// Vectors of a block that are under way at once.
  static constexpr int64_t kUnroll = 4;

  NormalizeNest nest;
  kernel::NormalizeOp op;
  mlir::Location loc;
  unsigned elements, groups, extras, output, scratch; ///< counts of operands; the first of inits and the last
  struct {
    int64_t sums, centers;
  } slots;
  llvm::SmallVector<unsigned> groupDims, blockDims;
  llvm::SmallVector<int64_t> blockSizes;
  int64_t blocks = 1;
  int64_t bytes = 0; ///< that elements, extras and output take
};

} // namespace bn

#endif // BN_CODEGEN_NORMALIZELOOPS_H
