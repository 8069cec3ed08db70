// config.cpp - layers as JSON: round trips, and configurations as Keras writes them.
// SPDX-License-Identifier: Apache-2.0

#include "LayerTest.h"

using namespace bn;
using namespace bn::layers;
using llvm::json::Object;

namespace {

class ConfigTest : public LayerTest {
protected:
  Arguments read(llvm::StringRef text) { return llvm::cantFail(readConfig(llvm::cantFail(llvm::json::parse(text)))); }
  void expectRefused(llvm::StringRef text, const std::string &message) {
    EXPECT_EQ(getMessage(readConfig(llvm::cantFail(llvm::json::parse(text)))), message);
  }
};

TEST_F(ConfigTest, roundTrip) {
  Layer layer = make({.api = Api::Keras2,
                      .axis = {1, -1},
                      .momentum = 0.9,
                      .epsilon = 1e-5,
                      .center = false,
                      .gammaInitializer = {"random_normal", Object{{"stddev", 2}, {"seed", 3}}},
                      .gammaRegularizer = {"l1", {}},
                      .gammaConstraint = {"MaxNorm", Object{{"axis", llvm::json::Array{0, 1}}}},
                      .renorm = true,
                      .renormClipping = {{"rmax", 2}},
                      .trainable = false,
                      .virtualBatchSize = 4,
                      .name = "norm",
                      .dtype = "float64"});
  Object config = layer.getConfig();
  EXPECT_EQ(*config.getObject("gamma_initializer"),
            (Object{{"class_name", "RandomNormal"}, {"config", Object{{"mean", 0.0}, {"stddev", 2}, {"seed", 3}}}}));
  EXPECT_EQ(*config.get("beta_regularizer"), nullptr);
  Layer again = llvm::cantFail(Layer::fromConfig(Object(config), context, compiler));
  EXPECT_EQ(again.getConfig(), config);
  llvm::cantFail(layer.build({4, 3, 5}));
  EXPECT_EQ(layer.getConfig(), config); // the axes stay as they were given
}

/// Keras saves renorm's arguments with renorm only, and fused never.
TEST_F(ConfigTest, leavesOutWhatKerasDoes) {
  Object config = make({.fused = true}).getConfig();
  for (const char *absent : {"renorm", "renorm_clipping", "renorm_momentum", "virtual_batch_size", "fused", "adjustment", "synchronized"})
    EXPECT_FALSE(config.get(absent)) << absent;
  EXPECT_EQ(*config.get("axis"), -1);
  EXPECT_TRUE(make({.api = Api::Keras3}).getConfig().get("synchronized"));
}

TEST_F(ConfigTest, ours) {
  Arguments arguments = read(R"({"api": "keras2", "shape": [2, 3], "dtype": "float16", "args": {"axis": [1, 2], "fused": null,
                                 "renorm": true, "renorm_clipping": {"dmax": 5}, "gamma_initializer": "zeros", "beta_regularizer": "l1_l2"}})");
  EXPECT_EQ(arguments.api, Api::Keras2);
  EXPECT_EQ(arguments.dtype, "float16");
  EXPECT_EQ(arguments.axis, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(arguments.renormClipping, (std::map<std::string, double>{{"dmax", 5}}));
  EXPECT_EQ(arguments.gammaInitializer.className, "Zeros");
  EXPECT_EQ(arguments.betaRegularizer.config, (Object{{"l1", 0.01}, {"l2", 0.01}}));
}

TEST_F(ConfigTest, ofKeras) {
  Arguments v2 =
      read(R"({"name": "bn", "trainable": true, "dtype": "float32", "axis": [3], "momentum": 0.5, "batch_input_shape": [null, 3]})");
  EXPECT_EQ(v2.api, Api::Keras2);
  EXPECT_EQ(v2.momentum, 0.5);
  EXPECT_EQ(read(R"({"class_name": "BatchNormalizationV1", "config": {"axis": [1]}})").api, Api::CompatV1);
  Arguments v3 = read(R"({"module": "keras.layers", "class_name": "BatchNormalization", "registered_name": null, "config": {"axis": 1,
    "dtype": {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "mixed_bfloat16"}, "registered_name": null}}})");
  EXPECT_EQ(v3.api, Api::Keras3);
  EXPECT_EQ(v3.dtype, "bfloat16");
}

TEST_F(ConfigTest, no_configuration_of_something_else) {
  expectRefused("[]", "expected a configuration to be a JSON object");
  expectRefused(R"({"class_name": "Dense", "config": {}})", "expected a layer of class BatchNormalization, got 'Dense'");
  expectRefused(R"({"args": {"units": 3}})", "BatchNormalization has no argument 'units'");
  expectRefused(R"({"args": {"momentum": "high"}})", R"('momentum' cannot be "high")");
  expectRefused(R"({"api": "torch", "args": {}})", "'api' must be compat.v1, keras2 or keras3, got 'torch'");
}

} // namespace
