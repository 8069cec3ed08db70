// trees.cpp - ensembles of decision trees, where ONNX's own cases say nothing.
// SPDX-License-Identifier: Apache-2.0

#include "InterpreterTest.h"

using namespace bn::reference;

namespace {

/// Two trees of the regressor: x0 < 3 votes 2 or 5 for target 0 and 1, x1 >= 7 votes 11 or 13 for target 0.
constexpr llvm::StringLiteral nodes = R"(
  nodes_treeids = array<i64: 0, 0, 0, 4, 4, 4>, nodes_nodeids = array<i64: 0, 1, 2, 0, 1, 2>,
  nodes_featureids = array<i64: 0, 0, 0, 1, 0, 0>, nodes_values = array<f32: 3.0, 0.0, 0.0, 7.0, 0.0, 0.0>,
  nodes_modes = ["BRANCH_LT", "LEAF", "LEAF", "BRANCH_GTE", "LEAF", "LEAF"],
  nodes_truenodeids = array<i64: 1, 0, 0, 1, 0, 0>, nodes_falsenodeids = array<i64: 2, 0, 0, 2, 0, 0>,
  nodes_missing_value_tracks_true = array<i64: 1, 0, 0, 0, 0, 0>,
  target_treeids = array<i64: 0, 0, 4, 4>, target_nodeids = array<i64: 1, 2, 1, 2>, target_ids = array<i64: 0, 1, 0, 0>,
  target_weights = array<f32: 2.0, 5.0, 11.0, 13.0>, n_targets = 2 : i64)";

class Trees : public InterpreterTest {
protected:
  /// Scores of a classifier made of the same trees; `labels` gets what it calls the rows 2 7, 3 6 and NaN NaN.
  Tensor classify(std::string attributes, std::string ids, Tensor &labels) {
    std::string text = nodes.str();
    for (std::string name : {"treeids", "nodeids", "ids", "weights"})
      text.replace(text.find("target_" + name), 6, "class");
    size_t from = text.find("class_ids"), to = text.find(">", from);
    text.replace(from, to - from, "class_ids = array<i64: " + ids);
    std::vector<Tensor> results =
        run("func.func @f(%x: !onnx.any) -> (!onnx.any, !onnx.any) {\n %y:2 = onnx.node \"TreeEnsembleClassifier\"(%x) domain "
            "\"ai.onnx.ml\" version 3 {" +
                text + attributes + "} : (!onnx.any) -> (!onnx.any, !onnx.any)\n return %y#0, %y#1 : !onnx.any, !onnx.any\n}",
            {real({3, 2}, {2, 7, 3, 6, NAN, NAN})});
    if (results.size() != 2)
      return {};
    labels = results[0];
    return results[1];
  }
  Tensor regress(llvm::StringRef attributes) {
    Tensor x = real({3, 2}, {2, 7, 3, 6, NAN, NAN});
    return node("TreeEnsembleRegressor", 3, {x}, ("{" + nodes + attributes + "}").str(), "ai.onnx.ml");
  }
};

TEST_F(Trees, Sum) { expectReals(regress(""), {13, 0, 13, 5, 15, 0}); }

TEST_F(Trees, AverageIsOverAllTreesAndBaseComesAfter) {
  expectReals(regress(R"(, aggregate_function = "AVERAGE", base_values = array<f32: 1.0, 3.0>)"), {7.5, 3, 7.5, 5.5, 8.5, 3});
}

TEST_F(Trees, Extremes) {
  expectReals(regress(R"(, aggregate_function = "MIN")"), {2, 0, 13, 5, 2, 0});
  expectReals(regress(R"(, aggregate_function = "MAX")"), {11, 0, 13, 5, 13, 0});
}

TEST_F(Trees, Transforms) {
  auto logistic = [](double x) { return 1 / (1 + std::exp(-x)); };
  expectReals(regress(R"(, post_transform = "LOGISTIC")"), {logistic(13), 0.5, logistic(13), logistic(5), logistic(15), 0.5});
  expectReals(regress(R"(, post_transform = "SOFTMAX")"),
              {logistic(13), logistic(-13), logistic(8), logistic(-8), logistic(15), logistic(-15)});
  expectReals(regress(R"(, post_transform = "SOFTMAX_ZERO")"), {1, 0, logistic(8), logistic(-8), 1, 0});
}

TEST_F(Trees, ProbitIsTheBoundOfANormalDraw) {
  Tensor y = regress(R"(, post_transform = "PROBIT", base_values = array<f32: -12.5, 0.975>)");
  EXPECT_NEAR(y.reals()[0], 0, 1e-12);
  EXPECT_NEAR(y.reals()[1], 1.959963985, 1e-6);
}

TEST_F(Trees, ClassWithTheMostVotes) {
  Tensor labels, scores = classify(", classlabels_strings = [\"a\", \"b\", \"c\"]", "0, 1, 1, 2", labels);
  expectReals(scores, {2, 11, 0, 0, 5, 13, 2, 0, 13});
  EXPECT_EQ(std::get<2>(labels.values), (std::vector<std::string>{"b", "c", "c"}));
}

// A class without votes does not win, nor does the second of two that are equal.
TEST_F(Trees, ClassesWithoutVotes) {
  Tensor labels,
      scores = classify(", classlabels_int64s = array<i64: 7, 8, 9, 6>, post_transform = \"SOFTMAX_ZERO\"", "1, 1, 1, 1", labels);
  expectReals(scores, {0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0});
  expectIntegers(labels, {8, 8, 8});
}

// Votes 2 or 5 and 11 or 13, all for one class of two; less 14 of them, as a base value, from 0 or 1 to 4.
TEST_F(Trees, OneScoreOfTwoClasses) {
  auto logistic = [](double x) { return 1 / (1 + std::exp(-x)); };
  std::string labels = ", classlabels_int64s = array<i64: 3, 4>", base = ", base_values = array<f32: -14.0>";
  Tensor y, scores = classify(labels + base, "0, 0, 0, 0", y);
  expectReals(scores, {2, -1, -3, 4, 0, 1}); // a share of one, as no vote is negative
  expectIntegers(y, {3, 4, 4});
  scores = classify(labels + base + ", post_transform = \"LOGISTIC\"", "0, 0, 0, 0", y);
  expectReals(scores, {logistic(1), logistic(-1), logistic(-4), logistic(4), logistic(-1), logistic(1)});
  scores = classify(labels, "1, 1, 1, 1", y);
  expectReals(scores, {0, 13, 0, 18, 0, 15});
  expectIntegers(y, {4, 4, 4});
}

TEST_F(Trees, no_ClassifierWithoutLabels) {
  Tensor labels;
  classify("", "0, 0, 0, 0", labels);
  EXPECT_NE(message.find("expected attribute 'classlabels_strings' or 'classlabels_int64s'"), std::string::npos) << message;
}

TEST_F(Trees, no_FeatureBeyondTheRow) {
  node("TreeEnsembleRegressor", 1, {real({1, 1}, {2})}, ("{" + nodes + "}").str(), "ai.onnx.ml");
  EXPECT_NE(message.find("expected features from 0 to 0, got 1"), std::string::npos) << message;
}

TEST_F(Trees, no_TreeThatGoesRound) {
  node("TreeEnsemble", 5, {real({1, 1}, {2})},
       R"({nodes_modes = dense<0> : tensor<1xui8>, nodes_splits = dense<3.0> : tensor<1xf32>, nodes_featureids = array<i64: 0>,
           nodes_truenodeids = array<i64: 0>, nodes_falsenodeids = array<i64: 0>, nodes_trueleafs = array<i64: 0>,
           nodes_falseleafs = array<i64: 1>, leaf_targetids = array<i64: 0>, leaf_weights = dense<2.0> : tensor<1xf32>,
           tree_roots = array<i64: 0>, n_targets = 1 : i64})",
       "ai.onnx.ml");
  EXPECT_NE(message.find("nodes that go round"), std::string::npos) << message;
}

} // namespace
