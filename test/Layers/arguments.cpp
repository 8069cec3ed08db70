// arguments.cpp - combinations of arguments that Keras refuses, each with the rule that was broken, and those it lets pass.
// SPDX-License-Identifier: Apache-2.0

#include "LayerTest.h"

using namespace bn;
using namespace bn::layers;

namespace {

class ArgumentsTest : public LayerTest {
protected:
  void expectRefused(Arguments arguments, const std::string &message) {
    EXPECT_EQ(getMessage(Layer::create(std::move(arguments), context, compiler)), message);
  }
  void expectNotBuilt(Arguments arguments, llvm::ArrayRef<int64_t> shape, const std::string &message) {
    auto layer = Layer::create(std::move(arguments), context, compiler);
    ASSERT_TRUE(static_cast<bool>(layer)) << toString(layer.takeError());
    EXPECT_EQ(getMessage(layer->build(shape)), message);
    EXPECT_TRUE(layer->getVariables().empty());
  }
  /// Whether Keras takes its fused implementation: the floor of epsilon shows it.
  bool isFused(Arguments arguments, llvm::ArrayRef<int64_t> shape) {
    arguments.epsilon = 1e-6;
    Layer layer = make(std::move(arguments));
    std::vector<double> ones(mlir::ShapedType::getNumElements(shape), 1e-3);
    Call call = llvm::cantFail(layer.call(real(shape, ones), {.training = true}));
    return getReals(call.saved["batch_inv_stddev"])[0] < 900;
  }
  static std::pair<HostTensor, HostTensor> adjust(llvm::ArrayRef<int64_t>) { return {}; }
};

TEST_F(ArgumentsTest, no_ranges_without_meaning) {
  expectRefused({.axis = {}}, "'axis' must name an axis");
  expectRefused({.momentum = 1.5}, "'momentum' must be in [0, 1], got 1.5");
  expectRefused({.renormMomentum = -0.1}, "'renorm_momentum' must be in [0, 1], got -0.1");
  expectRefused({.epsilon = -1}, "'epsilon' must not be negative, got -1");
  expectRefused({.dtype = "int32"}, "'dtype' must be float16, bfloat16, float32 or float64, got 'int32'");
}

TEST_F(ArgumentsTest, no_renorm_clipping_with_unknown_keys) {
  expectRefused({.renorm = true, .renormClipping = {{"max", 1}}},
                "'renorm_clipping' contains the unknown key 'max', expected rmax, rmin or dmax");
  make({.renormClipping = {{"max", 1}}}); // looked at with renorm only
}

TEST_F(ArgumentsTest, no_crossed_bounds_in_keras_3) {
  Arguments crossed = {.api = Api::Keras3, .renorm = true, .renormClipping = {{"rmax", 1}, {"rmin", 2}}};
  expectRefused(crossed, "'rmax' of 'renorm_clipping' must not be below 'rmin', got 1 and 2");
  crossed.api = Api::Keras2;
  make(crossed);
  expectRefused({.api = Api::Keras3, .renorm = true, .renormClipping = {{"dmax", -1}}},
                "'dmax' of 'renorm_clipping' must not be negative, got -1");
}

TEST_F(ArgumentsTest, no_arguments_that_keras_3_dropped) {
  expectRefused({.api = Api::Keras3, .axis = {1, 2}}, "'axis' of Keras 3 is one integer, got 2");
  expectRefused({.api = Api::Keras3, .fused = false}, "Keras 3 has no argument 'fused'");
  expectRefused({.api = Api::Keras3, .virtualBatchSize = 2}, "Keras 3 has no argument 'virtual_batch_size'");
  expectRefused({.api = Api::Keras3, .adjustment = adjust}, "Keras 3 has no argument 'adjustment'");
}

TEST_F(ArgumentsTest, no_fused_in_keras_2_with_what_it_cannot_do) {
  const Api api = Api::Keras2;
  expectRefused({.api = api, .renorm = true, .fused = true}, "'fused' cannot be True with 'renorm'");
  expectRefused({.api = api, .axis = {1, 2}, .fused = true}, "'fused' cannot be True with more than one axis");
  expectRefused({.api = api, .axis = {2}, .fused = true}, "'fused' cannot be True with axis 2");
  expectRefused({.api = api, .fused = true, .virtualBatchSize = 2}, "'fused' cannot be True with 'virtual_batch_size'");
  expectRefused({.api = api, .fused = true, .adjustment = adjust}, "'fused' cannot be True with 'adjustment'");
  expectRefused({.api = api, .fused = true, .dtype = "float64"}, "'fused' cannot be True with dtype 'float64'");
  expectRefused({.api = api, .fused = true, .synchronized = true}, "'fused' cannot be True with 'synchronized'");
  expectNotBuilt({.api = api, .fused = true}, {6, 4}, "'fused' cannot be True with an input of rank 2, expected 4 or 5");
}

TEST_F(ArgumentsTest, fusedFallsBackInVersion1) {
  for (Arguments arguments :
       {Arguments{.renorm = true, .fused = true}, {.axis = {1, 2}, .fused = true}, {.fused = true, .dtype = "float64"}})
    EXPECT_FALSE(isFused(arguments, {2, 3, 5, 7}));
  EXPECT_FALSE(isFused({.fused = true}, {6, 4}));
}

TEST_F(ArgumentsTest, fusedWhereKerasWould) {
  for (Api api : {Api::CompatV1, Api::Keras2}) {
    EXPECT_TRUE(isFused({.api = api}, {2, 3, 5, 7}));
    EXPECT_TRUE(isFused({.api = api, .axis = {1}}, {2, 3, 5, 7}));
    EXPECT_TRUE(isFused({.api = api, .axis = {-4}}, {2, 3, 2, 5, 7}));
    EXPECT_FALSE(isFused({.api = api, .axis = {3}}, {2, 3, 2, 5, 7}));
    EXPECT_FALSE(isFused({.api = api, .fused = false}, {2, 3, 5, 7}));
    EXPECT_FALSE(isFused({.api = api, .synchronized = true}, {2, 3, 5, 7}));
    EXPECT_FALSE(isFused({.api = api}, {6, 5, 4}));
    expectNotBuilt({.api = api, .axis = {-4}}, {2, 3, 5, 7}, "the fused implementation expects axis 1 or 3 of an input of rank 4, got 0");
  }
  EXPECT_FALSE(isFused({.api = Api::Keras3}, {2, 3, 5, 7}));
}

TEST_F(ArgumentsTest, no_axes_that_the_input_lacks) {
  expectNotBuilt({.axis = {4}, .fused = false}, {2, 3, 5, 7}, "axis 4 is out of range for an input of rank 4");
  expectNotBuilt({.axis = {-5}}, {2, 3, 5, 7}, "axis -5 is out of range for an input of rank 4");
  expectNotBuilt({.axis = {1, -3}}, {2, 3, 5, 7}, "duplicate axis in (1, -3)");
  expectNotBuilt({.axis = {1}}, {2, mlir::ShapedType::kDynamic}, "the input's size along axis 1 must be known, got shape (2, ?)");
}

TEST_F(ArgumentsTest, no_virtual_batches_with_what_they_cannot_do) {
  expectNotBuilt({.virtualBatchSize = 0}, {4, 3}, "'virtual_batch_size' must be positive, got 0");
  expectNotBuilt({.axis = {0, 1}, .virtualBatchSize = 2}, {4, 3}, "'virtual_batch_size' cannot be combined with the batch axis in 'axis'");
  expectNotBuilt({.virtualBatchSize = 2, .adjustment = adjust}, {4, 3}, "'virtual_batch_size' cannot be combined with 'adjustment'");
  Layer layer = make({.virtualBatchSize = 3});
  HostTensor x = real({4, 1}, {1, 2, 3, 4});
  EXPECT_EQ(getMessage(layer.call(x, {.training = true})), "'virtual_batch_size' 3 does not divide the batch of 4");
  EXPECT_EQ(getMessage(layer.call(x)), ""); // inference takes any batch
}

TEST_F(ArgumentsTest, no_masks_that_do_not_fit) {
  HostTensor x = real({2, 3, 1}, {1, 2, 3, 4, 5, 6}), mask = real({2, 3}, {1, 1, 0, 1, 0, 0}), row = real({3}, {1, 1, 0}),
             odd = real({2}, {1, 0});
  CallOptions options = {.training = true, .mask = &mask};
  EXPECT_EQ(getMessage(make({}).call(x, options)), "the layer of compat.v1 has no argument 'mask'");
  EXPECT_EQ(getMessage(make({.api = Api::Keras2, .virtualBatchSize = 2}).call(x, options)),
            "'mask' cannot be combined with 'virtual_batch_size'");
  options.mask = &row;
  EXPECT_EQ(getMessage(make({.api = Api::Keras3}).call(x, options)), "'mask' must have rank 2 for an input of rank 3, got rank 1");
  EXPECT_EQ(getMessage(make({.api = Api::Keras2}).call(x, options)), ""); // broadcast
  options.mask = &odd;
  EXPECT_EQ(getMessage(make({.api = Api::Keras2}).call(x, options)), "'mask' of shape (2) does not fit an input of shape (2, 3, 1)");
}

TEST_F(ArgumentsTest, no_adjustment_that_does_not_broadcast) {
  Layer layer = make({.adjustment = [&](llvm::ArrayRef<int64_t>) { return std::pair(real({3}, {1, 1, 1}), real({3}, {0, 0, 0})); }});
  EXPECT_EQ(getMessage(layer.call(real({1, 2}, {1, 2}), {.training = true})),
            "'adjustment' gave a tensor of shape (3), which does not broadcast to an input of shape (1, 2)");
}

TEST_F(ArgumentsTest, no_input_unlike_the_first) {
  Layer layer = make({.axis = {1}});
  EXPECT_EQ(getMessage(layer.build({2, 3, 5})), "");
  std::string built = "the layer was built for an input of rank 3 with sizes (3) along axes (1), got shape ";
  EXPECT_EQ(getMessage(layer.call(real({1, 3}, {1, 2, 3}))), built + "(1, 3)");
  EXPECT_EQ(getMessage(layer.call(real({1, 2, 1}, {1, 2}))), built + "(1, 2, 1)");
  EXPECT_EQ(getMessage(layer.call(real({1, 3, 1}, {1, 2, 3}))), ""); // the rest may change
}

TEST_F(ArgumentsTest, no_objects_that_keras_does_not_know) {
  expectRefused({.betaInitializer = {"Twos", {}}}, "'beta_initializer': unknown initializer 'Twos', expected one of Zeros, Ones, Constant, "
                                                   "RandomUniform, RandomNormal, TruncatedNormal, VarianceScaling, GlorotUniform, "
                                                   "GlorotNormal, HeUniform, HeNormal, LecunUniform, LecunNormal, Orthogonal, Identity");
  expectRefused({.gammaInitializer = {"Constant", llvm::json::Object{{"mean", 1}}}},
                "'gamma_initializer': 'Constant' has no parameter 'mean'");
  expectRefused({.gammaRegularizer = {"L2", llvm::json::Object{{"l2", "much"}}}},
                "'gamma_regularizer': 'L2' expects 'l2' to be a finite number");
  expectRefused({.api = Api::Keras3, .gammaRegularizer = {"L2", llvm::json::Object{{"l2", -1}}}},
                "'gamma_regularizer': 'L2' expects 'l2' not to be negative, got -1");
  make({.gammaRegularizer = {"L2", llvm::json::Object{{"l2", -1}}}}); // before Keras 3
  expectRefused({.betaConstraint = {"Small", {}}},
                "'beta_constraint': unknown constraint 'Small', expected one of MaxNorm, NonNeg, UnitNorm, MinMaxNorm, RadialConstraint");
}

TEST_F(ArgumentsTest, no_objects_for_another_rank) {
  expectNotBuilt({.gammaRegularizer = {"OrthogonalRegularizer", {}}}, {4, 3},
                 "inputs to OrthogonalRegularizer must have rank 2, got rank 1");
  expectNotBuilt({.betaConstraint = {"RadialConstraint", {}}}, {4, 3},
                 "RadialConstraint is for the kernel of a convolution, square and of rank 4, got a variable of rank 1");
  expectNotBuilt({.gammaInitializer = {"Orthogonal", {}}}, {4, 3},
                 "'gamma': the tensor to initialize with Orthogonal must be at least two-dimensional, got rank 1");
  expectNotBuilt({.gammaInitializer = {"Identity", {}}}, {4, 3},
                 "'gamma': Identity can only be used for two-dimensional matrices, got rank 1");
  expectNotBuilt({.gammaConstraint = {"MaxNorm", llvm::json::Object{{"axis", 1}}}}, {4, 3},
                 "a constraint's axis 1 is out of range for a variable of rank 1");
}

} // namespace
