// Scores.cpp - domain ai.onnx.ml: attributes that are lists, the labels of classes, and what becomes of their scores.
// SPDX-License-Identifier: Apache-2.0

#include "Convert.h"
#include "MachineLearning.h"

#include <cmath>

using namespace mlir;

namespace bn::reference {

ArrayRef<int64_t> getIntegerList(const Call &call, StringRef name) { return call.node.getInts(name).value_or(ArrayRef<int64_t>()); }

std::vector<double> getRealList(const Call &call, StringRef name) {
  if (auto floats = dyn_cast_or_null<DenseF32ArrayAttr>(call.node.getNodeAttr(name)))
    return {floats.asArrayRef().begin(), floats.asArrayRef().end()};
  for (const Twine &key : {Twine(name), name + "_as_tensor"})
    if (auto elements = dyn_cast_or_null<ElementsAttr>(call.node.getNodeAttr(key.str())))
      return toReals(fromElements(elements));
  return {};
}

Tensor makeStrings(MLIRContext *context, ArrayAttr list) {
  std::vector<std::string> texts;
  for (StringRef text : list.getAsValueRange<StringAttr>())
    texts.push_back(text.str());
  return Tensor{onnx::StringType::get(context), {static_cast<int64_t>(list.size())}, std::move(texts)};
}

//===----------------------------------------------------------------------===//
// Labels
//===----------------------------------------------------------------------===//

FailureOr<Tensor> getClassLabels(Call &call, StringRef integers) {
  MLIRContext *context = call.node->getContext();
  if (auto strings = dyn_cast_or_null<ArrayAttr>(call.node.getNodeAttr("classlabels_strings")); strings && !strings.empty())
    return makeStrings(context, strings);
  ArrayRef<int64_t> numbers = getIntegerList(call, integers);
  if (numbers.empty())
    return call.error() << "expected attribute 'classlabels_strings' or '" << integers << "'";
  return Tensor{IntegerType::get(context, 64), {static_cast<int64_t>(numbers.size())}, numbers.vec()};
}

void copyLabel(const Tensor &labels, size_t from, Tensor &y, size_t to) {
  std::visit([&](auto &out) { out[to] = std::get<std::decay_t<decltype(out)>>(labels.values)[from]; }, y.values);
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

/// The bound that a normal draw stays below with probability `p`.
static double probit(double p) {
  if (p <= 0 || p >= 1)
    return p == 0 ? -INFINITY : p == 1 ? INFINITY : NAN;
  double low = -40, high = 40;
  for (int i = 0; i < 64; ++i) { // the probability rises with the bound
    double middle = (low + high) / 2;
    (std::erfc(-middle / M_SQRT2) / 2 < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

static double logistic(double x) { return 1 / (1 + std::exp(-x)); }

bool isTransform(StringRef name) { return llvm::is_contained({"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"}, name); }

void transformScores(StringRef name, MutableArrayRef<double> row) {
  if (name == "LOGISTIC")
    llvm::transform(row, row.begin(), logistic);
  if (name == "PROBIT")
    llvm::transform(row, row.begin(), probit);
  if (!name.starts_with("SOFTMAX"))
    return;
  double largest = *llvm::max_element(row), sum = 0;
  for (double &x : row) // SOFTMAX_ZERO keeps zeros
    sum += x = name == "SOFTMAX_ZERO" && x == 0 ? 0 : std::exp(x - largest);
  for (double &x : row)
    x = sum == 0 ? 0 : x / sum;
}

void splitScore(StringRef transform, bool isShare, MutableArrayRef<double> row) {
  double score = row[0];
  bool isLogistic = transform == "LOGISTIC";
  row[0] = isLogistic ? logistic(-score) : isShare ? 1 - score : -score;
  row[1] = isLogistic ? logistic(score) : score;
}

} // namespace bn::reference
