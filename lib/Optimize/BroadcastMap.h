// BroadcastMap.h - a·x + b whose numbers vary along some axes of x, and what becomes of it when x changes its layout.
// SPDX-License-Identifier: Apache-2.0
//
// A per-channel map is one that varies along one axis. Where a Reshape splits the channels it varies along two, and along
// one again when they are joined: an affine can travel through both.

#ifndef BN_OPTIMIZE_BROADCASTMAP_H
#define BN_OPTIMIZE_BROADCASTMAP_H

#include "ChannelMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <optional>

namespace bn {

/// The numbers a and b of a·x + b. They vary along the axes where `shape`, of x's rank, is not 1; a map that varies along
/// none has an empty shape and fits tensors of any rank. Never keeps an axis along which all numbers are equal.
class BroadcastMap {
public:
  /// One pair of numbers for all of x.
  static BroadcastMap uniform(double scale, double offset);
  /// A map of channels along `axis` of a tensor of `rank`.
  static BroadcastMap along(int64_t axis, int64_t rank, ChannelMap map);

  bool isUniform() const { return shape.empty(); }
  bool isIdentity() const { return hasUnitScale() && hasZeroOffset(); }
  bool hasUnitScale() const { return map.hasUnitScale(); }
  bool hasZeroOffset() const { return map.hasZeroOffset(); }
  bool hasNegativeScale() const;
  bool hasZeroScale() const { return llvm::is_contained(map.scale, 0.0); }
  bool variesAlong(int64_t axis) const { return axis < static_cast<int64_t>(shape.size()) && shape[axis] != 1; }
  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  const ChannelMap &getNumbers() const { return map; }

  /// The parts: a·x, and x + b.
  BroadcastMap onlyScale() const;
  BroadcastMap onlyOffset() const;
  /// x/a, where no a is 0.
  BroadcastMap inverseScale() const;
  /// x + b/a, which before a·x is the whole; nothing where a channel has no such number.
  std::optional<BroadcastMap> offsetBeforeScale() const;
  /// Changes the sign of b.
  BroadcastMap withNegatedOffset() const;

  /// A map whose numbers come from those of two others, element by element. Nothing where the two do not fit one tensor.
  static std::optional<BroadcastMap> combine(const BroadcastMap &outer, const BroadcastMap &inner,
                                             llvm::function_ref<ChannelMap(const ChannelMap &, const ChannelMap &)> numbers);

  /// As a map of `channels` along `axis`. AxisMismatch where it varies along another one.
  Reason getAlong(int64_t axis, int64_t channels, ChannelMap &result) const;
  /// The map of the elements of a tensor of this shape, which may grow to the map's. Nothing where both vary along other axes.
  std::optional<llvm::SmallVector<double>> apply(llvm::ArrayRef<double> values, llvm::SmallVectorImpl<int64_t> &dims) const;
  /// The only axis that it varies along; nothing where there are more or none.
  std::optional<int64_t> getAxis() const;

  /// The map on the tensor with its dimensions in another order: dimension i of the result is dimension perm[i].
  BroadcastMap transpose(llvm::ArrayRef<int64_t> perm) const;
  /// The map with unit dimensions at these positions of the result, or without those of x.
  BroadcastMap insertAxes(llvm::ArrayRef<int64_t> axes) const;
  BroadcastMap removeAxes(llvm::ArrayRef<int64_t> axes) const;
  /// The map on the same elements in a tensor of another shape; sizes may be unknown, and the first `equalDims` dimensions are
  /// known to be equal on both sides. Nothing where an element's new place does not tell its old one.
  std::optional<BroadcastMap> reshape(llvm::ArrayRef<int64_t> from, llvm::ArrayRef<int64_t> to, int64_t equalDims = 0) const;
  /// The map on the elements with these indices along `axis`.
  BroadcastMap take(int64_t axis, llvm::ArrayRef<int64_t> indices) const;
  /// The map on a tensor with `size` elements along `axis`, of which this map has those at `indices`; the others stay as they are.
  BroadcastMap extend(int64_t axis, int64_t size, int64_t rank, llvm::ArrayRef<int64_t> indices) const;

private:
  /// Fills a map of `shape` by asking for the position of each number in this one; -1 stands for 1·x + 0.
  BroadcastMap gather(llvm::ArrayRef<int64_t> newShape, llvm::function_ref<int64_t(llvm::ArrayRef<int64_t>)> position) const;
  /// Coordinates of the element at `position` of a tensor of this shape.
  static llvm::SmallVector<int64_t> unravel(int64_t position, llvm::ArrayRef<int64_t> shape);
  /// Where the numbers for these coordinates are.
  int64_t getPosition(llvm::ArrayRef<int64_t> coordinates) const;
  /// Drops the axes along which nothing varies.
  void normalize();

  llvm::SmallVector<int64_t> shape;
  ChannelMap map;
};

} // namespace bn

#endif // BN_OPTIMIZE_BROADCASTMAP_H
