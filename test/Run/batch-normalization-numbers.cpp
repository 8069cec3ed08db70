// batch-normalization-numbers.cpp - what BatchNormalizations compute in machine code where it is hard: extreme data, sizes and orders.
// SPDX-License-Identifier: Apache-2.0

#include "BatchNormalizationSteps.h"
#include "Comparison.h"

#include <gtest/gtest.h>

using namespace bn::test;

// The variance keeps its digits far from zero.
TEST(BatchNormalizationNumbers, offsets) {
  for (const char *axes : {"1", "3"}) {
    Step step{"8x16x12x16x", "16x", axes};
    step.affine = false; // which would be as far from zero
    compareWithReference(step.forward(), {1e-4, 1e-4, 1e4, 1e4 + 7});
    compareWithReference(step.forward(), {1e-4, 1e-4, 1e6, 1e6 + 7});
  }
}

// A NaN or an infinity is its own channel's affair. The sum with a constant brings it into the data.
TEST(BatchNormalizationNumbers, nan_poisons_its_channel) {
  compareWithReference(R"(func.func @main(%x: tensor<2x3x2xf32>, %p: tensor<3xf32>) -> (tensor<2x3x2xf32>, tensor<3xf32>) {
  %k = onnx.constant dense<[[[0.0, 0.0], [0x7FC00000, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0], [0.0, 0x7F800000]]]> : tensor<2x3x2xf32>
  %z = onnx.add %x, %k {version = 14 : i64} : (tensor<2x3x2xf32>, tensor<2x3x2xf32>) -> tensor<2x3x2xf32>
  %y, %m, %s, %state:2 = bn.training %z scale %p running(%p, %p) axes [1] epsilon 1.0e-3 momentum 0.9
    : (tensor<2x3x2xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x2xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %y, %state#0 : tensor<2x3x2xf32>, tensor<3xf32>
})");
}

// The same where vectors lie across channels.
TEST(BatchNormalizationNumbers, nan_poisons_its_channel_of_a_strip) {
  compareWithReference(R"(func.func @main(%x: tensor<9x4x4xf32>, %p: tensor<4xf32>) -> (tensor<9x4x4xf32>, tensor<4xf32>) {
  %k = onnx.constant dense<[[0.0], [0x7FC00000], [0.0], [0x7F800000]]> : tensor<4x1xf32>
  %z = onnx.add %x, %k {version = 14 : i64} : (tensor<9x4x4xf32>, tensor<4x1xf32>) -> tensor<9x4x4xf32>
  %y, %m, %s, %state:2 = bn.training %z scale %p running(%p, %p) axes [1] epsilon 1.0e-3 momentum 0.9
    : (tensor<9x4x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<9x4x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return %y, %state#0 : tensor<9x4x4xf32>, tensor<4xf32>
})");
}

// The same where some vectors are of one channel and some of two.
TEST(BatchNormalizationNumbers, nan_poisons_its_channel_of_shared_vectors) {
  compareWithReference(R"(func.func @main(%x: tensor<9x4x36xf32>, %p: tensor<4xf32>) -> (tensor<9x4x36xf32>, tensor<4xf32>) {
  %k = onnx.constant dense<[[0.0], [0x7FC00000], [0.0], [0x7F800000]]> : tensor<4x1xf32>
  %z = onnx.add %x, %k {version = 14 : i64} : (tensor<9x4x36xf32>, tensor<4x1xf32>) -> tensor<9x4x36xf32>
  %y, %m, %s, %state:2 = bn.training %z scale %p running(%p, %p) axes [1] epsilon 1.0e-3 momentum 0.9
    : (tensor<9x4x36xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<9x4x36xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return %y, %state#0 : tensor<9x4x36xf32>, tensor<4xf32>
})");
}

// An empty batch changes no state and has gradients of zero.
TEST(BatchNormalizationNumbers, empty_batch) {
  Step step = plain("0x3x5x", "3x");
  compareWithReference(step.forward());
  compareWithReference(step.backward());
}

// Results larger than the cache are stored past it, from any address on.
TEST(BatchNormalizationNumbers, streamed) {
  compareWithReference(plain("3x7x331x313x", "7x").forward(), {2e-5, 2e-5});
  compareWithReference(plain("70000x32x", "32x").forward(), {2e-5, 2e-5});
  compareWithReference(plain("3x24x150x313x", "24x").forward(), {2e-5, 2e-5});
  compareWithReference(plain("3x17x150x313x", "17x").backward(), {2e-4, 2e-4});
}

// Rows of whole vectors: a slab is mapped while the next is summed, whatever shares the rows.
TEST(BatchNormalizationNumbers, overlapped) {
  Step step = plain("22x35x56x56x", "35x");
  compareWithReference(step.forward(), {2e-5, 2e-5});
  compareWithReference(step.backward(), {2e-4, 2e-4});
  compareWithReference(plain("4x33x128x136x", "33x").forward(), {2e-5, 2e-5});  // rows in pieces
  compareWithReference(plain("3x70x5x56x48x", "70x").backward(), {2e-4, 2e-4});
  compareWithReference(plain("300x33x240x", "33x").forward(), {2e-5, 2e-5});    // slabs of several groups
  compareWithReference(plain("32x352x14x14x", "352x").backward(), {2e-4, 2e-4}); // a quarter of a vector
  compareWithReference(plain("33x40x32x56x", "40x32x", "1, 2").forward(), {2e-5, 2e-5}); // half a vector, short rows
  compareWithReference(plain("70x40x32x28x", "40x32x", "1, 2").backward(), {2e-4, 2e-4}); // rows of less than two lines
  compareWithReference(plain("67x3x8x28x", "3x8x", "1, 2").forward(), {2e-5, 2e-5});      // in cache
  compareWithReference(plain("67x48x7x7x", "48x").backward(), {2e-4, 2e-4});              // three vectors and one element
  Step ghosts = with(plain("32x16x14x14x", "16x"), [](Step &s) { s.statistics = "2x16x", s.attributes = "ghosts = 2 : i64"; });
  compareWithReference(ghosts.backward(), {2e-4, 2e-4});
  compareWithReference(plain("700x9x256x", "9x256x", "1, 2").backward(), {2e-4, 2e-4});   // rows far from each other
  step.renorm = step.clip = true;
  step.mask = "22x1x56x56x";
  compareWithReference(step.forward(), {2e-5, 2e-5, 0, 2});
  step.adjustment = "35x1x1x";
  compareWithReference(step.backward(), {2e-4, 2e-4, 0, 2});
  step = plain("22x35x56x56x", "35x");
  step.statistics = "2x35x";
  step.attributes = "ghosts = 2 : i64";
  compareWithReference(step.forward(), {2e-5, 2e-5});
  compareWithReference(step.backward(), {2e-4, 2e-4});
}

// The order of sums is that of the data, whoever adds: one worker's slabs, parts of all workers', and what is stored past the cache.
TEST(BatchNormalizationNumbers, threads) {
  for (Step step : {plain("8x16x30x31x", "16x"), plain("4000x70x", "70x"), plain("1x2x300x500x", "2x"), plain("150001x3x", "3x"),
                    plain("3x24x150x313x", "24x"), plain("70000x32x", "32x"), plain("22x35x56x56x", "35x"),
                    plain("33x40x32x56x", "40x32x", "1, 2"), plain("32x352x14x14x", "352x")}) {
    compareThreads(step.forward());
    compareThreads(step.backward());
  }
  Step ghosts = with(plain("6x16x30x31x", "16x"), [](Step &s) {
    s.statistics = "2x16x";
    s.attributes = "ghosts = 2 : i64";
  });
  compareThreads(ghosts.forward());
  compareThreads(ghosts.backward());
  ghosts.renorm = ghosts.clip = true;
  compareThreads(ghosts.forward());
  compareThreads(with(plain("8x16x30x31x", "16x"), [](Step &s) { s.renorm = s.clip = true; }).forward());
  compareThreads(with(plain("8x16x30x31x", "16x"), [](Step &s) { s.mask = "8x1x30x31x"; }).forward(), {0, 0, 0, 2});
}

// Two reductions of one shape, both results.
TEST(BatchNormalizationNumbers, threads_of_two_reductions) {
  compareThreads(R"(func.func @main(%x: tensor<64x9x40x40xf32>, %y: tensor<64x9x40x40xf32>) -> (tensor<9xf32>, tensor<9xf32>, tensor<9xf32>, tensor<9xf32>) {
  %mx, %vx, %nx = bn.moments %x axes [1] : (tensor<64x9x40x40xf32>) -> (tensor<9xf32>, tensor<9xf32>, tensor<9xf32>)
  %my, %vy, %ny = bn.moments %y axes [1] : (tensor<64x9x40x40xf32>) -> (tensor<9xf32>, tensor<9xf32>, tensor<9xf32>)
  return %mx, %vx, %my, %vy : tensor<9xf32>, tensor<9xf32>, tensor<9xf32>, tensor<9xf32>
})");
  compareThreads(R"(func.func @main(%x: tensor<64x9x40x40xf32>, %y: tensor<64x9x40x40xf32>) -> (tensor<1x9x1x1xf32>, tensor<1x9x1x1xf32>) {
  %s = onnx.node "ReduceMean"(%x) version 13 {axes = array<i64: 0, 2, 3>, keepdims = 1 : i64} : (tensor<64x9x40x40xf32>) -> tensor<1x9x1x1xf32>
  %t = onnx.node "ReduceMean"(%y) version 13 {axes = array<i64: 0, 2, 3>, keepdims = 1 : i64} : (tensor<64x9x40x40xf32>) -> tensor<1x9x1x1xf32>
  return %s, %t : tensor<1x9x1x1xf32>, tensor<1x9x1x1xf32>
})");
}

// One element a group, groups of equal elements, and one that a mask hides altogether.
TEST(BatchNormalizationNumbers, degenerate_groups) {
  const char *step = R"(func.func @main(%x: tensor<SHAPExf32>, %p: tensor<3xf32>) -> (tensor<SHAPExf32>, tensor<3xf32>, tensor<3xf32>) {
  %z = onnx.mul %x, %x {version = 14 : i64} : (tensor<SHAPExf32>, tensor<SHAPExf32>) -> tensor<SHAPExf32>
  %c = onnx.constant dense<VALUE> : tensor<3x1xf32>
  %k = onnx.node "Max"(%z, %c) version 13 : (tensor<SHAPExf32>, tensor<3x1xf32>) -> tensor<SHAPExf32>
  %y, %m, %s, %state:2 = bn.training %k scale %p offset %p running(%p, %p) axes [1] epsilon 1.0e-3 momentum 0.9 {variance_update = #bn.variance<bessel>}
    : (tensor<SHAPExf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
    -> (tensor<SHAPExf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %y, %state#0, %state#1 : tensor<SHAPExf32>, tensor<3xf32>, tensor<3xf32>
})";
  auto compare = [&](const std::string &shape, const std::string &value) {
    std::string text = step;
    for (size_t at; (at = text.find("SHAPE")) != std::string::npos;)
      text.replace(at, 5, shape);
    text.replace(text.find("VALUE"), 5, value);
    compareWithReference(text);
  };
  compare("1x3x1", "0.0");
  compare("5x3x7", "12345.678"); // above every square: constant channels
}

// All of a channel is masked: statistics of 0 with an epsilon (Keras 3), NaN without (Keras 2), and the state as it was.
TEST(BatchNormalizationNumbers, masks_of_a_channel) {
  for (std::string attributes : {"", " {mask_epsilon = 1.0e-7 : f64}"})
    compareWithReference(R"(func.func @main(%x: tensor<4x3x5xf32>, %p: tensor<3xf32>) -> (tensor<4x3x5xf32>, tensor<3xf32>, tensor<3xf32>) {
  %w = onnx.constant dense<[[[1.0], [0.0], [1.0]]]> : tensor<1x3x1xf32>
  %y, %m, %s, %state:2 = bn.training %x scale %p running(%p, %p) mask %w axes [1] epsilon 1.0e-3 momentum 0.9)" +
                             attributes + R"( : (tensor<4x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<1x3x1xf32>)
    -> (tensor<4x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %y, %state#0, %state#1 : tensor<4x3x5xf32>, tensor<3xf32>, tensor<3xf32>
})");
}

// The variance of f32 data at offsets up to a million standard deviations, to 1e-5: f32 still tells the data apart.
TEST(BatchNormalizationNumbers, far_from_zero) {
  using Shape = std::pair<std::string, std::string>; // of the data and of a parameter
  for (auto [shape, channels] : {Shape("8x3x1x", "3x"), Shape("1048576x3x1x", "3x"), Shape("64x3x4096x", "3x"), Shape("32x33x4096x", "33x")})
    for (double offset : {0.0, 100.0, 1e4, 1e6}) {
      std::string x = "tensor<" + shape + "f32>", p = "tensor<" + channels + "f32>";
      compareWithReference("func.func @main(%x: " + x + ") -> " + p + " {\n  %m, %v, %n = bn.moments %x axes [1] : (" + x + ") -> (" + p +
                               ", " + p + ", " + p + ")\n  return %v : " + p + "\n}\n",
                           {0, 1e-5, offset - 2, offset + 2});
    }
}

TEST(BatchNormalizationNumbers, inference_streamed) {
  for (std::string shape : {"3x7x331x313xf32", "45x7x14x542xf32"}) // odd rows, and rows of quarters of a vector
    compareWithReference("func.func @main(%x: tensor<" + shape + ">, %p: tensor<7xf32>) -> tensor<" + shape + R"(> {
  %y = bn.inference %x scale %p offset %p mean %p variance %p axes [1] epsilon 1.0e-3
    : (tensor<)" + shape + R"(>, tensor<7xf32>, tensor<7xf32>, tensor<7xf32>, tensor<7xf32>) -> tensor<)" + shape +
                             ">\n  return %y : tensor<" + shape + ">\n}",
                         {1e-5, 1e-5, 0.5, 2});
}

// Activation and residual become part of the kernel, also when the state is updated between.
TEST(BatchNormalizationNumbers, epilogue) {
  compareWithReference(R"(func.func @main(%x: tensor<2x3x5x7xf32>, %p: tensor<3xf32>, %s: tensor<2x1x5x7xf32>) -> (tensor<2x3x5x7xf32>, tensor<3xf32>) {
  %y, %m, %i, %state:2 = bn.training %x scale %p running(%p, %p) axes [1] epsilon 1.0e-3 momentum 0.9
    : (tensor<2x3x5x7xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x5x7xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  %t = onnx.node "Exp"(%s) version 13 : (tensor<2x1x5x7xf32>) -> tensor<2x1x5x7xf32>
  %a = onnx.add %y, %t {version = 14 : i64} : (tensor<2x3x5x7xf32>, tensor<2x1x5x7xf32>) -> tensor<2x3x5x7xf32>
  %r = onnx.relu %a {version = 14 : i64} : (tensor<2x3x5x7xf32>) -> tensor<2x3x5x7xf32>
  return %r, %state#1 : tensor<2x3x5x7xf32>, tensor<3xf32>
})", {2e-5, 2e-5});
}

// The steps of the decomposition, each by itself.
TEST(BatchNormalizationNumbers, decomposition) {
  compareWithReference(
      R"(func.func @main(%x: tensor<6x3x5xf32>, %g: tensor<3xf32>, %rm: tensor<3xf32>, %rs: tensor<3xf32>, %rmax: tensor<f32>)
      -> (tensor<6x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<2x3xf32>) {
  %means, %variances, %counts = bn.moments %x axes [1] {ghosts = 2 : i64} : (tensor<6x3x5xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>)
  %mean = bn.pool_ghosts %means : tensor<2x3xf32> -> tensor<3xf32>
  %variance = bn.pool_ghosts %variances : tensor<2x3xf32> -> tensor<3xf32>
  %count = bn.pool_ghosts %counts : tensor<2x3xf32> -> tensor<3xf32>
  %s = bn.inv_stddev %variances epsilon 1.0e-3 : tensor<2x3xf32>
  %r, %d, %stddev = bn.renorm_correction %mean, %variance, %rm, %rs rmax %rmax epsilon 1.0e-3
    : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<f32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  %y = bn.normalize %x mean %means inv_stddev %s correction(%r, %d) scale %g axes [1] {ghosts = 2 : i64}
    : (tensor<6x3x5xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<6x3x5xf32>
  %new = bn.update_average %rs, %stddev count %count bessel momentum 0.9 : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %restored = bn.restore_variance %new epsilon 1.0e-3 : tensor<3xf32>
  %ma, %va, %na = bn.merge_moments (%means, %variances, %counts), (%s, %variances, %counts) : tensor<2x3xf32>
  return %y, %new, %restored, %va : tensor<6x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<2x3xf32>
})",
      {2e-5, 2e-5});
}

// A set without elements says nothing, whatever its moments are.
TEST(BatchNormalizationNumbers, merge_of_empty_sets) {
  compareWithReference(R"(func.func @main(%m: tensor<4xf32>, %v: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %na = onnx.constant dense<[0.0, 3.0, 0.0, 2.0]> : tensor<4xf32>
  %nb = onnx.constant dense<[0.0, 0.0, 5.0, 4.0]> : tensor<4xf32>
  %mb = onnx.constant dense<[0x7FC00000, 0x7FC00000, 1.0, 2.0]> : tensor<4xf32>
  %ma = onnx.constant dense<[1.0, 2.0, 0x7FC00000, 3.0]> : tensor<4xf32>
  %mean, %variance, %n = bn.merge_moments (%ma, %v, %na), (%mb, %m, %nb) : tensor<4xf32>
  return %mean, %variance, %n : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
})");
}

TEST(BatchNormalizationNumbers, inference_grad) {
  const char *text = R"(func.func @main(%dy: tensor<2x3x5xf32>, %x: tensor<2x3x5xf32>, %p: tensor<3xf32>)
      -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) {
  %r:5 = bn.inference_grad %dy, %x scale %p mean %p variance %p axes [1] epsilon 1.0e-3
    : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
    -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %r#0, %r#1, %r#2, %r#3, %r#4 : tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
})";
  compareWithReference(text, {2e-5, 2e-5, 0.5, 2});
  compareExpanded(text, {2e-5, 2e-5, 0.5, 2});
}
