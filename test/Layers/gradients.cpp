// gradients.cpp - gradients against finite differences, in double, for random layers.
// SPDX-License-Identifier: Apache-2.0

#include "LayerTest.h"
#include "mlir/IR/Builders.h"

#include <random>

using namespace bn;
using namespace bn::layers;
using Reals = std::vector<double>;

namespace {

class GradientTest : public LayerTest, public ::testing::WithParamInterface<unsigned> {
protected:
  int64_t below(int64_t bound) { return std::uniform_int_distribution<int64_t>(0, bound - 1)(random); }
  double normal() { return std::normal_distribution<double>()(random); }

  HostTensor draw(llvm::ArrayRef<int64_t> shape) {
    Reals values(mlir::ShapedType::getNumElements(shape));
    for (double &value : values)
      value = normal();
    return makeReals(mlir::Float64Type::get(context), shape, values);
  }

  /// A layer and its input: any rank, any kept axes, and what goes with them.
  void drawLayer() {
    llvm::SmallVector<int64_t> shape = {6};
    for (int64_t rank = 1 + below(3); static_cast<int64_t>(shape.size()) <= rank;)
      shape.push_back(2 + below(2));
    arguments = {.api = Api::Keras2, .axis = {}, .epsilon = 0.1, .center = below(4) > 0, .scale = below(4) > 0, .dtype = "float64"};
    for (size_t axis = 1; axis < shape.size(); ++axis)
      if (below(2))
        arguments.axis.push_back(axis);
    if (arguments.axis.empty())
      arguments.axis = {-1};
    x = draw(shape), dy = draw(shape);
    training = below(4) > 0;
    switch (below(4)) {
    case 0:
      arguments.virtualBatchSize = 3;
      break;
    case 1:
      scale = draw({shape.back()}), offset = draw({shape.back()});
      arguments.adjustment = [this](llvm::ArrayRef<int64_t>) { return std::pair(scale, offset); };
      break;
    case 2:
      mask = draw(llvm::ArrayRef(shape).drop_back());
      for (int64_t i = 0; i < mask->type.getNumElements(); ++i)
        driver::setReal(*mask, i, i == 0 || below(3) > 0);
      break;
    }
    // No gradient flows through r and d, so they are held still: r = 1.3 and d = 0.
    if (below(3) == 0)
      arguments.renorm = true, arguments.renormClipping = {{"rmin", 1.3}, {"rmax", 1.3}, {"dmax", 0}};
  }

  /// Σ dy·y.
  double getLoss(Layer &layer) {
    Reals y = getReals(llvm::cantFail(layer.call(x, options())).output), slopes = getReals(dy);
    return std::inner_product(y.begin(), y.end(), slopes.begin(), 0.0);
  }
  CallOptions options() { return {training, mask ? &*mask : nullptr}; }

  /// Compares with the slope along every element of a tensor, which `set` changes.
  template <typename Set> void expectSlopes(Layer &layer, const HostTensor &at, const HostTensor &gradient, Set set, const char *what) {
    constexpr double step = 1e-5;
    ASSERT_EQ(gradient.type, at.type) << what;
    for (int64_t i = 0; i < at.type.getNumElements(); ++i) {
      double slope = 0;
      for (double side : {-1.0, 1.0}) {
        HostTensor moved = at;
        driver::setReal(moved, i, driver::getReal(at, i) + side * step);
        set(moved);
        slope += side * getLoss(layer) / (2 * step);
      }
      set(at);
      EXPECT_NEAR(driver::getReal(gradient, i), slope, 1e-6 * (1 + std::abs(slope))) << what << ", element " << i;
    }
  }

  std::mt19937_64 random{GetParam()};
  Arguments arguments;
  HostTensor x, dy, scale, offset;
  std::optional<HostTensor> mask;
  bool training = true;
};

TEST_P(GradientTest, isTheSlope) {
  drawLayer();
  Layer layer = make(arguments);
  llvm::cantFail(layer.build(x.type.getShape()));
  for (const Variable &variable : layer.getVariables())
    if (variable.trainable)
      llvm::cantFail(layer.assign(variable.name, draw(variable.value.type.getShape())));
  Call call = llvm::cantFail(layer.call(x, options()));
  Gradients gradients = llvm::cantFail(layer.getGradients(call, dy));
  expectSlopes(
      layer, HostTensor(x), gradients.input, [&](const HostTensor &moved) { x = moved; }, "input");
  for (auto [name, gradient] : {std::pair("gamma", &gradients.gamma), std::pair("beta", &gradients.beta)}) {
    const Variable *variable = layer.findVariable(name);
    ASSERT_EQ(variable != nullptr, gradient->has_value());
    if (variable)
      expectSlopes(
          layer, HostTensor(variable->value), **gradient, [&](const HostTensor &moved) { llvm::cantFail(layer.assign(name, moved)); },
          name);
  }
  ASSERT_EQ(gradients.adjustmentScale.has_value(), training && arguments.adjustment);
  if (gradients.adjustmentScale) {
    expectSlopes(
        layer, HostTensor(scale), *gradients.adjustmentScale, [&](const HostTensor &moved) { scale = moved; }, "adjustment's scale");
    expectSlopes(
        layer, HostTensor(offset), *gradients.adjustmentOffset, [&](const HostTensor &moved) { offset = moved; }, "its offset");
  }
}

INSTANTIATE_TEST_SUITE_P(Random, GradientTest, ::testing::Range(0u, 40u));

} // namespace
