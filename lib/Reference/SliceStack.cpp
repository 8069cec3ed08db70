// SliceStack.cpp - slices of a tensor along an axis, one an iteration: taken out, and put together.
// SPDX-License-Identifier: Apache-2.0

#include "SliceStack.h"

using namespace mlir;

namespace bn::reference {

LogicalResult addStack(Call &call, std::vector<Tensor> slices, int64_t axis) {
  if (slices.empty()) {
    auto type = dyn_cast<RankedTensorType>(call.node->getResult(call.results.size()).getType());
    if (!type)
      return call.error() << "expected at least one iteration, or a result of known type";
    Dims shape = llvm::map_to_vector<6>(type.getShape(), [](int64_t size) { return ShapedType::isDynamic(size) ? 0 : size; });
    return success(call.addResult(type.getElementType(), shape));
  }
  const Tensor &first = slices.front();
  FailureOr<int64_t> at = call.getAxis(axis, first.shape.size() + 1);
  if (failed(at))
    return failure();
  Dims shape(first.shape);
  shape.insert(shape.begin() + *at, slices.size());
  Tensor *y = call.addResult(first.elementType, shape);
  if (!y)
    return failure();
  AxisView view(shape, *at);
  for (auto [i, slice] : llvm::enumerate(slices)) {
    if (slice.getType() != first.getType())
      return call.error() << "expected every iteration to give " << first.getType() << ", got " << slice.getType();
    std::visit(
        [&, i = i, &slice = slice](auto &out) {
          const auto &in = std::get<std::decay_t<decltype(out)>>(slice.values);
          for (int64_t o = 0; o < view.outer; ++o)
            std::copy_n(in.begin() + o * view.inner, view.inner, out.begin() + view.offset(o, i, 0));
        },
        y->values);
  }
  return success();
}

Tensor takeSlice(const Tensor &x, int64_t axis, int64_t i) {
  Dims shape(x.shape);
  shape.erase(shape.begin() + axis);
  Tensor y = makeTensor(x.elementType, shape);
  AxisView view(x.shape, axis);
  std::visit(
      [&](auto &out) {
        const auto &in = std::get<std::decay_t<decltype(out)>>(x.values);
        for (int64_t o = 0; o < view.outer; ++o)
          std::copy_n(in.begin() + view.offset(o, i, 0), view.inner, out.begin() + o * view.inner);
      },
      y.values);
  return y;
}

} // namespace bn::reference
