// StoredSearch.cpp - TopK, NonZero and Compress on stored values.
// SPDX-License-Identifier: Apache-2.0

#include "StoredCall.h"

#include <algorithm>
#include <cstring>

using namespace mlir;

namespace bn::reference {

//===----------------------------------------------------------------------===//
// TopK
//===----------------------------------------------------------------------===//

namespace {
/// An element's key and place as one number: the larger one comes first, of equal keys that with the smaller place.
template <typename Key> struct Candidate {
  Key key;
  uint32_t place;
  bool operator>(const Candidate &other) const { return key != other.key ? key > other.key : place < other.place; }
};
} // namespace

/// The k first candidates of a lane, in order. A heap keeps the best so far; most elements are worse than all of it.
template <typename Key> static void selectFirst(ArrayRef<Key> keys, int64_t k, std::vector<Candidate<Key>> &best) {
  constexpr int64_t stride = 64;
  int64_t size = keys.size(), next = 0;
  best.clear();
  auto isBefore = [](const Candidate<Key> &a, const Candidate<Key> &b) { return a > b; };
  bool wantsHeap = k * 8 < size;
  for (; next < (wantsHeap ? k : size); ++next)
    best.push_back({keys[next], static_cast<uint32_t>(next)});
  if (!wantsHeap) {
    if (k < size)
      std::nth_element(best.begin(), best.begin() + k, best.end(), isBefore);
    std::sort(best.begin(), best.begin() + k, isBefore);
    return;
  }
  std::make_heap(best.begin(), best.end(), isBefore);
  for (; next < size; next += stride) {
    Key worst = best.front().key;
    int64_t end = std::min(next + stride, size);
    unsigned better = 0;
    for (int64_t i = next; i < end; ++i)
      better |= keys[i] > worst;
    for (int64_t i = next; better && i < end; ++i)
      if (keys[i] > best.front().key) { // an equal one comes later
        std::pop_heap(best.begin(), best.end(), isBefore);
        best.back() = {keys[i], static_cast<uint32_t>(i)};
        std::push_heap(best.begin(), best.end(), isBefore);
      }
  }
  std::sort_heap(best.begin(), best.end(), isBefore);
}

template <typename T> static void selectLanes(const T *x, AxisView from, int64_t k, bool wantsLargest, T *values, int64_t *places) {
  using Key = decltype(orderKey(T()));
  std::vector<Key> keys(from.size);
  std::vector<Candidate<Key>> best;
  best.reserve(from.size);
  for (int64_t o = 0; o < from.outer; ++o)
    for (int64_t n = 0; n < from.inner; ++n) {
      const T *lane = x + from.offset(o, 0, n);
      for (int64_t i = 0; i < from.size; ++i) {
        Key key = orderKey(lane[i * from.inner]);
        keys[i] = wantsLargest ? key : ~key;
      }
      selectFirst<Key>(keys, k, best);
      for (int64_t i = 0; i < k; ++i) {
        int64_t to = (o * k + i) * from.inner + n;
        values[to] = lane[best[i].place * from.inner];
        places[to] = best[i].place;
      }
    }
}

bool storedTopK(StoredCall &call) {
  ArrayRef<int64_t> shape = call.shape(0);
  int64_t rank = shape.size(), axis = call.node.getInt("axis", -1), k = call.node.getInt("k", 0);
  axis += axis < 0 ? rank : 0;
  if (call.has(1)) {
    std::optional<int64_t> given = call.scalar<int64_t>(1);
    if (!given)
      return false;
    k = *given;
  }
  if (axis < 0 || axis >= rank || k < 0 || k > shape[axis] || shape[axis] > std::numeric_limits<int32_t>::max())
    return false;
  Dims chosen(shape);
  chosen[axis] = k;
  return visitNumbers(call.element(0), [&](auto zero) {
    using T = decltype(zero);
    call.results.reserve(2); // the first result's elements stay where they are
    T *values = call.addResult<T>(call.element(0), chosen);
    int64_t *places = call.addPlaces(chosen);
    if (k > 0)
      selectLanes(call.data<T>(0), AxisView(shape, axis), k, call.node.getInt("largest", 1), values, places);
    return true;
  });
}

//===----------------------------------------------------------------------===//
// NonZero
//===----------------------------------------------------------------------===//

/// Writes the places of row-major elements, one row a dimension.
template <typename T> static void writePlaces(const T *x, ArrayRef<int64_t> shape, int64_t count, int64_t *out) {
  int64_t rank = shape.size(), rowSize = shape.back(), found = 0;
  std::vector<int64_t> own(rowSize + 1); // every element writes its place, the next one over it unless it counts: no branch to guess
  forEachIndex(shape.drop_back(), [&](ArrayRef<int64_t> index) {
    int64_t here = 0;
    for (int64_t i = 0; i < rowSize; ++i) {
      own[here] = i;
      here += x[i] != 0;
    }
    std::copy_n(own.begin(), here, out + (rank - 1) * count + found);
    for (int64_t d = 0; d < rank - 1; ++d)
      std::fill_n(out + d * count + found, here, index[d]);
    found += here;
    x += rowSize;
  });
}

bool storedNonZero(StoredCall &call) {
  ArrayRef<int64_t> shape = call.shape(0);
  int64_t rank = shape.size(), size = countElements(shape);
  if (rank == 0)
    return false;
  return visitNumbers(call.element(0), [&](auto zero) {
    const auto *x = call.data<decltype(zero)>(0);
    int64_t count = 0;
    for (int64_t i = 0; i < size; ++i)
      count += x[i] != 0;
    writePlaces(x, shape, count, call.addPlaces({rank, count}));
    return true;
  });
}

//===----------------------------------------------------------------------===//
// Compress
//===----------------------------------------------------------------------===//

bool storedCompress(StoredCall &call) {
  ArrayRef<int64_t> all = call.shape(0);
  int64_t rank = all.size(), axis = call.node.getInt("axis", 0), width = call.width(0);
  Dims shape(all);
  if (!call.node.getNodeAttr("axis"))
    shape = {countElements(all)}, rank = 1;
  axis += axis < 0 ? rank : 0;
  if (axis < 0 || axis >= rank)
    return false;
  Dims kept;
  const char *condition = call.data<char>(1);
  for (int64_t i = 0, count = std::min(countElements(call.shape(1)), shape[axis]); i < count; ++i)
    if (condition[i])
      kept.push_back(i);
  AxisView from(shape, axis);
  shape[axis] = kept.size();
  char *out = call.addResult<char>(call.element(0), shape);
  for (int64_t o = 0; o < from.outer; ++o)
    for (int64_t i : kept) {
      std::memcpy(out, call.data<char>(0) + from.offset(o, i, 0) * width, from.inner * width);
      out += from.inner * width;
    }
  return true;
}

} // namespace bn::reference
