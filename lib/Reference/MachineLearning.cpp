// MachineLearning.cpp - domain ai.onnx.ml: operators on labels and features.
// SPDX-License-Identifier: Apache-2.0

#include "Convert.h"
#include "MachineLearning.h"
#include "Select.h"
#include "llvm/ADT/StringMap.h"

#include <cmath>
#include <numeric>

using namespace mlir;

namespace bn::reference {

//===----------------------------------------------------------------------===//
// LabelEncoder
//===----------------------------------------------------------------------===//

/// The list that is one of the attributes `keys_*` or `values_*`.
static FailureOr<Tensor> getLabels(const Call &call, const Twine &prefix) {
  Builder builder(call.node->getContext());
  auto find = [&](StringRef suffix) { return call.node.getNodeAttr((prefix + suffix).str()); };
  if (auto elements = dyn_cast_or_null<ElementsAttr>(find("_tensor")))
    return fromElements(elements);
  if (auto strings = dyn_cast_or_null<ArrayAttr>(find("_strings")))
    return makeStrings(builder.getContext(), strings);
  if (auto floats = dyn_cast_or_null<DenseF32ArrayAttr>(find("_floats")))
    return Tensor{builder.getF32Type(), {floats.size()}, std::vector<double>(floats.asArrayRef().begin(), floats.asArrayRef().end())};
  if (auto integers = dyn_cast_or_null<DenseI64ArrayAttr>(find("_int64s")))
    return Tensor{builder.getI64Type(), {integers.size()}, integers.asArrayRef().vec()};
  return call.error() << "expected one of the attributes '" << prefix << "_*'";
}

/// What stands for a label without a key.
static Tensor getDefault(const Call &call, Type type) {
  if (auto elements = dyn_cast_or_null<ElementsAttr>(call.node.getNodeAttr("default_tensor")))
    if (elements.getNumElements() == 1 && elements.getElementType() == type)
      return fromElements(elements);
  Tensor label = makeTensor(type, {});
  if (isa<onnx::StringType>(type))
    std::get<std::vector<std::string>>(label.values)[0] = call.node.getString("default_string", "_Unused").str();
  else if (isa<FloatType>(type))
    label.mutableReals()[0] = call.node.getFloat("default_float", -0.0f);
  else
    label.mutableIntegers()[0] = call.node.getInt("default_int64", -1);
  return label;
}

/// Element `i` as bytes that are equal where labels are: a NaN is every NaN, and 0 is −0 since version 4.
static std::string getLabelKey(const Call &call, const Tensor &labels, size_t i) {
  if (auto *strings = std::get_if<std::vector<std::string>>(&labels.values))
    return (*strings)[i];
  int64_t bits;
  if (auto *reals = std::get_if<std::vector<double>>(&labels.values)) {
    double value = roundToType(labels.elementType, (*reals)[i]);
    bits = llvm::bit_cast<int64_t>(std::isnan(value) ? std::nan("") : value == 0 && call.version() >= 4 ? 0 : value);
  } else {
    bits = labels.integers()[i];
  }
  return std::string(reinterpret_cast<const char *>(&bits), sizeof(bits));
}

/// Version 1 has a list of names for 0, 1, 2, …, and goes the way that the input does not come from.
static LogicalResult getClasses(const Call &call, Tensor &keys, Tensor &values) {
  auto list = dyn_cast_or_null<ArrayAttr>(call.node.getNodeAttr("classes_strings"));
  if (!list)
    return call.error() << "expected attribute 'classes_strings'";
  keys = makeStrings(call.node->getContext(), list);
  values = makeTensor(IntegerType::get(call.node->getContext(), 64), keys.shape);
  std::iota(values.mutableIntegers().begin(), values.mutableIntegers().end(), 0);
  if (!isa<onnx::StringType>(call[0].elementType))
    std::swap(keys, values);
  return success();
}

static LogicalResult labelEncoder(Call &call) {
  const Tensor &x = call[0];
  Tensor keys, values;
  if (call.version() < 2) {
    if (failed(getClasses(call, keys, values)))
      return failure();
  } else {
    FailureOr<Tensor> from = getLabels(call, "keys"), to = getLabels(call, "values");
    if (failed(from) || failed(to))
      return failure();
    keys = std::move(*from), values = std::move(*to);
  }
  if (keys.elementType != x.elementType)
    return call.error() << "expected keys of type " << x.elementType << ", got " << keys.elementType;
  if (keys.getNumElements() != values.getNumElements())
    return call.error() << "expected a value for every key, got " << values.getNumElements() << " for " << keys.getNumElements();
  llvm::StringMap<size_t> places; // of a repeated key the last is meant
  for (size_t i = 0, e = keys.getNumElements(); i < e; ++i)
    places[getLabelKey(call, keys, i)] = i;
  Tensor otherwise = getDefault(call, values.elementType);
  Tensor *y = call.addResult(values.elementType, x.shape);
  if (!y)
    return failure();
  std::visit(
      [&](auto &out) {
        using List = std::decay_t<decltype(out)>;
        for (size_t i = 0; i < out.size(); ++i) {
          auto place = places.find(getLabelKey(call, x, i));
          out[i] = place == places.end() ? std::get<List>(otherwise.values)[0] : std::get<List>(values.values)[place->second];
        }
      },
      y->values);
  return success();
}

//===----------------------------------------------------------------------===//
// Features
//===----------------------------------------------------------------------===//

/// Columns of the last dimension; a vector counts as a matrix of one row.
static LogicalResult arrayFeatureExtractor(Call &call) {
  const Tensor &x = call[0];
  ArrayRef<int64_t> columns = call[1].integers();
  if (x.shape.empty())
    return call.error() << "expected an input of rank 1 or more, got " << x.getType();
  int64_t size = x.shape.back();
  for (int64_t column : columns)
    if (column < 0 || column >= size)
      return call.error() << "expected indices from 0 to " << size - 1 << ", got " << column;
  Dims shape(x.shape);
  if (shape.size() == 1)
    shape.insert(shape.begin(), 1);
  shape.back() = columns.size();
  Dims strides = getStrides(x.shape);
  if (x.shape.size() == 1)
    strides.insert(strides.begin(), 0);
  return addSelected(call, x, shape,
                     [&](ArrayRef<int64_t> i) { return dot(i.drop_back(), ArrayRef(strides).drop_back()) + columns[i.back()]; });
}

/// 1 above the threshold, otherwise 0.
static LogicalResult binarizer(Call &call) {
  double threshold = call.node.getFloat("threshold", 0);
  std::vector<double> x = toReals(call[0]);
  Tensor *y = call.addResult(call[0].elementType, call[0].shape);
  if (!y)
    return failure();
  auto isAbove = [&](double value) { return value > threshold; };
  if (isa<FloatType>(y->elementType))
    llvm::transform(x, y->mutableReals().begin(), isAbove);
  else
    llvm::transform(x, y->mutableIntegers().begin(), isAbove);
  return success();
}

ArrayRef<Operator> getMachineLearning() {
  static constexpr Operator table[] = {
      {"ai.onnx.ml.ArrayFeatureExtractor", "any integer", arrayFeatureExtractor},
      {"ai.onnx.ml.Binarizer", "number", binarizer},
      {"ai.onnx.ml.LabelEncoder", "any", labelEncoder},
  };
  return table;
}

} // namespace bn::reference
