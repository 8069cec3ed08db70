// objects.cpp - initializers, regularizers and constraints by their formulas.
// SPDX-License-Identifier: Apache-2.0

#include "LayerTest.h"

using namespace bn;
using namespace bn::layers;
using llvm::json::Object;

namespace {

class ObjectsTest : public LayerTest {
protected:
  /// Gamma as the initializer makes it for inputs of this shape, all axes but the first kept.
  HostTensor initialize(KerasObject initializer, llvm::ArrayRef<int64_t> channels, uint64_t seed = 0) {
    Arguments arguments{.axis = {}, .gammaInitializer = std::move(initializer), .fused = false, .seed = seed};
    llvm::SmallVector<int64_t> shape = {1};
    for (int64_t channel : channels)
      arguments.axis.push_back(shape.size()), shape.push_back(channel);
    Layer layer = make(std::move(arguments));
    llvm::cantFail(layer.build(shape));
    return layer.findVariable("gamma")->value;
  }
  /// A layer whose gamma is w.
  Layer makeWith(Arguments arguments, llvm::ArrayRef<double> w) {
    Layer layer = make(std::move(arguments));
    llvm::cantFail(layer.build({2, static_cast<int64_t>(w.size())}));
    llvm::cantFail(layer.assign("gamma", real({static_cast<int64_t>(w.size())}, w)));
    return layer;
  }
  void expectConstrained(KerasObject constraint, llvm::ArrayRef<double> expected) {
    Layer layer = makeWith({.gammaConstraint = std::move(constraint)}, w);
    expectNear(getReals(llvm::cantFail(layer.getConstrained("gamma"))), expected, 1e-7, "constrained");
  }
  void expectPenalty(KerasObject regularizer, double penalty, llvm::ArrayRef<double> gradient) {
    Layer layer = makeWith({.gammaRegularizer = std::move(regularizer)}, w);
    EXPECT_NEAR(llvm::cantFail(layer.getLosses())[0], penalty, 1e-7);
    expectNear(getReals(llvm::cantFail(layer.getLossGradient("gamma"))), gradient, 1e-7, "gradient");
  }
  std::vector<double> w = {3, -4, 0.5, 0};
};

/// Mean, standard deviation, smallest and largest of many values.
struct Summary {
  double mean = 0, stddev = 0, min = INFINITY, max = -INFINITY;
};

Summary summarize(llvm::ArrayRef<double> values) {
  Summary s;
  for (double x : values)
    s.mean += x / values.size(), s.min = std::min(s.min, x), s.max = std::max(s.max, x);
  for (double x : values)
    s.stddev += (x - s.mean) * (x - s.mean) / values.size();
  s.stddev = std::sqrt(s.stddev);
  return s;
}

TEST_F(ObjectsTest, initializersOfOneValue) {
  EXPECT_EQ(getReals(initialize({"zeros", {}}, {3})), std::vector<double>({0, 0, 0}));
  EXPECT_EQ(getReals(initialize({"Ones", {}}, {3})), std::vector<double>({1, 1, 1}));
  EXPECT_EQ(getReals(initialize({"constant", Object{{"value", 0.5}}}, {2})), std::vector<double>({0.5, 0.5}));
}

TEST_F(ObjectsTest, initializersThatDraw) {
  struct Row {
    KerasObject object;
    double mean, stddev, limit;
  };
  constexpr int64_t channels = 20000;
  double glorot = 1.0 / channels; // fan_in and fan_out are the channels
  for (const Row &row : {Row{{"random_uniform", {}}, 0, 0.05 / std::sqrt(3), 0.05},
                         {{"RandomUniform", Object{{"minval", 1}, {"maxval", 3}}}, 2, 1 / std::sqrt(3), 3},
                         {{"RandomNormal", Object{{"mean", 1}, {"stddev", 2}}}, 1, 2, INFINITY},
                         {{"TruncatedNormal", {}}, 0, 0.05 * 0.87962566, 0.1},
                         {{"glorot_uniform", {}}, 0, std::sqrt(glorot), std::sqrt(3 * glorot)},
                         {{"GlorotNormal", {}}, 0, std::sqrt(glorot), INFINITY},
                         {{"HeUniform", {}}, 0, std::sqrt(2 * glorot), std::sqrt(6 * glorot)},
                         {{"he_normal", {}}, 0, std::sqrt(2 * glorot), INFINITY},
                         {{"LecunUniform", {}}, 0, std::sqrt(glorot), std::sqrt(3 * glorot)},
                         {{"LecunNormal", {}}, 0, std::sqrt(glorot), INFINITY},
                         {{"VarianceScaling", Object{{"scale", 3}, {"mode", "fan_out"}, {"distribution", "untruncated_normal"}}},
                          0,
                          std::sqrt(3 * glorot),
                          INFINITY}}) {
    Summary s = summarize(getReals(initialize(row.object, {channels})));
    EXPECT_NEAR(s.mean, row.mean, 5 * row.stddev / std::sqrt(channels)) << row.object.className;
    EXPECT_NEAR(s.stddev, row.stddev, 0.03 * row.stddev) << row.object.className;
    EXPECT_LE(s.max, row.limit) << row.object.className;
  }
}

TEST_F(ObjectsTest, initializersFollowTheSeed) {
  KerasObject normal = {"RandomNormal", {}}, seeded = {"RandomNormal", Object{{"seed", 7}}};
  EXPECT_EQ(getReals(initialize(normal, {5}, 1)), getReals(initialize(normal, {5}, 1)));
  EXPECT_NE(getReals(initialize(normal, {5}, 1)), getReals(initialize(normal, {5}, 2)));
  EXPECT_EQ(getReals(initialize(seeded, {5}, 1)), getReals(initialize(seeded, {5}, 2)));
}

/// Several kept axes make variables of full rank, here (1, 3, 5): three orthonormal rows.
TEST_F(ObjectsTest, initializerOrthogonal) {
  std::vector<double> q = getReals(initialize({"Orthogonal", Object{{"gain", 2}}}, {3, 5}));
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) {
      double dot = 0;
      for (int k = 0; k < 5; ++k)
        dot += q[i * 5 + k] * q[j * 5 + k];
      EXPECT_NEAR(dot, i == j ? 4 : 0, 1e-6);
    }
}

TEST_F(ObjectsTest, initializerIdentity) {
  Layer layer = make({.axis = {0, 1}, .gammaInitializer = {"Identity", Object{{"gain", 3}}}});
  llvm::cantFail(layer.build({2, 3}));
  EXPECT_EQ(getReals(layer.findVariable("gamma")->value), std::vector<double>({3, 0, 0, 0, 3, 0}));
}

/// The state of renormalization starts from the same values.
TEST_F(ObjectsTest, initializersOfRenormalization) {
  Layer layer = make(
      {.movingMeanInitializer = {"RandomNormal", {}}, .movingVarianceInitializer = {"Constant", Object{{"value", 4}}}, .renorm = true});
  llvm::cantFail(layer.build({2, 3}));
  EXPECT_EQ(getReals(layer.findVariable("renorm_mean")->value), getReals(layer.findVariable("moving_mean")->value));
  EXPECT_EQ(getReals(layer.findVariable("moving_stddev")->value), std::vector<double>({2, 2, 2}));
  EXPECT_EQ(getReals(layer.findVariable("renorm_stddev")->value), std::vector<double>({2, 2, 2}));
}

TEST_F(ObjectsTest, regularizers) {
  expectPenalty({"l1", {}}, 0.075, {0.01, -0.01, 0.01, 0});
  expectPenalty({"L2", {}}, 0.2525, {0.06, -0.08, 0.01, 0});
  expectPenalty({"L1L2", Object{{"l1", 0.01}, {"l2", 0.01}}}, 0.3275, {0.07, -0.09, 0.02, 0});
  expectPenalty({"L1L2", {}}, 0, {0, 0, 0, 0});
}

/// Rows (1, 0) and (3, 4): the cosine is 0.6.
TEST_F(ObjectsTest, regularizerOrthogonal) {
  Layer layer = make({.axis = {0, 1}, .gammaRegularizer = {"OrthogonalRegularizer", Object{{"factor", 0.1}}}});
  llvm::cantFail(layer.build({2, 2}));
  llvm::cantFail(layer.assign("gamma", real({2, 2}, {1, 0, 3, 4})));
  EXPECT_NEAR(llvm::cantFail(layer.getLosses())[0], 0.06, 1e-7);
  expectNear(getReals(llvm::cantFail(layer.getLossGradient("gamma"))), {0, 0.08, 0.0128, -0.0096}, 1e-7, "gradient");
}

TEST_F(ObjectsTest, lossesDependOnNoInput) {
  Layer layer = makeWith({.gammaRegularizer = {"L2", {}}}, w);
  HostTensor x = real({2, 4}, {1, 2, 3, 4, 5, 6, 7, 8});
  (void)llvm::cantFail(layer.call(x, {.training = true}));
  EXPECT_TRUE(llvm::cantFail(layer.getLossesFor(&x)).empty());
  EXPECT_EQ(llvm::cantFail(layer.getLossesFor(nullptr)).size(), 1u);
}

TEST_F(ObjectsTest, constraints) {
  expectConstrained({"MaxNorm", {}}, {1.1940446045, -1.5920594727, 0.1990074341, 0});
  expectConstrained({"max_norm", Object{{"max_value", 10}}}, {2.9999999403, -3.9999999204, 0.49999999, 0});
  expectConstrained({"NonNeg", {}}, {3, 0, 0.5, 0});
  expectConstrained({"UnitNorm", {}}, {0.5970223022, -0.7960297363, 0.099503717, 0});
  expectConstrained({"MinMaxNorm", {}}, {0.5970223022, -0.7960297363, 0.099503717, 0});
  expectConstrained({"MinMaxNorm", Object{{"min_value", 6}, {"max_value", 8}, {"rate", 0.5}}},
                    {3.2910668769, -4.3880891692, 0.5485111461, 0});
}

/// A variable of full rank has size 1 along axis 0: the norm is that of each element.
TEST_F(ObjectsTest, constraintOfFullRank) {
  Layer layer = make({.axis = {1, 2}, .gammaConstraint = {"MaxNorm", {}}});
  llvm::cantFail(layer.build({2, 1, 4}));
  llvm::cantFail(layer.assign("gamma", real({1, 1, 4}, w)));
  llvm::cantFail(layer.applyConstraints());
  expectNear(getReals(layer.findVariable("gamma")->value), {1.9999999333, -1.99999995, 0.4999999, 0}, 1e-7, "constrained");
}

} // namespace
