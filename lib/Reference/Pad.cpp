// Pad.cpp - borders around a tensor, in all modes; negative ones cut.
// SPDX-License-Identifier: Apache-2.0

#include "Select.h"

using namespace mlir;

namespace bn::reference {

namespace {
/// Elements to add before and after each dimension.
struct Borders {
  Dims begin, end;
};
} // namespace

/// The pads are an attribute before version 11 (`paddings` in version 1); from version 18 on they may be for some axes only.
static FailureOr<Borders> readBorders(Call &call) {
  int64_t rank = call[0].shape.size();
  std::optional<ArrayRef<int64_t>> pads = call.getList(1, call.version() < 2 ? "paddings" : "pads");
  std::optional<ArrayRef<int64_t>> axes = call.get(3) ? std::optional(call[3].integers()) : std::nullopt;
  size_t count = axes ? axes->size() : rank;
  if (!pads || pads->size() != 2 * count)
    return call.error() << "expected " << 2 * count << " pads, got " << (pads ? pads->size() : 0);
  Borders borders{Dims(rank, 0), Dims(rank, 0)};
  for (size_t i = 0; i < count; ++i) {
    FailureOr<int64_t> axis = call.getAxis(axes ? (*axes)[i] : i, rank);
    if (failed(axis))
      return failure();
    borders.begin[*axis] = (*pads)[i], borders.end[*axis] = (*pads)[count + i];
  }
  return borders;
}

/// Where mode `mode` takes the element at `position` of a dimension from; −1 for the constant.
static int64_t getSource(StringRef mode, int64_t position, int64_t size) {
  if (position >= 0 && position < size)
    return position;
  if (mode == "edge")
    return position < 0 ? 0 : size - 1;
  if (mode == "wrap")
    return (position % size + size) % size;
  if (mode == "reflect") {
    int64_t period = std::max<int64_t>(1, 2 * (size - 1)), within = (position % period + period) % period;
    return std::min(within, period - within) % size;
  }
  return -1;
}

/// Sets every element that no source has to the constant.
static LogicalResult pad(Call &call) {
  const Tensor &x = call[0], *constant = call.get(2);
  StringRef mode = call.node.getString("mode", "constant");
  FailureOr<Borders> borders = readBorders(call);
  if (failed(borders))
    return failure();
  if (constant && (constant->getNumElements() != 1 || constant->elementType != x.elementType))
    return call.error() << "expected a scalar of the input's type, got " << constant->getType();
  Dims shape(x.shape), strides = getStrides(x.shape);
  for (size_t d = 0; d < shape.size(); ++d) {
    if (llvm::AddOverflow(shape[d], borders->begin[d], shape[d]) || llvm::AddOverflow(shape[d], borders->end[d], shape[d]))
      return call.error() << "expected pads that fit, got " << borders->begin[d] << " and " << borders->end[d];
    if (mode != "constant" && x.shape[d] == 0 && shape[d] > 0)
      return call.error() << "expected elements along axis " << d << " to pad with, got none";
  }
  Tensor fill = constant ? *constant : makeTensor(x.elementType, {1});
  if (!constant && isa<FloatType>(x.elementType))
    fill.mutableReals()[0] = call.node.getFloat("value", 0);
  if (!call.addResult(x.elementType, shape))
    return failure();
  std::visit(
      [&](auto &out) {
        using Values = std::decay_t<decltype(out)>;
        size_t next = 0;
        forEachIndex(shape, [&](ArrayRef<int64_t> index) {
          int64_t offset = 0;
          for (size_t d = 0; d < index.size() && offset >= 0; ++d) {
            int64_t source = getSource(mode, index[d] - borders->begin[d], x.shape[d]);
            offset = source < 0 ? -1 : offset + source * strides[d];
          }
          out[next++] = offset < 0 ? std::get<Values>(fill.values)[0] : std::get<Values>(x.values)[offset];
        });
      },
      call.results[0].values);
  return success();
}

ArrayRef<Operator> getPads() {
  static constexpr Operator table[] = {{"Pad", "any integer? any? integer?", pad}};
  return table;
}

} // namespace bn::reference
