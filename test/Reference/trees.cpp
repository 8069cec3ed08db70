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
