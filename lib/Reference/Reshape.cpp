// Reshape.cpp - operators that keep every element in its place, ask for shapes, or make tensors from shapes.
// SPDX-License-Identifier: Apache-2.0

#include "Operator.h"

#include <cmath>

using namespace mlir;

namespace bn::reference {

static Type getInt64(const Call &call) { return IntegerType::get(call.node->getContext(), 64); }

/// The first operand in another shape.
static LogicalResult addReshaped(Call &call, ArrayRef<int64_t> shape) {
  if (failed(call.checkShape(shape)))
    return failure();
  if (countElements(shape) != call[0].getNumElements())
    return call.error() << "expected a shape of " << call[0].getNumElements() << " elements, got " << countElements(shape);
  Tensor y = call[0];
  y.shape.assign(shape.begin(), shape.end());
  call.results.push_back(std::move(y));
  return success();
}

/// 0 copies a dimension of the input unless `allowzero` is set, one −1 takes what is left.
static LogicalResult reshape(Call &call) {
  const Tensor &x = call[0];
  std::optional<ArrayRef<int64_t>> wanted = call.getList(1, "shape");
  if (!wanted)
    return call.error() << "expected a shape, got none";
  Dims shape(*wanted);
  for (auto [d, size] : llvm::enumerate(shape)) {
    if (size != 0 || call.node.getInt("allowzero", 0))
      continue;
    if (d >= x.shape.size())
      return call.error() << "expected a size for dimension " << d << " of an input of rank " << x.shape.size() << ", got 0";
    size = x.shape[d];
  }
  int64_t known = 1;
  for (int64_t size : shape)
    if (size != -1 && llvm::MulOverflow(known, size, known))
      return call.error() << "expected a shape of " << x.getNumElements() << " elements, got far more";
  if (llvm::count(shape, -1) > 1 || (llvm::is_contained(shape, -1) && known == 0 && x.getNumElements() != 0))
    return call.error() << "expected a shape with one size to infer, got an ambiguous one";
  if (auto *open = llvm::find(shape, -1); open != shape.end())
    *open = known == 0 ? 0 : x.getNumElements() / known;
  return addReshaped(call, shape);
}

static LogicalResult flatten(Call &call) {
  ArrayRef<int64_t> shape = call[0].shape;
  int64_t rank = shape.size(), axis = call.node.getInt("axis", 1);
  if (axis < -rank || axis > rank)
    return call.error() << "expected 'axis' between " << -rank << " and " << rank << ", got " << axis;
  axis += axis < 0 ? rank : 0;
  return addReshaped(call, {countElements(shape.take_front(axis)), countElements(shape.drop_front(axis))});
}

/// Without axes all dimensions of size 1 go.
static LogicalResult squeeze(Call &call) {
  ArrayRef<int64_t> shape = call[0].shape;
  std::optional<ArrayRef<int64_t>> list = call.getList(1, "axes");
  FailureOr<Dims> axes = call.getAxes(list.value_or(ArrayRef<int64_t>()), shape.size());
  if (failed(axes))
    return failure();
  Dims kept;
  for (auto [d, size] : llvm::enumerate(shape)) {
    bool goes = list ? llvm::is_contained(*axes, d) : size == 1;
    if (goes && size != 1)
      return call.error() << "expected size 1 along axis " << d << ", got " << size;
    if (!goes)
      kept.push_back(size);
  }
  return addReshaped(call, kept);
}

static LogicalResult unsqueeze(Call &call) {
  std::optional<ArrayRef<int64_t>> list = call.getList(1, "axes");
  if (!list)
    return call.error() << "expected axes, got none";
  FailureOr<Dims> axes = call.getAxes(*list, call[0].shape.size() + list->size());
  if (failed(axes))
    return failure();
  Dims shape(call[0].shape);
  for (int64_t axis : *axes) // sorted, so that every position is final when it is reached
    shape.insert(shape.begin() + axis, 1);
  return addReshaped(call, shape);
}

static LogicalResult identity(Call &call) {
  call.results.push_back(call[0]);
  return success();
}

//===----------------------------------------------------------------------===//
// Shapes as values
//===----------------------------------------------------------------------===//

/// Ones on the k-th diagonal of a matrix.
static LogicalResult eyeLike(Call &call) {
  const Tensor &x = call[0];
  if (x.shape.size() != 2)
    return call.error() << "expected a matrix, got " << x.getType();
  Type type = cast<ShapedType>(call.node->getResult(0).getType()).getElementType();
  int64_t k = call.node.getInt("k", 0);
  Tensor *y = call.addResult(type, x.shape);
  if (!y)
    return failure();
  for (int64_t row = 0; row < x.shape[0]; ++row) {
    if (row + k < 0 || row + k >= x.shape[1])
      continue;
    if (isa<FloatType>(type))
      y->mutableReals()[row * x.shape[1] + row + k] = 1;
    else
      y->mutableIntegers()[row * x.shape[1] + row + k] = 1;
  }
  return success();
}

/// The sizes from `start` to `end`, both moved into the range of dimensions.
static LogicalResult shapeOf(Call &call) {
  int64_t rank = call[0].shape.size();
  auto clamp = [&](int64_t d) { return std::clamp<int64_t>(d < 0 ? d + rank : d, 0, rank); };
  int64_t start = clamp(call.node.getInt("start", 0)), end = std::max(start, clamp(call.node.getInt("end", rank)));
  Tensor *y = call.addResult(getInt64(call), {end - start});
  if (!y)
    return failure();
  llvm::copy(ArrayRef(call[0].shape).slice(start, end - start), y->mutableIntegers().begin());
  return success();
}

static LogicalResult sizeOf(Call &call) {
  Tensor *y = call.addResult(getInt64(call), {});
  y->mutableIntegers()[0] = call[0].getNumElements();
  return success();
}

static LogicalResult constantOfShape(Call &call) {
  auto value = dyn_cast_or_null<ElementsAttr>(call.node.getNodeAttr("value"));
  Tensor fill = value ? fromElements(value) : makeTensor(Float32Type::get(call.node->getContext()), {1});
  if (fill.getNumElements() != 1)
    return call.error() << "expected 'value' to have one element, got " << fill.getNumElements();
  Tensor *y = call.addResult(fill.elementType, call[0].integers());
  if (!y)
    return failure();
  std::visit([&](auto &out) { llvm::fill(out, std::get<std::decay_t<decltype(out)>>(fill.values)[0]); }, y->values);
  return success();
}

template <typename T> static void fillRange(std::vector<T> &out, T start, T delta) {
  for (auto [i, value] : llvm::enumerate(out))
    value = start + static_cast<T>(i) * delta;
}

/// start, start + delta, … before limit.
static LogicalResult range(Call &call) {
  for (const Tensor *operand : call.operands)
    if (operand->getNumElements() != 1 || operand->elementType != call[0].elementType)
      return call.error() << "expected scalars of one type, got " << operand->getType();
  bool isReal = isa<FloatType>(call[0].elementType);
  auto at = [&](unsigned i) { return isReal ? call[i].reals()[0] : static_cast<double>(call[i].integers()[0]); };
  double count = std::ceil((at(1) - at(0)) / at(2));
  if (!std::isfinite(count))
    return call.error() << "expected a finite range, got one from " << at(0) << " to " << at(1) << " by " << at(2);
  int64_t size = std::clamp(count, 0.0, 0x1p62);
  Tensor *y = call.addResult(call[0].elementType, {size});
  if (!y)
    return failure();
  if (isReal)
    fillRange(y->mutableReals(), call[0].reals()[0], call[2].reals()[0]);
  else
    fillRange(y->mutableIntegers(), call[0].integers()[0], call[2].integers()[0]);
  return success();
}

ArrayRef<Operator> getReshapes() {
  static constexpr Operator table[] = {
      {"ConstantOfShape", "integer", constantOfShape},
      {"EyeLike", "any", eyeLike},
      {"Flatten", "any", flatten},
      {"Identity", "value", identity},
      {"Range", "number number number", range},
      {"Reshape", "any integer?", reshape},
      {"Shape", "any", shapeOf},
      {"Size", "any", sizeOf},
      {"Squeeze", "any integer?", squeeze},
      {"Unsqueeze", "any integer?", unsqueeze},
  };
  return table;
}

} // namespace bn::reference
