// Search.cpp - operators that find elements by what they are: Unique, Compress, NonZero, TopK.
// SPDX-License-Identifier: Apache-2.0

#include "Select.h"

#include "llvm/ADT/Sequence.h"

#include <cmath>
#include <numeric>

using namespace mlir;

namespace bn::reference {

namespace {
/// The slices of a tensor along an axis, or its elements.
template <typename T> struct Slices {
  ArrayRef<T> values;
  AxisView view;

  /// Negative, zero or positive, as slice a is before, like or behind slice b.
  int compare(int64_t a, int64_t b) const {
    for (int64_t o = 0; o < view.outer; ++o)
      for (int64_t n = 0; n < view.inner; ++n) {
        const T &x = values[view.offset(o, a, n)], &y = values[view.offset(o, b, n)];
        if (x != y)
          return x < y ? -1 : 1;
      }
    return 0;
  }
};

/// Groups of equal slices: for each its first slice, for each slice its group.
struct Groups {
  std::vector<int64_t> first, counts, inverse;
};
} // namespace

template <typename T> static Groups group(const Slices<T> &slices, bool isSorted) {
  std::vector<int64_t> order(slices.view.size);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return slices.compare(a, b) < 0; });
  std::vector<SmallVector<int64_t>> members;
  for (int64_t i : order) {
    if (members.empty() || slices.compare(members.back().front(), i) != 0)
      members.emplace_back();
    members.back().push_back(i);
  }
  if (!isSorted)
    llvm::sort(members, [](const auto &a, const auto &b) { return a.front() < b.front(); });
  Groups groups;
  groups.inverse.resize(order.size());
  for (auto [index, same] : llvm::enumerate(members)) {
    groups.first.push_back(same.front());
    groups.counts.push_back(same.size());
    for (int64_t i : same)
      groups.inverse[i] = index;
  }
  return groups;
}

static LogicalResult unique(Call &call) {
  const Tensor &x = call[0];
  auto axisAttr = dyn_cast_or_null<IntegerAttr>(call.node.getNodeAttr("axis"));
  FailureOr<int64_t> axis = axisAttr ? call.getAxis(axisAttr.getInt(), x.shape.size()) : 0;
  if (failed(axis))
    return failure();
  Dims shape = axisAttr ? x.shape : Dims{x.getNumElements()};
  AxisView view(shape, *axis);
  return std::visit(
      [&](const auto &values) -> LogicalResult {
        using Element = typename std::decay_t<decltype(values)>::value_type;
        Groups groups = group(Slices<Element>{values, view}, call.node.getInt("sorted", 1));
        shape[*axis] = groups.first.size();
        Tensor *y = call.addResult(x.elementType, shape);
        if (!y)
          return failure();
        AxisView out(shape, *axis);
        auto &results = std::get<std::decay_t<decltype(values)>>(y->values);
        for (int64_t o = 0; o < out.outer; ++o)
          for (int64_t i = 0; i < out.size; ++i)
            for (int64_t n = 0; n < out.inner; ++n)
              results[out.offset(o, i, n)] = values[view.offset(o, groups.first[i], n)];
        for (std::vector<int64_t> *list : {&groups.first, &groups.inverse, &groups.counts})
          if (Tensor *more = call.addResult(IntegerType::get(call.node->getContext(), 64), static_cast<int64_t>(list->size())))
            more->mutableIntegers() = std::move(*list);
        return success(call.results.size() == 4);
      },
      x.values);
}

/// Indices of true elements, one row a dimension.
static LogicalResult nonZero(Call &call) {
  const Tensor &x = call[0];
  std::vector<Dims> found;
  size_t at = 0;
  forEachIndex(x.shape, [&](ArrayRef<int64_t> index) {
    bool isSet = isa<FloatType>(x.elementType) ? x.reals()[at] != 0 : x.integers()[at] != 0;
    ++at;
    if (isSet)
      found.emplace_back(index);
  });
  int64_t rank = x.shape.size(), count = found.size();
  Tensor *y = call.addResult(IntegerType::get(call.node->getContext(), 64), {rank, count});
  if (!y)
    return failure();
  for (int64_t d = 0; d < rank; ++d)
    for (int64_t i = 0; i < count; ++i)
      y->mutableIntegers()[d * count + i] = found[i][d];
  return success();
}

/// The slices along `axis` (elements of the flat tensor without) whose condition is true.
static LogicalResult compress(Call &call) {
  Tensor x = call[0];
  if (!call.node.getNodeAttr("axis"))
    x.shape = {x.getNumElements()};
  FailureOr<int64_t> axis = call.getAxis(call.node.getInt("axis", 0), x.shape.size());
  if (failed(axis))
    return failure();
  Dims kept;
  for (auto [i, isKept] : llvm::enumerate(call[1].integers()))
    if (isKept && static_cast<int64_t>(i) < x.shape[*axis])
      kept.push_back(i);
  Dims shape(x.shape), strides = getStrides(x.shape);
  shape[*axis] = kept.size();
  return addSelected(call, x, shape,
                     [&](ArrayRef<int64_t> index) { return dot(index, strides) + (kept[index[*axis]] - index[*axis]) * strides[*axis]; });
}

/// The k largest (smallest) of every lane and their places; the earlier one of equals first.
static LogicalResult topK(Call &call) {
  const Tensor &x = call[0];
  FailureOr<int64_t> axis = call.getAxis(call.node.getInt("axis", -1), x.shape.size());
  if (failed(axis))
    return failure();
  int64_t k = call.node.getInt("k", 0);
  if (call.get(1)) {
    FailureOr<int64_t> given = call.getInteger(1);
    if (failed(given))
      return failure();
    k = *given;
  }
  if (k < 0 || k > x.shape[*axis])
    return call.error() << "expected at most " << x.shape[*axis] << " elements, got " << k;
  bool wantsLargest = call.node.getInt("largest", 1), isUnsigned = x.elementType.isUnsignedInteger();
  AxisView view(x.shape, *axis);
  Dims shape(x.shape);
  shape[*axis] = k;
  Tensor places = makeTensor(IntegerType::get(call.node->getContext(), 64), shape);
  auto less = [&](int64_t a, int64_t b) {
    if (isa<FloatType>(x.elementType)) // NaN counts as the largest, so that there is an order
      return !std::isnan(x.reals()[a]) && (std::isnan(x.reals()[b]) || x.reals()[a] < x.reals()[b]);
    return isUnsigned ? uint64_t(x.integers()[a]) < uint64_t(x.integers()[b]) : x.integers()[a] < x.integers()[b];
  };
  AxisView to(shape, *axis);
  for (int64_t o = 0; o < view.outer; ++o)
    for (int64_t n = 0; n < view.inner; ++n) {
      Dims order = llvm::to_vector<6>(llvm::seq<int64_t>(0, view.size));
      llvm::sort(order, [&](int64_t a, int64_t b) {
        int64_t first = view.offset(o, a, n), second = view.offset(o, b, n);
        bool isBefore = wantsLargest ? less(second, first) : less(first, second);
        bool isAfter = wantsLargest ? less(first, second) : less(second, first);
        return isBefore || (!isAfter && a < b);
      });
      for (int64_t i = 0; i < k; ++i)
        places.mutableIntegers()[to.offset(o, i, n)] = order[i];
    }
  Dims strides = getStrides(x.shape);
  size_t next = 0;
  LogicalResult selected = addSelected(call, x, shape, [&](ArrayRef<int64_t> index) {
    return dot(index, strides) + (places.integers()[next++] - index[*axis]) * strides[*axis];
  });
  call.results.push_back(std::move(places));
  return selected;
}

ArrayRef<Operator> getSearches() {
  static constexpr Operator table[] = {
      {"Compress", "any integer", compress},
      {"NonZero", "number", nonZero},
      {"TopK", "number integer?", topK},
      {"Unique", "any", unique},
  };
  return table;
}

} // namespace bn::reference
