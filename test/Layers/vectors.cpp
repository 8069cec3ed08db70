// vectors.cpp - the layer against small cases computed from the formulas, in float32 and float64.
// SPDX-License-Identifier: Apache-2.0

#include "VectorTest.h"

using namespace bn;
using namespace bn::layers;

namespace {

TEST_P(VectorTest, dense) { step(plain(), find("V1_dense_train"), scaleAndOffset, {}); }

TEST_P(VectorTest, channelsFirst) {
  Arguments arguments = plain({.axis = {1}});
  arguments.epsilon = 1e-5;
  step(arguments, find("V5_nchw_train"),
       {{"gamma", "gamma"}, {"beta", "beta"}, {"moving_mean", "onnx_input_mean"}, {"moving_variance", "onnx_input_var"}},
       {{"moving_mean", "onnx15_running_mean_m0_9"}, {"moving_variance", "onnx15_running_var_m0_9"}});
}

TEST_P(VectorTest, multipleAxes) {
  step(plain({.axis = {1, 2}}), find("V9_multi_axis_1_2"), scaleAndOffset,
       {{"moving_mean", "moving_mean_m0_9"}, {"moving_variance", "moving_var_m0_9"}});
}

TEST_P(VectorTest, virtualBatches) {
  step(plain({.virtualBatchSize = 2}), find("V8a_ghost_keras_interleaved"), scaleAndOffset,
       {{"moving_mean", "moving_mean_m0_9"}, {"moving_variance", "moving_var_m0_9"}});
}

TEST_P(VectorTest, adjustment) {
  const Object &vector = find("V10a_adjustment");
  step(plain({.adjustment = [&](llvm::ArrayRef<int64_t>) { return std::pair(tensor(vector, "adj_scale"), tensor(vector, "adj_bias")); }}),
       vector, scaleAndOffset, {});
}

TEST_P(VectorTest, withoutScaleOrOffset) {
  const Object &vector = find("V19_no_scale_no_center"), &v1 = find("V1_dense_train");
  HostTensor x = tensor(v1, "x");
  for (auto [scale, center, key] : {std::tuple(false, true, "y_no_scale"), {true, false, "y_no_center"}, {false, false, "y_neither"}}) {
    std::map<std::string, std::string> variables = scaleAndOffset;
    if (!scale)
      variables.erase("gamma");
    if (!center)
      variables.erase("beta");
    Layer layer = prepare(plain({.center = center, .scale = scale}), x, v1, variables);
    Call call = llvm::cantFail(layer.call(x, {.training = true}));
    expect(call.output, vector, key);
    Gradients gradients = llvm::cantFail(layer.getGradients(call, tensor(v1, "dy")));
    EXPECT_EQ(gradients.gamma.has_value(), scale);
    EXPECT_EQ(gradients.beta.has_value(), center);
  }
}

TEST_P(VectorTest, inference) {
  const Object &vector = find("V6_inference_frozen");
  HostTensor x = tensor(vector, "x");
  Layer layer = prepare({}, x, vector, {{"gamma", "gamma"}, {"beta", "beta"}, {"moving_mean", "run_mean"}, {"moving_variance", "run_var"}});
  Call call = llvm::cantFail(layer.call(x));
  expect(call.output, vector, "y");
  Gradients gradients = llvm::cantFail(layer.getGradients(call, tensor(vector, "dy")));
  expect(gradients.input, vector, "dx");
  expect(*gradients.gamma, vector, "dgamma");
  expect(*gradients.beta, vector, "dbeta");
  EXPECT_TRUE(layer.getUpdates().empty());
}

TEST_P(VectorTest, masks) {
  const Object &vector = find("V11_mask");
  HostTensor x = tensor(vector, "x"), mask = tensor(vector, "mask");
  for (auto [api, mean, variance] : {std::tuple(Api::Keras2, "mean_keras2", "var_keras2"), {Api::Keras3, "mean_keras3", "var_keras3"}}) {
    Layer layer = prepare({.api = api, .momentum = 0}, x, vector, {});
    Call call = llvm::cantFail(layer.call(x, {.training = true, .mask = &mask}));
    if (api == Api::Keras2) {
      expect(call.output, vector, "y_keras2_gamma1_beta0");
      expect(llvm::cantFail(layer.getGradients(call, tensor(vector, "dy"))).input, vector, "dx_keras2");
    }
    llvm::cantFail(layer.apply(layer.getUpdates()));
    expect(layer.findVariable("moving_mean")->value, vector, mean);
    expect(layer.findVariable("moving_variance")->value, vector, variance);
  }
}

/// Keras 2 divides by an empty count; Keras 3 adds to it.
TEST_P(VectorTest, masksOfEverything) {
  HostTensor x = tensor({1, 1, 1}, {3}), mask = tensor({1, 1}, {0});
  Call keras2 = llvm::cantFail(prepare({.api = Api::Keras2}, x, {}, {}).call(x, {.training = true, .mask = &mask}));
  EXPECT_TRUE(std::isnan(getReals(keras2.output)[0]));
  Call keras3 = llvm::cantFail(prepare({.api = Api::Keras3}, x, {}, {}).call(x, {.training = true, .mask = &mask}));
  expectNear(getReals(keras3.output), {94.86832980505139}, tolerance, "y");
}

/// Three steps: the running variance of a population, and with the correction of the fused implementation.
TEST_P(VectorTest, steps) {
  for (bool fused : {false, true}) {
    if (fused && std::string(GetParam()) == "float64") // Keras fuses none in float64
      continue;
    Layer layer = prepare({.momentum = 0.9, .fused = fused}, tensor({4, 1, 1, 2}, {}), {}, {});
    Reals x = getReals(tensor(find("V1_dense_train"), "x")), inputs[] = {x, x, x};
    for (size_t i = 0; i < x.size(); ++i)
      inputs[1][i] += 1, inputs[2][i] *= 2;
    const llvm::json::Array &steps = *find("V3_three_steps_m0.9").getArray("steps");
    for (auto [input, expected] : llvm::zip_equal(inputs, steps)) {
      (void)llvm::cantFail(layer.call(tensor({4, 1, 1, 2}, input), {.training = true}));
      llvm::cantFail(layer.apply(layer.getUpdates()));
      expect(layer.findVariable("moving_mean")->value, *expected.getAsObject(), "run_mean");
      expect(layer.findVariable("moving_variance")->value, *expected.getAsObject(), fused ? "run_var_bessel" : "run_var_pop");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Types, VectorTest, ::testing::Values("float32", "float64"), [](const auto &info) { return info.param; });

} // namespace
