// batch-norm.cpp - the bn ops against vectors of the semantics: Keras' renormalization, ghosts, masks, adjustment; ONNX's plain step.
// SPDX-License-Identifier: Apache-2.0

#include "InterpreterTest.h"

#include <cmath>

using namespace mlir;
using namespace bn::reference;

namespace {

class BatchNormTest : public InterpreterTest {
protected:
  /// Runs one op over parameters `%a…`: `inputs` name and type are those of `signature`.
  std::vector<Tensor> step(StringRef signature, StringRef op, StringRef results, ArrayRef<Tensor> inputs) {
    return run(("func.func @f(" + signature + ") -> (" + results + ") {\n" + op + "\n}").str(), inputs);
  }
  Tensor x = real({4, 2}, {1, 2, 3, 6, 5, 10, 7, 14});
  Tensor ghostX = real({4, 2}, {1, 0, 2, 4, 5, 2, 10, -4});
  Tensor gamma = real({2}, {1.5, -0.5}), beta = real({2}, {0.1, 0.2});
  Tensor zeros = real({2}, {0, 0}), ones = real({2}, {1, 1});
};

TEST_F(BatchNormTest, inference) {
  auto y = step("%x: tensor<4x2xf32>, %g: tensor<2xf32>, %b: tensor<2xf32>, %m: tensor<2xf32>, %v: tensor<2xf32>",
                R"(%y = bn.inference %x scale %g offset %b mean %m variance %v axes [1] epsilon 0.001
                      : (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
                   return %y : tensor<4x2xf32>)",
                "tensor<4x2xf32>", {x, gamma, beta, real({2}, {2, 9}), real({2}, {4, 0.25})});
  ASSERT_EQ(y.size(), 1u) << message;
  expectReals(y[0], {-0.6499062675744637, 7.186041860488244, 0.8499062675744636, 3.1940179402092475, 2.349718802723391, -0.798005980069749,
                     3.8495313378723184, -4.790029900348745});
}

TEST_F(BatchNormTest, affine) {
  auto y = step("%x: tensor<2x3xf32>",
                "%y = bn.affine %x scale [2.0, 3.0, -1.0] offset [0.0, 0.5, 1.0] axis 1 : tensor<2x3xf32> return %y : tensor<2x3xf32>",
                "tensor<2x3xf32>", real({2, 3}, {1, 2, 3, 4, 5, 6}));
  expectReals(y[0], {2, 6.5, -2, 8, 15.5, -5});
}

/// A step with running statistics; `{0}` are attributes.
static constexpr StringLiteral plainSignature =
    "%x: tensor<4x2xf32>, %g: tensor<2xf32>, %b: tensor<2xf32>, %m: tensor<2xf32>, %v: tensor<2xf32>";
static std::string plainStep(StringRef attributes, StringRef statistics = "tensor<2xf32>") {
  return ("%y, %bm, %bi, %nm, %nv = bn.training %x scale %g offset %b running(%m, %v) axes [1] epsilon 0.001 momentum 0.9 {" + attributes +
          "} : (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> (tensor<4x2xf32>, " + statistics + ", " +
          statistics + ", tensor<2xf32>, tensor<2xf32>)\n return %y, %bm, %nm, %nv : tensor<4x2xf32>, " + statistics +
          ", tensor<2xf32>, tensor<2xf32>")
      .str();
}

TEST_F(BatchNormTest, trainingPlain) {
  auto r =
      step(plainSignature, plainStep(""), "tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>", {x, gamma, beta, zeros, ones});
  ASSERT_EQ(r.size(), 4u) << message;
  expectReals(r[0], {-1.9122599638137228, 0.8708036233689735, -0.570753321271241, 0.4236012077896579, 0.770753321271241,
                     -0.023601207789657852, 2.112259963813723, -0.4708036233689736});
  expectReals(r[1], {4, 8});
  expectReals(r[2], {0.4, 0.8});
  expectReals(r[3], {1.4, 2.9});
}

TEST_F(BatchNormTest, trainingBessel) {
  auto r = step(plainSignature, plainStep("variance_update = #bn.variance<bessel>"),
                "tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>", {x, gamma, beta, zeros, ones});
  ASSERT_EQ(r.size(), 4u) << message;
  expectReals(r[3], {1.5666666666666664, 3.566666666666666});
}

// Sample n belongs to ghost n mod 2.
TEST_F(BatchNormTest, trainingGhostsInterleaved) {
  auto r = step(plainSignature, plainStep("ghosts = 2 : i64", "tensor<2x2xf32>"),
                "tensor<4x2xf32>, tensor<2x2xf32>, tensor<2xf32>, tensor<2xf32>", {ghostX, gamma, beta, zeros, ones});
  ASSERT_EQ(r.size(), 4u) << message;
  expectReals(r[0], {-1.3998125351489272, 0.6997501873438866, -1.399953127197151, -0.2999843757323837, 1.5998125351489274,
                     -0.2997501873438866, 1.5999531271971512, 0.6999843757323837});
  expectReals(r[1], {3, 1, 6, 0});
  expectReals(r[2], {0.45, 0.05});
  expectReals(r[3], {1.9, 1.75});
}

TEST_F(BatchNormTest, trainingGhostsContiguous) {
  auto r = step(plainSignature, plainStep("ghosts = 2 : i64, grouping = #bn.grouping<contiguous>", "tensor<2x2xf32>"),
                "tensor<4x2xf32>, tensor<2x2xf32>, tensor<2xf32>, tensor<2xf32>", {ghostX, gamma, beta, zeros, ones});
  ASSERT_EQ(r.size(), 4u) << message;
  expectReals(r[0], {-1.3970089701046235, 0.6999375117163091, 1.5970089701046237, -0.29993751171630906, -1.39988001439808,
                     -0.29997222453682276, 1.5998800143980803, 0.6999722245368227});
  expectReals(r[3], {1.225, 1.55});
}

TEST_F(BatchNormTest, no_ghosts_that_do_not_divide_the_batch) {
  step("%x: tensor<?x2xf32>", R"(%y, %m, %i = bn.training %x axes [1] epsilon 0.001 momentum 0.9 {ghosts = 3 : i64}
       : (tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<3x2xf32>, tensor<3x2xf32>)
       return %y : tensor<?x2xf32>)",
       "tensor<?x2xf32>", {x});
  EXPECT_EQ(message, "'bn.training' op expected a batch in multiples of 3 along an axis that is not kept, got 'tensor<4x2xf32>'");
}

TEST_F(BatchNormTest, trainingMultiAxis) {
  auto r = step(
      "%x: tensor<2x2x2x2xf32>, %g: tensor<2x2xf32>, %b: tensor<2x2xf32>",
      R"(%y, %m, %i = bn.training %x scale %g offset %b axes [1, 2] epsilon 0.001 momentum 0.9
                      : (tensor<2x2x2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) -> (tensor<2x2x2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>)
                   return %y, %m : tensor<2x2x2x2xf32>, tensor<2x2xf32>)",
      "tensor<2x2x2x2xf32>, tensor<2x2xf32>",
      {real({2, 2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 2, 0, 1, 8, 9, 6, 3, 0}), real({2, 2}, {1, 2, 0.5, -1}), real({2, 2}, {0, 1, -1, 0.5})});
  ASSERT_EQ(r.size(), 2u) << message;
  expectReals(r[0], {-0.3012923025259114, 0.9038769075777342, 0.21559579591164968, 1.0, -1.499888925912214, -1.166629641970738,
                     -0.2808307210685256, -0.5931630094959357, 0.9038769075777342, -1.5064615126295569, -1.3532126122650512,
                     4.137616816353401, -0.16685179014631024, -1.166629641970738, 0.9684984326411153, 1.9054952979233462});
  expectReals(r[1], {1.25, 4, 6.5, 4.5});
}

// Clipped, with all five state tensors; once with an adjustment in between.
TEST_F(BatchNormTest, trainingRenormalization) {
  static constexpr StringLiteral signature =
      "%x: tensor<4x2xf32>, %g: tensor<2xf32>, %b: tensor<2xf32>, %m: tensor<2xf32>, %v: tensor<2xf32>, %rm: tensor<2xf32>, "
      "%rs: tensor<2xf32>, %ms: tensor<2xf32>, %rmin: tensor<f32>, %rmax: tensor<f32>, %dmax: tensor<f32>, %a: tensor<2xf32>, "
      "%c: tensor<2xf32>";
  auto op = [](StringRef adjustment, StringRef types) {
    return (R"(%y, %bm, %bi, %nm, %nv, %nrm, %nrs, %nms = bn.training %x scale %g offset %b running(%m, %v) renorm(%rm, %rs, %ms)
            rmin %rmin rmax %rmax dmax %dmax )" +
            adjustment + R"( axes [1] epsilon 0.001 momentum 0.9 {renorm_momentum = 0.8 : f64}
            : (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
               tensor<2xf32>, tensor<f32>, tensor<f32>, tensor<f32>)" +
            types + R"()
            -> (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>)
            return %y, %nm, %nv, %nrm, %nrs, %nms
              : tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>)")
        .str();
  };
  Tensor inputs[] = {x,
                     gamma,
                     beta,
                     real({2}, {0, 1}),
                     real({2}, {1, 4}),
                     real({2}, {3, 9.5}),
                     real({2}, {2, 1}),
                     real({2}, {1, 2}),
                     real({}, {0.5}),
                     real({}, {2}),
                     real({}, {0.4}),
                     real({2}, {1.1, 0.9}),
                     real({2}, {0.05, -0.1})};
  StringRef results = "tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>";
  auto r = step(signature, op("", ""), results, inputs);
  ASSERT_EQ(r.size(), 6u) << message;
  expectReals(r[0], {-1.55, 1.741607246737947, -0.05, 0.8472024155793156, 1.45, -0.047202415579315704, 2.95, -0.9416072467379473});
  expectReals(r[1], {0.4, 1.7});
  expectReals(r[2], {1.2615424831612974, 5.04901919252034});
  expectReals(r[3], {3.2, 9.2});
  expectReals(r[4], {2.0472583146236634, 1.6944495514001892});
  expectReals(r[5], {1.1236291573118318, 2.2472247757000945});
  auto adjusted = step(signature, op("adjustment(%a, %c)", ", tensor<2xf32>, tensor<2xf32>"), results, inputs);
  ASSERT_EQ(adjusted.size(), 6u) << message;
  expectReals(adjusted[0], {-1.64, 1.6374465220641525, 0.01, 0.8324821740213841, 1.66, 0.02751782597861585, 3.31, -0.7774465220641524});
}

// Keras 3 adds 1e-7 to the weight of the mask, Keras 2 nothing.
TEST_F(BatchNormTest, trainingMask) {
  Tensor data = real({2, 4, 2}, {1, 5, 2, 5, 0, 0, 0, 0, 3, 1, 4, 9, 7, 7, 0, 0}), mask = real({2, 4, 1}, {1, 1, 0, 0, 1, 1, 1, 0});
  auto op = [](StringRef attributes) {
    return ("%y, %m, %i = bn.training %x mask %w axes [2] epsilon 0.001 momentum 0.9 {" + attributes +
            "} : (tensor<2x4x2xf32>, tensor<2x4x1xf32>) -> (tensor<2x4x2xf32>, tensor<2xf32>, tensor<2xf32>)\n return %y, %m : "
            "tensor<2x4x2xf32>, tensor<2xf32>")
        .str();
  };
  StringRef signature = "%x: tensor<2x4x2xf32>, %w: tensor<2x4x1xf32>", results = "tensor<2x4x2xf32>, tensor<2xf32>";
  auto keras2 = step(signature, op(""), results, {data, mask});
  ASSERT_EQ(keras2.size(), 2u) << message;
  expectReals(keras2[1], {3.4, 5.4});
  EXPECT_NEAR(keras2[0].reals()[0], -1.1654056130237438, 1e-12);
  EXPECT_NEAR(keras2[0].reals()[15], -2.035057045730642, 1e-12);
  auto keras3 = step(signature, op("mask_epsilon = 1.0e-7 : f64"), results, {data, mask});
  ASSERT_EQ(keras3.size(), 2u) << message;
  expectReals(keras3[1], {3.3999999320000014, 5.399999892000002});
}

} // namespace
