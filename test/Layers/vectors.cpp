// vectors.cpp - the layer against small cases computed from the formulas, in float32 and float64.
// SPDX-License-Identifier: Apache-2.0

#include "LayerTest.h"
#include "mlir/IR/Builders.h"

using namespace bn;
using namespace bn::layers;
using llvm::json::Object;
using Reals = std::vector<double>;

namespace {

/// Elements of nested arrays, and their shape.
void flatten(const llvm::json::Value &value, Reals &elements, llvm::SmallVector<int64_t> &shape, size_t depth = 0) {
  if (std::optional<double> number = value.getAsNumber()) {
    elements.push_back(*number);
    return;
  }
  const llvm::json::Array &array = *value.getAsArray();
  if (shape.size() == depth)
    shape.push_back(array.size());
  for (const llvm::json::Value &entry : array)
    flatten(entry, elements, shape, depth + 1);
}

/// Tests run once for each type of data.
class VectorTest : public LayerTest, public ::testing::WithParamInterface<const char *> {
protected:
  double tolerance = std::string(GetParam()) == "float64" ? 1e-12 : 1e-6;

  const Object &find(llvm::StringRef vector) { return *vectors.getAsObject()->getObject(vector); }

  HostTensor tensor(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<double> elements) {
    mlir::Builder b(context);
    return makeReals(std::string(GetParam()) == "float64" ? mlir::Type(b.getF64Type()) : b.getF32Type(), shape, elements);
  }
  HostTensor tensor(const Object &vector, llvm::StringRef key) {
    Reals elements;
    llvm::SmallVector<int64_t> shape;
    flatten(*vector.get(key), elements, shape);
    return tensor(shape, elements);
  }
  void expect(const HostTensor &actual, const Object &vector, llvm::StringRef key) {
    expectNear(getReals(actual), getReals(tensor(vector, key)), tolerance, key.str());
  }

  /// A built layer; every variable that the vector gives under one of these names has its value.
  Layer prepare(Arguments arguments, const HostTensor &x, const Object &vector, std::map<std::string, std::string> variables) {
    arguments.dtype = GetParam();
    Layer layer = make(std::move(arguments));
    llvm::cantFail(layer.build(x.type.getShape()));
    for (const auto &[variable, key] : variables) {
      HostTensor value = tensor(vector, key);
      value.type = mlir::RankedTensorType::get(layer.findVariable(variable)->value.type.getShape(), value.type.getElementType());
      llvm::cantFail(layer.assign(variable, value));
    }
    return layer;
  }

  /// One training step with the vector's x, and dy where it has one: y, gradients, and state by the vector's keys.
  Layer step(Arguments arguments, const Object &vector, std::map<std::string, std::string> variables,
             std::map<std::string, std::string> state) {
    HostTensor x = tensor(vector, "x");
    Layer layer = prepare(std::move(arguments), x, vector, std::move(variables));
    Call call = llvm::cantFail(layer.call(x, {.training = true}));
    expect(call.output, vector, "y");
    if (vector.get("dx")) {
      Gradients gradients = llvm::cantFail(layer.getGradients(call, tensor(vector, "dy")));
      expect(gradients.input, vector, "dx");
      expect(*gradients.gamma, vector, "dgamma");
      expect(*gradients.beta, vector, "dbeta");
    }
    llvm::cantFail(layer.apply(layer.getUpdates()));
    for (const auto &[variable, key] : state)
      expect(layer.findVariable(variable)->value, vector, key);
    return layer;
  }

  static Arguments plain(Arguments arguments = {}) {
    arguments.momentum = 0.9;
    arguments.fused = false;
    return arguments;
  }

  llvm::json::Value vectors = readJson(LAYER_INPUTS "/bn_vectors.json");
  const std::map<std::string, std::string> scaleAndOffset = {{"gamma", "gamma"}, {"beta", "beta"}};
  const std::map<std::string, std::string> renormState = {{"gamma", "gamma"},
                                                          {"beta", "beta"},
                                                          {"moving_mean", "in_moving_mean"},
                                                          {"moving_stddev", "in_moving_stddev"},
                                                          {"renorm_mean", "in_renorm_mean"},
                                                          {"renorm_stddev", "in_renorm_stddev"}};
  const std::map<std::string, std::string> newRenormState = {{"moving_mean", "new_moving_mean"},
                                                             {"moving_stddev", "new_moving_stddev"},
                                                             {"moving_variance", "new_moving_variance"},
                                                             {"renorm_mean", "new_renorm_mean"},
                                                             {"renorm_stddev", "new_renorm_stddev"}};
};

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

TEST_P(VectorTest, renormalization) {
  step(plain({.renorm = true, .renormMomentum = 0.8}), find("V7a_renorm_noclip"), renormState, newRenormState);
}

TEST_P(VectorTest, renormalizationClipped) {
  Arguments arguments = plain({.renorm = true, .renormClipping = {{"rmin", 0.5}, {"rmax", 2}, {"dmax", 0.4}}, .renormMomentum = 0.8});
  step(arguments, find("V7b_renorm_clip"), renormState, newRenormState);
}

/// The bounds are values at run time: a schedule changes them between calls.
TEST_P(VectorTest, renormalizationOnSchedule) {
  const Object &vector = find("V7b_renorm_clip");
  HostTensor x = tensor(vector, "x");
  Arguments arguments = plain({.renorm = true, .renormClipping = {{"rmin", 1}, {"rmax", 1}, {"dmax", 0}}, .renormMomentum = 0.8});
  unsigned compiled = 0;
  layers::Compiler counted = [&](mlir::OwningOpRef<mlir::ModuleOp> module) {
    ++compiled;
    return compiler(std::move(module));
  };
  arguments.dtype = GetParam();
  Layer layer = llvm::cantFail(Layer::create(arguments, context, counted));
  llvm::cantFail(layer.build(x.type.getShape()));
  for (const auto &[variable, key] : renormState)
    llvm::cantFail(layer.assign(variable, tensor(vector, key)));
  Call tight = llvm::cantFail(layer.call(x, {.training = true})); // plain batch normalization
  expectNear(getReals(tight.output), getReals(tensor(find("V1_dense_train"), "y")), tolerance, "y");
  llvm::cantFail(layer.setRenormClipping({{"rmin", 0.5}, {"rmax", 2}, {"dmax", 0.4}}));
  Call loose = llvm::cantFail(layer.call(x, {.training = true}));
  expect(loose.output, vector, "y");
  EXPECT_EQ(compiled, 1u);
}

TEST_P(VectorTest, renormalizationOfFirstStep) {
  const Object &first = find("V7c_renorm_first_step_defaults"), &v1 = find("V1_dense_train");
  HostTensor x = tensor(v1, "x");
  Layer layer = prepare({.renorm = true}, x, v1, scaleAndOffset);
  Call call = llvm::cantFail(layer.call(x, {.training = true}));
  expect(call.output, first, "y");
  llvm::cantFail(layer.apply(layer.getUpdates()));
  for (const auto &[variable, key] : newRenormState)
    expect(layer.findVariable(variable)->value, first, key);
}

TEST_P(VectorTest, virtualBatchesRenormalized) {
  const Object &vector = find("V8d_ghost_renorm");
  HostTensor x = tensor(vector, "x");
  Layer layer = prepare(plain({.renorm = true, .virtualBatchSize = 2}), x, vector,
                        {{"renorm_mean", "in_renorm_mean"}, {"renorm_stddev", "in_renorm_stddev"}});
  for (llvm::StringRef name : {"gamma", "beta"})
    llvm::cantFail(layer.assign(name, tensor({1, 1, 2}, getReals(tensor(find("V1_dense_train"), name)))));
  Call call = llvm::cantFail(layer.call(x, {.training = true}));
  expect(call.output, vector, "y");
}

/// A state that says nothing counts as √ε.
TEST_P(VectorTest, renormalizationOfStddevZero) {
  const Object &vector = find("V7d_renorm_zero_stddev_state"), &v1 = find("V1_dense_train");
  HostTensor x = tensor(v1, "x");
  Layer layer = prepare({.renorm = true}, x, v1, {});
  llvm::cantFail(layer.assign("renorm_stddev", tensor({2}, {0, 0})));
  Reals y = getReals(llvm::cantFail(layer.call(x, {.training = true})).output), z = getReals(tensor(v1, "xhat"));
  Reals r = getReals(tensor(vector, "r")), d = getReals(tensor(vector, "d")), expected;
  for (size_t i = 0; i < z.size(); ++i)
    expected.push_back(z[i] * r[i % 2] + d[i % 2]);
  expectNear(y, expected, tolerance, "y");
}

TEST_P(VectorTest, adjustment) {
  const Object &vector = find("V10a_adjustment");
  Arguments arguments =
      plain({.adjustment = [&](llvm::ArrayRef<int64_t>) { return std::pair(tensor(vector, "adj_scale"), tensor(vector, "adj_bias")); }});
  step(arguments, vector, scaleAndOffset, {});
  // Behind renormalization.
  arguments.renorm = true;
  arguments.renormClipping = {{"rmin", 0.5}, {"rmax", 2}, {"dmax", 0.4}};
  HostTensor x = tensor(vector, "x");
  Layer layer = prepare(arguments, x, find("V7b_renorm_clip"), renormState);
  Call call = llvm::cantFail(layer.call(x, {.training = true}));
  expect(call.output, find("V10b_adjustment_plus_renorm_clip"), "y");
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
