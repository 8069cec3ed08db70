// RunningSum.cpp - CumSum and CumProd: sums and products of all elements up to each.
// SPDX-License-Identifier: Apache-2.0

#include "Convert.h"
#include "Lanes.h"

using namespace mlir;

namespace bn::reference {

/// out[j] = f over all elements up to j, without j itself where exclusive; from the end where reversed.
template <typename T, typename Function>
static void scan(const Lanes &lanes, ArrayRef<T> in, std::vector<T> &out, bool exclusive, bool reverse, T start, Function f) {
  int64_t size = lanes.steps.size();
  for (int64_t lane : lanes.starts) {
    T sum = start;
    for (int64_t i = 0; i < size; ++i) {
      int64_t at = lane + lanes.steps[reverse ? size - 1 - i : i];
      T next = f(sum, in[at]);
      out[at] = exclusive ? sum : next;
      sum = next;
    }
  }
}

template <typename Function> static LogicalResult scanAxis(Call &call, int64_t start, Function f) {
  const Tensor &x = call[0];
  FailureOr<int64_t> given = call.getInteger(1);
  if (failed(given))
    return failure();
  FailureOr<int64_t> axis = call.getAxis(*given, x.shape.size());
  if (failed(axis))
    return failure();
  Tensor *y = call.addResult(x.elementType, x.shape);
  if (!y)
    return failure();
  Lanes lanes(x.shape, *axis);
  bool exclusive = call.node.getInt("exclusive", 0), reverse = call.node.getInt("reverse", 0);
  if (isa<FloatType>(x.elementType))
    scan<double>(lanes, x.reals(), y->mutableReals(), exclusive, reverse, start, f);
  else
    scan<int64_t>(lanes, x.integers(), y->mutableIntegers(), exclusive, reverse, start,
                  [&](uint64_t a, uint64_t b) { return wrapToType(x.elementType, f(a, b)); });
  return success();
}

static LogicalResult cumSum(Call &call) {
  return scanAxis(call, 0, [](auto a, auto b) { return a + b; });
}
static LogicalResult cumProd(Call &call) {
  return scanAxis(call, 1, [](auto a, auto b) { return a * b; });
}

ArrayRef<Operator> getRunningSums() {
  static constexpr Operator table[] = {{"CumProd", "number integer", cumProd}, {"CumSum", "number integer", cumSum}};
  return table;
}

} // namespace bn::reference
