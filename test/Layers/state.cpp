// state.cpp - what calls leave behind, narrow types, and data of odd sizes and values.
// SPDX-License-Identifier: Apache-2.0

#include "LayerTest.h"
#include "mlir/IR/Builders.h"

using namespace bn;
using namespace bn::layers;

namespace {

class StateTest : public LayerTest {
protected:
  HostTensor x = real({4, 2}, {1, 2, 3, 6, 5, 10, 7, 14}), other = real({2, 2}, {0, 1, 2, 3});

  std::vector<double> value(const Layer &layer, const char *name) { return getReals(layer.findVariable(name)->value); }
};

TEST_F(StateTest, variablesInOrder) {
  Layer layer = make({.renorm = true});
  llvm::cantFail(layer.build({4, 2}));
  std::vector<std::string> names, trainable;
  for (const Variable &variable : layer.getVariables())
    names.push_back(variable.name);
  for (const Variable &variable : layer.getTrainableVariables())
    trainable.push_back(variable.name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"gamma", "beta", "moving_mean", "moving_variance", "moving_stddev", "renorm_mean", "renorm_stddev"}));
  EXPECT_EQ(trainable, (std::vector<std::string>{"gamma", "beta"}));
  layer.setTrainable(false);
  EXPECT_TRUE(layer.getTrainableVariables().empty());
}

TEST_F(StateTest, changesOnlyWhenApplied) {
  Layer layer = make({.momentum = 0.5});
  (void)llvm::cantFail(layer.call(x, {.training = true}));
  (void)llvm::cantFail(layer.call(other, {.training = true}));
  EXPECT_EQ(value(layer, "moving_mean"), std::vector<double>({0, 0}));
  EXPECT_EQ(layer.getUpdates().size(), 4u);
  EXPECT_EQ(layer.getUpdatesFor(&other).size(), 2u);
  EXPECT_TRUE(layer.getUpdatesFor(nullptr).empty());
  llvm::cantFail(layer.apply(layer.getUpdatesFor(&x)));
  EXPECT_EQ(value(layer, "moving_mean"), std::vector<double>({2, 4}));
  EXPECT_TRUE(layer.getUpdates().empty());
}

/// Version 1 still normalizes with the batch; the later ones infer. Neither moves the state.
TEST_F(StateTest, frozen) {
  for (Api api : {Api::CompatV1, Api::Keras2, Api::Keras3}) {
    Layer layer = make({.api = api, .trainable = false});
    Call call = llvm::cantFail(layer.call(x, {.training = true}));
    EXPECT_EQ(call.usesBatchStatistics, api == Api::CompatV1);
    EXPECT_TRUE(layer.getUpdates().empty());
  }
}

TEST_F(StateTest, no_penalties_on_frozen_layers_of_keras_3) {
  for (Api api : {Api::Keras2, Api::Keras3}) {
    Layer layer = make({.api = api, .gammaRegularizer = {"L2", {}}, .trainable = false});
    llvm::cantFail(layer.build({4, 2}));
    EXPECT_EQ(llvm::cantFail(layer.getLosses()).size(), api == Api::Keras2 ? 1u : 0u);
  }
}

TEST_F(StateTest, no_variable_of_another_shape) {
  Layer layer = make({});
  llvm::cantFail(layer.build({4, 2}));
  EXPECT_EQ(getMessage(layer.assign("gamma", real({3}, {1, 2, 3}))), "variable 'gamma' has shape (2), got (3)");
  EXPECT_EQ(getMessage(layer.assign("renorm_mean", real({2}, {1, 2}))), "the layer has no variable 'renorm_mean'");
}

/// The squares of these overflow float16; variables stay float32.
TEST_F(StateTest, narrowTypes) {
  mlir::Builder b(context);
  for (auto [dtype, type] : {std::pair("float16", mlir::Type(b.getF16Type())), std::pair("bfloat16", mlir::Type(b.getBF16Type()))}) {
    Layer layer = make({.dtype = dtype});
    Call call = llvm::cantFail(layer.call(makeReals(type, {2, 1}, {-1000, 1000}), {.training = true}));
    EXPECT_EQ(call.output.type.getElementType(), type);
    EXPECT_EQ(getReals(call.output), std::vector<double>({-1, 1}));
    EXPECT_TRUE(layer.findVariable("gamma")->value.type.getElementType().isF32());
  }
}

TEST_F(StateTest, castsItsInput) {
  Call call = llvm::cantFail(make({}).call(makeReals(mlir::IntegerType::get(context, 8), {2, 1}, {1, 3}), {.training = true}));
  EXPECT_TRUE(call.output.type.getElementType().isF32());
  expectNear(getReals(call.output), {-0.9995003747, 0.9995003747}, 1e-6, "y");
}

TEST_F(StateTest, oneElement) {
  Layer layer = make({.betaInitializer = {"Constant", llvm::json::Object{{"value", 0.25}}}});
  Call call = llvm::cantFail(layer.call(real({1, 1}, {5}), {.training = true}));
  EXPECT_EQ(getReals(call.output), std::vector<double>({0.25}));
  llvm::cantFail(layer.apply(layer.getUpdates()));
  expectNear(value(layer, "moving_variance"), {0.99}, 1e-6, "variance");
}

TEST_F(StateTest, emptyBatch) {
  for (std::optional<int64_t> virtualBatchSize : {std::optional<int64_t>(), std::optional<int64_t>(2)}) {
    Layer layer = make({.virtualBatchSize = virtualBatchSize});
    HostTensor none = real({0, 2}, {});
    Call call = llvm::cantFail(layer.call(none, {.training = true}));
    EXPECT_EQ(call.output.type.getNumElements(), 0);
    Gradients gradients = llvm::cantFail(layer.getGradients(call, none));
    EXPECT_EQ(getReals(*gradients.gamma), std::vector<double>({0, 0}));
    EXPECT_EQ(getReals(*gradients.beta), std::vector<double>({0, 0}));
    llvm::cantFail(layer.apply(layer.getUpdates()));
    EXPECT_EQ(value(layer, "moving_mean"), std::vector<double>({0, 0}));
    EXPECT_EQ(value(layer, "moving_variance"), std::vector<double>({1, 1}));
  }
}

TEST_F(StateTest, nanPoisonsItsChannelOnly) {
  Call call = llvm::cantFail(make({}).call(real({2, 2}, {NAN, 1, 2, 3}), {.training = true}));
  std::vector<double> y = getReals(call.output);
  EXPECT_TRUE(std::isnan(y[0]) && std::isnan(y[2]));
  expectNear({y[1], y[3]}, {-0.9995003747, 0.9995003747}, 1e-6, "y");
}

/// {0…7} + offset in float32: the variance is 5.25 as long as the data carries it.
TEST_F(StateTest, dataFarFromZero) {
  for (double offset : {0.0, 1e2, 1e4, 1e6}) {
    std::vector<double> values;
    for (int i = 0; i < 8; ++i)
      values.push_back(i + offset);
    Layer layer = make({.momentum = 0});
    Call call = llvm::cantFail(layer.call(real({8, 1}, values), {.training = true}));
    llvm::cantFail(layer.apply(layer.getUpdates()));
    EXPECT_NEAR(value(layer, "moving_variance")[0] / 5.25, 1, 1e-5) << offset;
    EXPECT_NEAR(getReals(call.output)[0], -3.5 / std::sqrt(5.251), 1e-5) << offset;
  }
}

} // namespace
