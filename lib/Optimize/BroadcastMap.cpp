// BroadcastMap.cpp - a·x + b whose numbers vary along some axes of x.
// SPDX-License-Identifier: Apache-2.0

#include "BroadcastMap.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLExtras.h"

#include <cmath>

using namespace mlir;

namespace bn {

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
// Positions
//===----------------------------------------------------------------------===//

SmallVector<int64_t> BroadcastMap::unravel(int64_t position, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> coordinates(shape.size());
  for (int64_t axis = shape.size() - 1; axis >= 0; --axis) {
    coordinates[axis] = position % shape[axis];
    position /= shape[axis];
  }
  return coordinates;
}

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

} // namespace bn
