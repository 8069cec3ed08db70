// BroadcastMap.cpp - a·x + b whose numbers vary along some axes of x.
// SPDX-License-Identifier: Apache-2.0

#include "BroadcastMap.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

using namespace mlir;

namespace bn {

/// Coordinates of the element at `position` of a tensor of this shape.
static SmallVector<int64_t> unravel(int64_t position, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> coordinates(shape.size());
  for (int64_t axis = shape.size() - 1; axis >= 0; --axis) {
    coordinates[axis] = position % shape[axis];
    position /= shape[axis];
  }
  return coordinates;
}

//===----------------------------------------------------------------------===//
// Making and reading
//===----------------------------------------------------------------------===//

BroadcastMap BroadcastMap::uniform(double scale, double offset) {
  BroadcastMap result;
  result.map = {{scale}, {offset}};
  return result;
}

BroadcastMap BroadcastMap::along(int64_t axis, int64_t rank, ChannelMap map) {
  BroadcastMap result;
  result.shape.assign(rank, 1);
  result.shape[axis] = map.scale.size();
  result.map = std::move(map);
  result.normalize();
  return result;
}

bool BroadcastMap::hasNegativeScale() const {
  return llvm::any_of(map.scale, [](double a) { return a < 0; });
}

BroadcastMap BroadcastMap::onlyScale() const {
  BroadcastMap result = *this;
  llvm::fill(result.map.offset, 0);
  result.normalize();
  return result;
}

BroadcastMap BroadcastMap::inverseScale() const {
  BroadcastMap inverse = onlyScale();
  for (double &a : inverse.map.scale)
    a = 1 / a;
  return inverse;
}

BroadcastMap BroadcastMap::onlyOffset() const {
  BroadcastMap result = *this;
  llvm::fill(result.map.scale, 1);
  result.normalize();
  return result;
}

std::optional<BroadcastMap> BroadcastMap::offsetBeforeScale() const {
  BroadcastMap result = *this;
  for (auto [a, b] : llvm::zip_equal(result.map.scale, result.map.offset)) {
    if (b != 0 && !std::isfinite(b / a))
      return std::nullopt;
    b = b == 0 ? 0 : b / a;
    a = 1;
  }
  result.normalize();
  return result;
}

BroadcastMap BroadcastMap::withNegatedOffset() const {
  BroadcastMap result = *this;
  for (double &b : result.map.offset)
    b = -b;
  return result;
}

std::optional<BroadcastMap> BroadcastMap::combine(const BroadcastMap &outer, const BroadcastMap &inner,
                                                  llvm::function_ref<ChannelMap(const ChannelMap &, const ChannelMap &)> numbers) {
  SmallVector<int64_t> shape = outer.isUniform() ? inner.shape : outer.shape;
  for (auto [axis, size] : llvm::enumerate(shape))
    if (int64_t other = inner.variesAlong(axis) ? inner.shape[axis] : 1; size == 1)
      size = other;
    else if (other != 1 && other != size)
      return std::nullopt;
  auto spread = [&](const BroadcastMap &map) {
    BroadcastMap ranked = map;
    if (map.isUniform())
      ranked.shape.assign(shape.size(), 1);
    ChannelMap result;
    for (int64_t i = 0, count = ShapedType::getNumElements(shape); i < count; ++i) {
      int64_t from = ranked.getPosition(unravel(i, shape));
      result.scale.push_back(map.map.scale[from]);
      result.offset.push_back(map.map.offset[from]);
    }
    return result;
  };
  BroadcastMap result;
  result.map = numbers(spread(outer), spread(inner));
  result.shape = shape;
  result.normalize();
  return result;
}

std::optional<SmallVector<double>> BroadcastMap::apply(ArrayRef<double> values, SmallVectorImpl<int64_t> &dims) const {
  assert(isUniform() || shape.size() == dims.size());
  SmallVector<int64_t> from(dims.begin(), dims.end());
  for (auto [axis, size] : llvm::enumerate(shape))
    if (size != 1 && dims[axis] == 1)
      dims[axis] = size;
  int64_t most = std::max(ShapedType::getNumElements(from), ShapedType::getNumElements(shape));
  if (ShapedType::getNumElements(dims) > most) // an outer product: more numbers than before
    return std::nullopt;
  SmallVector<double> result;
  for (int64_t i = 0, count = ShapedType::getNumElements(dims); i < count; ++i) {
    SmallVector<int64_t> at = unravel(i, dims);
    int64_t position = isUniform() ? 0 : getPosition(at), source = 0;
    for (auto [coordinate, size] : llvm::zip_equal(at, from))
      source = source * size + (size == 1 ? 0 : coordinate);
    result.push_back(values[source] * map.scale[position] + map.offset[position]);
  }
  return result;
}

std::optional<int64_t> BroadcastMap::getAxis() const {
  std::optional<int64_t> found;
  for (auto [axis, size] : llvm::enumerate(shape)) {
    if (size == 1)
      continue;
    if (found)
      return std::nullopt;
    found = axis;
  }
  return found;
}

Reason BroadcastMap::getAlong(int64_t axis, int64_t channels, ChannelMap &result) const {
  if (isUniform()) {
    result = map.spread(channels);
    return Reason::None;
  }
  if (getAxis() != axis || shape[axis] != channels)
    return Reason::AxisMismatch;
  result = map;
  return Reason::None;
}

//===----------------------------------------------------------------------===//
// Changing the layout
//===----------------------------------------------------------------------===//

int64_t BroadcastMap::getPosition(ArrayRef<int64_t> coordinates) const {
  int64_t position = 0;
  for (auto [coordinate, size] : llvm::zip_equal(coordinates, shape))
    position = position * size + (size == 1 ? 0 : coordinate);
  return position;
}

BroadcastMap BroadcastMap::gather(ArrayRef<int64_t> newShape, llvm::function_ref<int64_t(ArrayRef<int64_t>)> position) const {
  BroadcastMap result;
  result.shape.assign(newShape.begin(), newShape.end());
  int64_t count = ShapedType::getNumElements(newShape);
  for (int64_t i = 0; i < count; ++i) {
    int64_t from = position(unravel(i, newShape));
    result.map.scale.push_back(from < 0 ? 1 : map.scale[from]);
    result.map.offset.push_back(from < 0 ? 0 : map.offset[from]);
  }
  result.normalize();
  return result;
}

void BroadcastMap::normalize() {
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] == 1)
      continue;
    int64_t size = shape[axis], inner = ShapedType::getNumElements(ArrayRef(shape).drop_front(axis + 1)),
            outer = map.scale.size() / (size * inner);
    auto isFirst = [&](ArrayRef<double> values) {
      for (int64_t i = 0; i < outer * size * inner; ++i)
        if (values[i] != values[i / (size * inner) * (size * inner) + i % inner])
          return false;
      return true;
    };
    if (!isFirst(map.scale) || !isFirst(map.offset))
      continue;
    ChannelMap kept;
    for (int64_t i = 0; i < outer * inner; ++i) {
      int64_t from = i / inner * (size * inner) + i % inner;
      kept.scale.push_back(map.scale[from]);
      kept.offset.push_back(map.offset[from]);
    }
    map = std::move(kept);
    shape[axis] = 1;
  }
  if (ShapedType::getNumElements(shape) == 1)
    shape.clear();
}

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
