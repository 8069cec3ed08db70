// replicas.cpp - a synchronized layer over the parts of a batch is the layer over the batch.
// SPDX-License-Identifier: Apache-2.0

#include "LayerTest.h"

using namespace bn;
using namespace bn::layers;

namespace {

class ReplicasTest : public LayerTest {
protected:
  HostTensor whole = real({5, 2}, {1, 0, 2, 4, 4, 2, 10, -4, 20, 7}), slopes = real({5, 2}, {1, 0, 0, 1, -1, 2, 0.5, -1, 3, 2});
  std::vector<HostTensor> parts = {real({3, 2}, {1, 0, 2, 4, 4, 2}), real({2, 2}, {10, -4, 20, 7})};
  std::vector<HostTensor> partSlopes = {real({3, 2}, {1, 0, 0, 1, -1, 2}), real({2, 2}, {0.5, -1, 3, 2})};

  static std::vector<double> join(const HostTensor &a, const HostTensor &b) {
    std::vector<double> values = getReals(a);
    llvm::append_range(values, getReals(b));
    return values;
  }
};

TEST_F(ReplicasTest, areOneBatch) {
  for (Arguments arguments : {Arguments{.momentum = 0.5, .synchronized = true},
                              Arguments{.renorm = true, .renormClipping = {{"rmax", 1.5}, {"dmax", 0.5}}, .synchronized = true}}) {
    Layer layer = make(arguments), expected = make(arguments);
    std::vector<Call> calls = llvm::cantFail(layer.callReplicas(parts, {.training = true}));
    Call call = llvm::cantFail(expected.call(whole, {.training = true}));
    expectNear(join(calls[0].output, calls[1].output), getReals(call.output), 1e-6, "y");
    ReplicaGradients gradients = llvm::cantFail(layer.getReplicaGradients(calls, partSlopes));
    Gradients expectedGradients = llvm::cantFail(expected.getGradients(call, slopes));
    expectNear(join(gradients.inputs[0], gradients.inputs[1]), getReals(expectedGradients.input), 1e-6, "dx");
    expectNear(getReals(*gradients.gamma), getReals(*expectedGradients.gamma), 1e-6, "dgamma");
    expectNear(getReals(*gradients.beta), getReals(*expectedGradients.beta), 1e-6, "dbeta");
    llvm::cantFail(layer.apply(layer.getUpdatesFor(&parts[0])));
    llvm::cantFail(expected.apply(expected.getUpdates()));
    for (const Variable &variable : expected.getVariables())
      expectNear(getReals(layer.findVariable(variable.name)->value), getReals(variable.value), 1e-6, variable.name);
  }
}

/// Masks and adjustments are each part's own; a part that is masked altogether says nothing.
TEST_F(ReplicasTest, haveMasksAndAdjustments) {
  auto adjust = [&](llvm::ArrayRef<int64_t> shape) {
    std::vector<double> scale, offset;
    for (int64_t i = 0; i < shape[0] * 2; ++i) // by sample
      scale.push_back(1 + 0.25 * (shape[0] == 2 ? i + 6 : i)), offset.push_back(0.5);
    return std::pair(real({shape[0], 2}, scale), real({2}, {offset[0], offset[1]}));
  };
  for (Api api : {Api::Keras2, Api::Keras3})
    for (std::vector<double> weights : {std::vector<double>{1, 0, 1, 1, 1}, {1, 1, 1, 0, 0}, {0, 0, 0, 1, 1}}) {
      Arguments arguments{.api = api, .momentum = 0.5, .synchronized = true};
      if (api == Api::Keras2)
        arguments.adjustment = adjust;
      Layer layer = make(arguments), expected = make(arguments);
      HostTensor mask = real({5}, weights);
      std::vector<HostTensor> masks = {real({3}, {weights[0], weights[1], weights[2]}), real({2}, {weights[3], weights[4]})};
      std::vector<Call> calls = llvm::cantFail(layer.callReplicas(parts, {.training = true}, masks));
      Call call = llvm::cantFail(expected.call(whole, {.training = true, .mask = &mask}));
      expectNear(join(calls[0].output, calls[1].output), getReals(call.output), 1e-5, "y");
      ReplicaGradients gradients = llvm::cantFail(layer.getReplicaGradients(calls, partSlopes));
      Gradients expectedGradients = llvm::cantFail(expected.getGradients(call, slopes));
      expectNear(join(gradients.inputs[0], gradients.inputs[1]), getReals(expectedGradients.input), 1e-5, "dx");
      expectNear(getReals(*gradients.gamma), getReals(*expectedGradients.gamma), 1e-5, "dgamma");
      llvm::cantFail(layer.apply(layer.getUpdates()));
      llvm::cantFail(expected.apply(expected.getUpdates()));
      for (const Variable &variable : expected.getVariables())
        expectNear(getReals(layer.findVariable(variable.name)->value), getReals(variable.value), 1e-5, variable.name);
      if (api == Api::Keras3)
        continue;
      expectNear(join(gradients.adjustmentScales[0], gradients.adjustmentScales[1]), getReals(*expectedGradients.adjustmentScale), 1e-5,
                 "dscale");
      std::vector<double> first = getReals(gradients.adjustmentOffsets[0]), second = getReals(gradients.adjustmentOffsets[1]);
      expectNear({first[0] + second[0], first[1] + second[1]}, getReals(*expectedGradients.adjustmentOffset), 1e-5, "doffset");
    }
}

/// Not the average of the parts' variances, which would be 13.28.
TEST_F(ReplicasTest, mergeTheirVariances) {
  Layer layer = make({.momentum = 0, .synchronized = true});
  std::vector<HostTensor> two = {real({3, 1}, {1, 2, 4}), real({2, 1}, {10, 20})};
  (void)llvm::cantFail(layer.callReplicas(two, {.training = true}));
  llvm::cantFail(layer.apply(layer.getUpdates()));
  expectNear(getReals(layer.findVariable("moving_variance")->value), {49.44}, 1e-6, "variance");
  std::vector<Call> calls = llvm::cantFail(layer.callReplicas(two)); // inference
  expectNear(getReals(calls[1].output), {2.6 / std::sqrt(49.441), 12.6 / std::sqrt(49.441)}, 1e-6, "y");
}

TEST_F(ReplicasTest, no_replicas_without_synchronized) {
  EXPECT_EQ(getMessage(make({}).callReplicas(parts, {.training = true})), "replicas share their statistics only with 'synchronized'");
  EXPECT_EQ(getMessage(make({.virtualBatchSize = 1, .synchronized = true}).callReplicas(parts, {.training = true})),
            "'virtual_batch_size' cannot be combined with replicas");
  HostTensor mask = real({3}, {1, 1, 0});
  EXPECT_EQ(getMessage(make({.api = Api::Keras2, .synchronized = true}).callReplicas(parts, {.training = true, .mask = &mask})),
            "expected a mask for each of 2 parts, got 1");
  EXPECT_EQ(getMessage(make({.axis = {0, 1}, .synchronized = true}).callReplicas(whole, {.training = true})),
            "the batch axis in 'axis' cannot be combined with replicas");
  EXPECT_EQ(getMessage(make({.synchronized = true}).callReplicas({}, {.training = true})), "expected the part of a replica, got none");
}

} // namespace
