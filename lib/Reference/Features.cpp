// Features.cpp - domain ai.onnx.ml: what brings features into a model's form.
// SPDX-License-Identifier: Apache-2.0

#include "Convert.h"
#include "MachineLearning.h"

#include <cmath>

using namespace mlir;

namespace bn::reference {

/// Adds a result of f32 in the shape of the first operand, with its values.
static Tensor *addFeatures(Call &call) {
  Tensor *y = call.addResult(Float32Type::get(call.node->getContext()), call[0].shape);
  if (y)
    y->mutableReals() = toReals(call[0]);
  return y;
}

/// A list with one entry, or with one for each of `columns`.
static LogicalResult checkList(Call &call, StringRef name, size_t size, int64_t columns) {
  if (size == 1 || static_cast<int64_t>(size) == columns)
    return success();
  return call.error() << "expected attribute '" << name << "' to have 1 or " << columns << " entries, got " << size;
}

static int64_t countColumns(const Tensor &x) { return x.shape.empty() ? 1 : x.shape.back(); }

/// (x − offset)·scale
static LogicalResult scaler(Call &call) {
  std::vector<double> offsets = getRealList(call, "offset"), scales = getRealList(call, "scale");
  int64_t columns = countColumns(call[0]);
  if (failed(checkList(call, "offset", offsets.size(), columns)) || failed(checkList(call, "scale", scales.size(), columns)))
    return failure();
  Tensor *y = addFeatures(call);
  if (!y)
    return failure();
  for (auto [i, x] : llvm::enumerate(y->mutableReals()))
    x = (x - offsets[offsets.size() == 1 ? 0 : i % columns]) * scales[scales.size() == 1 ? 0 : i % columns];
  return success();
}

/// Rows divided by their norm; a row whose norm is 0 stays.
static LogicalResult normalizer(Call &call) {
  StringRef norm = call.node.getString("norm", "MAX");
  if (!llvm::is_contained({"MAX", "L1", "L2"}, norm))
    return call.error() << "expected a norm, got '" << norm << "'";
  Tensor *y = addFeatures(call);
  if (!y)
    return failure();
  MutableArrayRef<double> values = y->mutableReals();
  for (size_t columns = countColumns(call[0]); !values.empty(); values = values.drop_front(columns)) {
    MutableArrayRef<double> row = values.take_front(columns);
    double size = norm == "MAX" ? *llvm::max_element(row) : 0;
    for (double x : norm == "MAX" ? ArrayRef<double>() : ArrayRef<double>(row))
      size += norm == "L1" ? std::abs(x) : x * x;
    size = norm == "L2" ? std::sqrt(size) : size;
    for (double &x : row)
      x = size == 0 ? x : x / size;
  }
  return success();
}

/// One value, where NaN is meant every NaN, becomes another one, of its column or of all.
template <typename T> static void impute(MutableArrayRef<T> values, T replaced, ArrayRef<T> imputed, int64_t columns) {
  for (auto [i, x] : llvm::enumerate(values))
    if (x == replaced || (x != x && replaced != replaced))
      x = imputed[imputed.size() == 1 ? 0 : i % columns];
}

static LogicalResult imputer(Call &call) {
  bool isReal = isa<FloatType>(call[0].elementType);
  StringRef name = isReal ? "imputed_value_floats" : "imputed_value_int64s";
  std::vector<double> reals = getRealList(call, name);
  ArrayRef<int64_t> integers = getIntegerList(call, name);
  if (failed(checkList(call, name, isReal ? reals.size() : integers.size(), countColumns(call[0]))))
    return failure();
  Tensor *y = call.addResult(call[0].elementType, call[0].shape);
  if (!y)
    return failure();
  y->values = call[0].values;
  int64_t columns = countColumns(call[0]);
  if (isReal)
    impute<double>(y->mutableReals(), call.node.getFloat("replaced_value_float", 0), reals, columns);
  else
    impute<int64_t>(y->mutableIntegers(), call.node.getInt("replaced_value_int64", 0), integers, columns);
  return success();
}

/// The place of each value in a list; −1 where it has none.
template <typename Values, typename List> static std::vector<int64_t> findPlaces(const Values &values, const List &list) {
  std::vector<int64_t> places;
  for (const auto &value : values) {
    auto place = llvm::find(list, value);
    places.push_back(place == list.end() ? -1 : place - list.begin());
  }
  return places;
}

/// A new last dimension with 1 at the element's category.
static LogicalResult oneHotEncoder(Call &call) {
  std::vector<int64_t> places;
  int64_t count = 0;
  if (auto *texts = std::get_if<std::vector<std::string>>(&call[0].values)) {
    if (auto list = dyn_cast_or_null<ArrayAttr>(call.node.getNodeAttr("cats_strings"))) {
      Tensor categories = makeStrings(call.node->getContext(), list);
      places = findPlaces(*texts, std::get<std::vector<std::string>>(categories.values));
      count = list.size();
    }
  } else {
    ArrayRef<int64_t> categories = getIntegerList(call, "cats_int64s");
    std::vector<double> x = toReals(call[0]);
    places = findPlaces(llvm::map_range(x, truncate), categories);
    count = categories.size();
  }
  if (count == 0)
    return call.error() << "expected categories of type " << call[0].elementType;
  Dims shape(call[0].shape);
  shape.push_back(count);
  Tensor *y = call.addResult(Float32Type::get(call.node->getContext()), shape);
  if (!y)
    return failure();
  for (auto [i, place] : llvm::enumerate(places)) {
    if (place < 0 && !call.node.getInt("zeros", 1))
      return call.error() << "expected known categories, got another one at element " << i;
    if (place >= 0)
      y->mutableReals()[i * count + place] = 1;
  }
  return success();
}

/// The columns of all inputs side by side; a vector is one row.
static LogicalResult featureVectorizer(Call &call) {
  int64_t rows = call[0].shape.size() > 1 ? call[0].shape[0] : 1, width = 0;
  ArrayRef<int64_t> widths = getIntegerList(call, "inputdimensions");
  for (auto [i, x] : llvm::enumerate(call.operands)) {
    int64_t own = rows ? static_cast<int64_t>(x->getNumElements()) / rows : 0;
    if (own * rows != static_cast<int64_t>(x->getNumElements()) || (i < widths.size() && widths[i] != own))
      return call.error() << "expected " << rows << " rows as wide as 'inputdimensions' says, got " << x->getType();
    width += own;
  }
  Tensor *y = call.addResult(Float32Type::get(call.node->getContext()), {rows, width});
  if (!y)
    return failure();
  int64_t column = 0;
  for (const Tensor *x : call.operands) {
    std::vector<double> values = toReals(*x);
    int64_t own = rows ? values.size() / rows : 0;
    for (int64_t r = 0; r < rows; ++r)
      std::copy_n(values.begin() + r * own, own, y->mutableReals().begin() + r * width + column);
    column += own;
  }
  return success();
}

ArrayRef<Operator> getFeatures() {
  static constexpr Operator table[] = {
      {"ai.onnx.ml.FeatureVectorizer", "number...", featureVectorizer},
      {"ai.onnx.ml.Imputer", "number", imputer},
      {"ai.onnx.ml.Normalizer", "number", normalizer},
      {"ai.onnx.ml.OneHotEncoder", "any", oneHotEncoder},
      {"ai.onnx.ml.Scaler", "number", scaler},
  };
  return table;
}

} // namespace bn::reference
