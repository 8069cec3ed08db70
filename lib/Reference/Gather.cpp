// Gather.cpp - operators that move elements by index tensors: ONNX category tensor.
// SPDX-License-Identifier: Apache-2.0

#include "Convert.h"
#include "Select.h"

#include "llvm/ADT/Sequence.h"

using namespace mlir;

namespace bn::reference {

/// The indices, counted from the front; fails where one is outside a dimension of `size`.
static FailureOr<std::vector<int64_t>> normalize(Call &call, ArrayRef<int64_t> indices, int64_t size) {
  std::vector<int64_t> result(indices);
  for (int64_t &index : result) {
    if (index < -size || index >= size)
      return call.error() << "expected indices between " << -size << " and " << size - 1 << ", got " << index;
    index += index < 0 ? size : 0;
  }
  return result;
}

static LogicalResult gather(Call &call) {
  const Tensor &x = call[0], &indices = call[1];
  FailureOr<int64_t> axis = call.getAxis(call.node.getInt("axis", 0), x.shape.size());
  if (failed(axis))
    return failure();
  FailureOr<std::vector<int64_t>> places = normalize(call, indices.integers(), x.shape[*axis]);
  if (failed(places))
    return failure();
  Dims shape(ArrayRef(x.shape).take_front(*axis)), strides = getStrides(x.shape), placeStrides = getStrides(indices.shape);
  llvm::append_range(shape, indices.shape);
  llvm::append_range(shape, ArrayRef(x.shape).drop_front(*axis + 1));
  size_t inner = *axis + indices.shape.size();
  return addSelected(call, x, shape, [&](ArrayRef<int64_t> index) {
    int64_t place = (*places)[dot(index.slice(*axis, indices.shape.size()), placeStrides)];
    return dot(index.take_front(*axis), strides) + place * strides[*axis] +
           dot(index.drop_front(inner), ArrayRef(strides).drop_front(*axis + 1));
  });
}

/// Fails unless `indices` has the rank of `data` and no larger sizes except along `axis`.
static LogicalResult checkElementwiseIndices(Call &call, const Tensor &data, const Tensor &indices, int64_t axis) {
  bool fits = indices.shape.size() == data.shape.size();
  for (int64_t d = 0; fits && d < static_cast<int64_t>(data.shape.size()); ++d)
    fits = d == axis || indices.shape[d] <= data.shape[d];
  if (!fits)
    return call.error() << "expected indices within the shape of " << data.getType() << ", got " << indices.getType();
  return success();
}

static LogicalResult gatherElements(Call &call) {
  const Tensor &x = call[0], &indices = call[1];
  FailureOr<int64_t> axis = call.getAxis(call.node.getInt("axis", 0), x.shape.size());
  if (failed(axis) || failed(checkElementwiseIndices(call, x, indices, *axis)))
    return failure();
  FailureOr<std::vector<int64_t>> places = normalize(call, indices.integers(), x.shape[*axis]);
  if (failed(places))
    return failure();
  Dims strides = getStrides(x.shape);
  size_t next = 0;
  return addSelected(call, x, indices.shape,
                     [&](ArrayRef<int64_t> index) { return dot(index, strides) + ((*places)[next++] - index[*axis]) * strides[*axis]; });
}

//===----------------------------------------------------------------------===//
// Index vectors
//===----------------------------------------------------------------------===//

/// Offsets of the blocks that the innermost vectors of `indices` name in `data`, from dimension `batchDims` on.
static FailureOr<std::vector<int64_t>> getBlockOffsets(Call &call, const Tensor &data, const Tensor &indices, int64_t batchDims) {
  int64_t rank = data.shape.size();
  bool fits = !indices.shape.empty() && batchDims >= 0 && batchDims < static_cast<int64_t>(indices.shape.size()) &&
              indices.shape.back() <= rank - batchDims &&
              ArrayRef(data.shape).take_front(std::min(batchDims, rank)) == ArrayRef(indices.shape).take_front(batchDims);
  if (!fits)
    return call.error() << "expected indices into " << data.getType() << ", got " << indices.getType();
  Dims strides = getStrides(data.shape), vectors(ArrayRef(indices.shape).drop_back());
  int64_t depth = indices.shape.back(), next = 0;
  std::vector<int64_t> offsets;
  bool inside = true;
  forEachIndex(vectors, [&](ArrayRef<int64_t> index) {
    int64_t offset = dot(index.take_front(batchDims), strides);
    for (int64_t d = batchDims; d < batchDims + depth; ++d) {
      int64_t place = indices.integers()[next++], size = data.shape[d];
      inside &= place >= -size && place < size;
      offset += (place < 0 ? place + size : place) * strides[d];
    }
    offsets.push_back(offset);
  });
  if (!inside)
    return call.error() << "expected indices inside " << data.getType() << ", got others";
  return offsets;
}

static LogicalResult gatherND(Call &call) {
  const Tensor &x = call[0], &indices = call[1];
  int64_t batchDims = call.node.getInt("batch_dims", 0);
  FailureOr<std::vector<int64_t>> offsets = getBlockOffsets(call, x, indices, batchDims);
  if (failed(offsets))
    return failure();
  Dims shape(ArrayRef(indices.shape).drop_back());
  ArrayRef<int64_t> block = ArrayRef(x.shape).drop_front(batchDims + indices.shape.back());
  llvm::append_range(shape, block);
  int64_t size = countElements(block), next = 0;
  return addSelected(call, x, shape, [&](ArrayRef<int64_t>) {
    int64_t offset = (*offsets)[next / size] + next % size;
    ++next;
    return offset;
  });
}

//===----------------------------------------------------------------------===//
// Scatter
//===----------------------------------------------------------------------===//

/// Combines what is there with what comes, as `reduction` says.
template <typename T> static void combine(StringRef reduction, T &old, const T &update) {
  if constexpr (!std::is_same_v<T, std::string>) {
    using Number = std::conditional_t<std::is_same_v<T, int64_t>, uint64_t, T>; // integers wrap
    if (reduction == "add")
      old = static_cast<Number>(old) + static_cast<Number>(update);
    else if (reduction == "mul")
      old = static_cast<Number>(old) * static_cast<Number>(update);
    else if (reduction == "max")
      old = std::max(old, update);
    else if (reduction == "min")
      old = std::min(old, update);
    else
      old = update;
  } else {
    old = update;
  }
}

/// Adds the first operand with `updates` combined into it, update i at the offset `target(i)`.
template <typename Target> static LogicalResult scatter(Call &call, const Tensor &updates, Target target) {
  if (updates.elementType != call[0].elementType)
    return call.error() << "expected updates of type " << call[0].elementType << ", got " << updates.elementType;
  StringRef reduction = call.node.getString("reduction", "none");
  call.results.push_back(call[0]);
  std::visit(
      [&](auto &out) {
        const auto &in = std::get<std::decay_t<decltype(out)>>(updates.values);
        for (size_t i = 0; i < in.size(); ++i)
          combine(reduction, out[target(i)], in[i]);
      },
      call.results[0].values);
  if (auto *integers = std::get_if<std::vector<int64_t>>(&call.results[0].values))
    for (int64_t &value : *integers)
      value = wrapToType(call[0].elementType, value);
  return success();
}

static LogicalResult scatterElements(Call &call) {
  const Tensor &x = call[0], &indices = call[1], &updates = call[2];
  FailureOr<int64_t> axis = call.getAxis(call.node.getInt("axis", 0), x.shape.size());
  if (failed(axis) || failed(checkElementwiseIndices(call, x, indices, *axis)))
    return failure();
  if (updates.shape != indices.shape)
    return call.error() << "expected updates of the indices' shape, got " << updates.getType() << " and " << indices.getType();
  FailureOr<std::vector<int64_t>> places = normalize(call, indices.integers(), x.shape[*axis]);
  if (failed(places))
    return failure();
  Dims strides = getStrides(x.shape);
  std::vector<int64_t> offsets;
  forEachIndex(indices.shape, [&](ArrayRef<int64_t> index) {
    offsets.push_back(dot(index, strides) + ((*places)[offsets.size()] - index[*axis]) * strides[*axis]);
  });
  return scatter(call, updates, [&](size_t i) { return offsets[i]; });
}

static LogicalResult scatterND(Call &call) {
  const Tensor &x = call[0], &indices = call[1], &updates = call[2];
  FailureOr<std::vector<int64_t>> offsets = getBlockOffsets(call, x, indices, 0);
  if (failed(offsets))
    return failure();
  Dims shape(ArrayRef(indices.shape).drop_back());
  llvm::append_range(shape, ArrayRef(x.shape).drop_front(indices.shape.back()));
  if (updates.shape != shape)
    return call.error() << "expected updates of one block per index, got " << updates.getType();
  size_t size = countElements(ArrayRef(x.shape).drop_front(indices.shape.back()));
  return scatter(call, updates, [&](size_t i) { return (*offsets)[i / size] + i % size; });
}

//===----------------------------------------------------------------------===//
// Others
//===----------------------------------------------------------------------===//

/// The first `sequence_lens[b]` steps of every sequence in reverse order.
static LogicalResult reverseSequence(Call &call) {
  const Tensor &x = call[0];
  int64_t rank = x.shape.size();
  FailureOr<int64_t> batch = call.getAxis(call.node.getInt("batch_axis", 1), rank),
                     time = call.getAxis(call.node.getInt("time_axis", 0), rank);
  if (failed(batch) || failed(time))
    return failure();
  ArrayRef<int64_t> lengths = call[1].integers();
  if (static_cast<int64_t>(lengths.size()) != x.shape[*batch])
    return call.error() << "expected " << x.shape[*batch] << " lengths, got " << lengths.size();
  for (int64_t length : lengths)
    if (length < 0 || length > x.shape[*time])
      return call.error() << "expected lengths up to " << x.shape[*time] << ", got " << length;
  Dims strides = getStrides(x.shape);
  return addSelected(call, x, x.shape, [&](ArrayRef<int64_t> index) {
    int64_t length = lengths[index[*batch]], step = index[*time], from = step < length ? length - 1 - step : step;
    return dot(index, strides) + (from - step) * strides[*time];
  });
}

/// Two values, off and on; on where the index along the new axis is the given one.
static LogicalResult oneHot(Call &call) {
  const Tensor &indices = call[0], &values = call[2];
  if (call[1].getNumElements() != 1 || values.getNumElements() != 2)
    return call.error() << "expected a scalar depth and two values, got " << call[1].getType() << " and " << values.getType();
  auto asInteger = [](const Tensor &t, size_t i) { return isa<FloatType>(t.elementType) ? truncate(t.reals()[i]) : t.integers()[i]; };
  int64_t depth = asInteger(call[1], 0);
  FailureOr<int64_t> axis = call.getAxis(call.node.getInt("axis", -1), indices.shape.size() + 1);
  if (failed(axis))
    return failure();
  Dims shape(indices.shape), strides = getStrides(indices.shape);
  shape.insert(shape.begin() + *axis, depth);
  strides.insert(strides.begin() + *axis, 0);
  return addSelected(call, values, shape, [&](ArrayRef<int64_t> index) {
    int64_t place = asInteger(indices, dot(index, strides));
    return int64_t((place < 0 ? place + depth : place) == index[*axis]);
  });
}

ArrayRef<Operator> getGathers() {
  static constexpr Operator table[] = {
      {"Gather", "any integer", gather},
      {"GatherElements", "any integer", gatherElements},
      {"GatherND", "any integer", gatherND},
      {"OneHot", "number number any", oneHot},
      {"ReverseSequence", "any integer", reverseSequence},
      {"Scatter", "any integer any", scatterElements},
      {"ScatterElements", "any integer any", scatterElements},
      {"ScatterND", "any integer any", scatterND},
  };
  return table;
}

} // namespace bn::reference
