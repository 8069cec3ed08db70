// BroadcastMapLayouts.cpp - what becomes of a·x + b when x changes its layout.
// SPDX-License-Identifier: Apache-2.0

#include "BroadcastMap.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;

namespace bn {

//===----------------------------------------------------------------------===//
// Axes
//===----------------------------------------------------------------------===//

BroadcastMap BroadcastMap::transpose(ArrayRef<int64_t> perm) const {
  if (isUniform())
    return *this;
  SmallVector<int64_t> newShape;
  for (int64_t axis : perm)
    newShape.push_back(shape[axis]);
  return gather(newShape, [&](ArrayRef<int64_t> at) {
    SmallVector<int64_t> from(at.size());
    for (auto [i, axis] : llvm::enumerate(perm))
      from[axis] = at[i];
    return getPosition(from);
  });
}

BroadcastMap BroadcastMap::insertAxes(ArrayRef<int64_t> axes) const {
  BroadcastMap result = *this;
  if (isUniform())
    return result;
  SmallVector<int64_t> ordered(axes);
  llvm::sort(ordered);
  for (int64_t axis : ordered)
    result.shape.insert(result.shape.begin() + axis, 1);
  return result;
}

BroadcastMap BroadcastMap::removeAxes(ArrayRef<int64_t> axes) const {
  BroadcastMap result = *this;
  if (isUniform())
    return result;
  SmallVector<int64_t> ordered(axes);
  llvm::sort(ordered);
  for (int64_t axis : llvm::reverse(ordered))
    result.shape.erase(result.shape.begin() + axis);
  return result;
}

BroadcastMap BroadcastMap::take(int64_t axis, ArrayRef<int64_t> indices) const {
  if (!variesAlong(axis))
    return *this;
  SmallVector<int64_t> newShape(shape);
  newShape[axis] = indices.size();
  return gather(newShape, [&](ArrayRef<int64_t> at) {
    SmallVector<int64_t> from(at);
    from[axis] = indices[at[axis]];
    return getPosition(from);
  });
}

BroadcastMap BroadcastMap::extend(int64_t axis, int64_t size, int64_t rank, ArrayRef<int64_t> indices) const {
  if (static_cast<int64_t>(indices.size()) == size && llvm::is_sorted(indices))
    return *this;
  BroadcastMap ranked = *this;
  if (isUniform())
    ranked.shape.assign(rank, 1);
  SmallVector<int64_t> newShape(ranked.shape);
  newShape[axis] = size;
  SmallVector<int64_t> inverse(size, -1);
  for (auto [i, index] : llvm::enumerate(indices))
    inverse[index] = i;
  return ranked.gather(newShape, [&](ArrayRef<int64_t> at) -> int64_t {
    SmallVector<int64_t> from(at);
    from[axis] = inverse[at[axis]];
    return from[axis] < 0 ? -1 : ranked.getPosition(from);
  });
}

//===----------------------------------------------------------------------===//
// Reshape
//===----------------------------------------------------------------------===//

namespace {
/// Dimensions [fromBegin, fromEnd) of one tensor hold the same elements as [toBegin, toEnd) of another.
struct DimGroup {
  int64_t fromBegin, fromEnd, toBegin, toEnd;
};
} // namespace

/// Splits two shapes of the same elements, from the end, into groups of dimensions with equal products, as small as possible.
/// What is left at the front has unknown sizes; `fromEnd` and `toEnd` say where it ends.
static SmallVector<DimGroup> groupFromEnd(ArrayRef<int64_t> from, ArrayRef<int64_t> to, int64_t &fromEnd, int64_t &toEnd) {
  SmallVector<DimGroup> groups;
  while (fromEnd > 0 && toEnd > 0) {
    DimGroup group{fromEnd - 1, fromEnd, toEnd - 1, toEnd};
    int64_t left = from[group.fromBegin], right = to[group.toBegin];
    while (left > 0 && right > 0 && left != right) {
      if (left < right && group.fromBegin > 0)
        left = from[--group.fromBegin] > 0 ? left * from[group.fromBegin] : -1;
      else if (left > right && group.toBegin > 0)
        right = to[--group.toBegin] > 0 ? right * to[group.toBegin] : -1;
      else
        left = -1;
    }
    if (left != right || left <= 0)
      break;
    fromEnd = group.fromBegin;
    toEnd = group.toBegin;
    groups.push_back(group);
  }
  return groups;
}

std::optional<BroadcastMap> BroadcastMap::reshape(ArrayRef<int64_t> from, ArrayRef<int64_t> to, int64_t equalDims) const {
  if (isUniform())
    return *this;
  SmallVector<DimGroup> groups;
  for (int64_t i = 0; i < equalDims; ++i)
    groups.push_back({i, i + 1, i, i + 1});
  int64_t fromEnd = from.size() - equalDims, toEnd = to.size() - equalDims;
  for (DimGroup group : groupFromEnd(from.drop_front(equalDims), to.drop_front(equalDims), fromEnd, toEnd))
    groups.push_back({group.fromBegin + equalDims, group.fromEnd + equalDims, group.toBegin + equalDims, group.toEnd + equalDims});
  for (int64_t axis = equalDims; axis < equalDims + fromEnd; ++axis)
    if (variesAlong(axis))
      return std::nullopt;

  // Within a group along which the numbers vary, every element counts.
  SmallVector<int64_t> newShape(to.size(), 1);
  SmallVector<DimGroup> varying;
  for (const DimGroup &group : groups)
    if (llvm::any_of(llvm::seq(group.fromBegin, group.fromEnd), [&](int64_t axis) { return variesAlong(axis); })) {
      if (llvm::any_of(to.slice(group.toBegin, group.toEnd - group.toBegin), ShapedType::isDynamic))
        return std::nullopt;
      varying.push_back(group);
      std::copy(to.begin() + group.toBegin, to.begin() + group.toEnd, newShape.begin() + group.toBegin);
    }
  constexpr int64_t mostNumbers = 1 << 20;
  if (ShapedType::getNumElements(newShape) > mostNumbers)
    return std::nullopt;
  return gather(newShape, [&](ArrayRef<int64_t> at) {
    SmallVector<int64_t> source(from.size(), 0);
    for (const DimGroup &group : varying) {
      int64_t inGroup = 0;
      for (int64_t axis = group.toBegin; axis < group.toEnd; ++axis)
        inGroup = inGroup * to[axis] + at[axis];
      llvm::copy(unravel(inGroup, from.slice(group.fromBegin, group.fromEnd - group.fromBegin)), source.begin() + group.fromBegin);
    }
    return getPosition(source);
  });
}

} // namespace bn
