// Search.cpp - Unique: the different slices of a tensor.
// SPDX-License-Identifier: Apache-2.0

#include "Operator.h"

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

ArrayRef<Operator> getSearches() {
  static constexpr Operator table[] = {{"Unique", "any", unique}};
  return table;
}

} // namespace bn::reference
