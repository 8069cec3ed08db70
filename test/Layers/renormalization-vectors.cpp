// renormalization-vectors.cpp - renormalization in the layer against small cases computed from the formulas.
// SPDX-License-Identifier: Apache-2.0

#include "VectorTest.h"

using namespace bn;
using namespace bn::layers;

namespace {
/// The state before and after a step, by its name in the layer and in the vector.
class RenormalizationTest : public VectorTest {
protected:
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

TEST_P(RenormalizationTest, unclipped) {
  step(plain({.renorm = true, .renormMomentum = 0.8}), find("V7a_renorm_noclip"), renormState, newRenormState);
}

TEST_P(RenormalizationTest, clipped) {
  Arguments arguments = plain({.renorm = true, .renormClipping = {{"rmin", 0.5}, {"rmax", 2}, {"dmax", 0.4}}, .renormMomentum = 0.8});
  step(arguments, find("V7b_renorm_clip"), renormState, newRenormState);
}

/// The bounds are values at run time: a schedule changes them between calls.
TEST_P(RenormalizationTest, clippedOnSchedule) {
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

TEST_P(RenormalizationTest, firstStep) {
  const Object &first = find("V7c_renorm_first_step_defaults"), &v1 = find("V1_dense_train");
  HostTensor x = tensor(v1, "x");
  Layer layer = prepare({.renorm = true}, x, v1, scaleAndOffset);
  Call call = llvm::cantFail(layer.call(x, {.training = true}));
  expect(call.output, first, "y");
  llvm::cantFail(layer.apply(layer.getUpdates()));
  for (const auto &[variable, key] : newRenormState)
    expect(layer.findVariable(variable)->value, first, key);
}

TEST_P(RenormalizationTest, virtualBatches) {
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
TEST_P(RenormalizationTest, stddevZero) {
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

/// The adjustment is behind the correction.
TEST_P(RenormalizationTest, adjustment) {
  const Object &vector = find("V10a_adjustment"), &clipped = find("V7b_renorm_clip");
  HostTensor x = tensor(vector, "x");
  Arguments arguments = plain({.renorm = true, .renormClipping = {{"rmin", 0.5}, {"rmax", 2}, {"dmax", 0.4}}});
  arguments.adjustment = [&](llvm::ArrayRef<int64_t>) { return std::pair(tensor(vector, "adj_scale"), tensor(vector, "adj_bias")); };
  Layer layer = prepare(arguments, x, clipped, renormState);
  Call call = llvm::cantFail(layer.call(x, {.training = true}));
  expect(call.output, find("V10b_adjustment_plus_renorm_clip"), "y");
}

INSTANTIATE_TEST_SUITE_P(Types, RenormalizationTest, ::testing::Values("float32", "float64"), [](const auto &info) { return info.param; });

} // namespace
