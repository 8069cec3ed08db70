// LinearModels.cpp - domain ai.onnx.ml: linear classifiers and regressors.
// SPDX-License-Identifier: Apache-2.0

#include "Convert.h"
#include "MachineLearning.h"

using namespace mlir;

namespace bn::reference {

/// A matrix of scores: rows·coefficients plus intercepts.
struct Scores {
  int64_t rows, targets;
  std::vector<double> values;

  MutableArrayRef<double> row(int64_t r) { return MutableArrayRef(values).slice(r * targets, targets); }
};

/// The scores of `targets` rows of coefficients for each row of the first operand, a vector being one row.
static FailureOr<Scores> computeScores(Call &call, int64_t targets) {
  std::vector<double> x = toReals(call[0]), coefficients = getRealList(call, "coefficients"), intercepts = getRealList(call, "intercepts");
  size_t rank = call[0].shape.size();
  if (rank < 1 || rank > 2 || targets < 1)
    return call.error() << "expected a matrix and targets, got " << call[0].getType() << " and " << targets;
  int64_t depth = call[0].shape.back(), rows = rank == 1 ? 1 : call[0].shape[0];
  if (static_cast<int64_t>(coefficients.size()) != targets * depth)
    return call.error() << "expected " << targets * depth << " coefficients, got " << coefficients.size();
  if (!intercepts.empty() && static_cast<int64_t>(intercepts.size()) != targets)
    return call.error() << "expected " << targets << " intercepts or none, got " << intercepts.size();
  if (!isTransform(call.node.getString("post_transform", "NONE")))
    return call.error() << "expected a transform, got '" << call.node.getString("post_transform", "NONE") << "'";
  Scores scores{rows, targets, std::vector<double>(rows * targets)};
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t t = 0; t < targets; ++t) {
      double &sum = scores.row(r)[t] = intercepts.empty() ? 0 : intercepts[t];
      for (int64_t k = 0; k < depth; ++k)
        sum += x[r * depth + k] * coefficients[t * depth + k];
    }
  return scores;
}

static LogicalResult linearRegressor(Call &call) {
  FailureOr<Scores> scores = computeScores(call, call.node.getInt("targets", 1));
  if (failed(scores))
    return failure();
  Tensor *y = call.addResult(Float32Type::get(call.node->getContext()), {scores->rows, scores->targets});
  if (!y)
    return failure();
  for (int64_t r = 0; r < scores->rows; ++r)
    transformScores(call.node.getString("post_transform", "NONE"), scores->row(r));
  y->mutableReals() = std::move(scores->values);
  return success();
}

/// One row of coefficients scores the second of two classes.
static LogicalResult linearClassifier(Call &call) {
  FailureOr<Tensor> labels = getClassLabels(call, "classlabels_ints");
  if (failed(labels))
    return failure();
  int64_t classes = labels->getNumElements(), depth = call[0].shape.empty() ? 0 : call[0].shape.back();
  bool isOneScore = classes == 2 && static_cast<int64_t>(getRealList(call, "coefficients").size()) == depth;
  FailureOr<Scores> scores = computeScores(call, isOneScore ? 1 : classes);
  if (failed(scores))
    return failure();
  if (!call.addResult(labels->elementType, {scores->rows}) ||
      !call.addResult(Float32Type::get(call.node->getContext()), {scores->rows, classes}))
    return failure();
  StringRef transform = call.node.getString("post_transform", "NONE");
  for (int64_t r = 0; r < scores->rows; ++r) {
    MutableArrayRef<double> from = scores->row(r), row(call.results[1].mutableReals().data() + r * classes, classes);
    llvm::copy(from, row.begin());
    copyLabel(*labels, isOneScore ? from[0] > 0 : llvm::max_element(from) - from.begin(), call.results[0], r);
    if (isOneScore)
      splitScore(transform, /*isShare=*/true, row);
    else
      transformScores(transform, row);
  }
  return success();
}

ArrayRef<Operator> getLinearModels() {
  static constexpr Operator table[] = {
      {"ai.onnx.ml.LinearClassifier", "number", linearClassifier},
      {"ai.onnx.ml.LinearRegressor", "number", linearRegressor},
  };
  return table;
}

} // namespace bn::reference
