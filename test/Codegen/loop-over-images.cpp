// loop-over-images.cpp - a batch, compiled and run, against its images one by one, bit for bit.
// SPDX-License-Identifier: Apache-2.0

#include "CompiledKernel.h"

#include "bn/IR/Kernel/ModuleAttributes.h"
#include "llvm/Support/FormatVariadic.h"

using namespace bn::test;

namespace {
constexpr int kImages = 6, kHeight = 61, kWidth = 67, kBlock = 16, kBlocks = 3;
constexpr size_t kImage = static_cast<size_t>(kBlocks) * kHeight * kWidth * kBlock;

/// Expand, depthwise, project and add; Winograd; a mean of each channel that scales it. {0} is the number of images, {1} of its tiles.
constexpr const char *kText = R"(
func.func @main(%x: tensor<{0}x3x61x67x16xf32>, %w1: tensor<6x3x1x1x16x16xf32>, %w2: tensor<6x1x3x3x16xf32>, %w3: tensor<3x6x1x1x16x16xf32>,
                %u: tensor<36x3x48x16xf32>) -> tensor<{0}x3x61x67x16xf32> {{
  %zero = arith.constant 0.0 : f32
  %e0 = tensor.empty() : tensor<{0}x6x61x67x16xf32>
  %expanded = kernel.conv %x, %w1 outs(%e0)
    : (tensor<{0}x3x61x67x16xf32>, tensor<6x3x1x1x16x16xf32>, tensor<{0}x6x61x67x16xf32>) -> tensor<{0}x6x61x67x16xf32>
  %padded = tensor.pad %expanded low[0, 0, 1, 1, 0] high[0, 0, 1, 1, 0] {{
  ^bb0(%i0: index, %i1: index, %i2: index, %i3: index, %i4: index):
    tensor.yield %zero : f32
  } : tensor<{0}x6x61x67x16xf32> to tensor<{0}x6x63x69x16xf32>
  %filtered = kernel.grouped_conv %padded, %w2 outs(%e0)
    : (tensor<{0}x6x63x69x16xf32>, tensor<6x1x3x3x16xf32>, tensor<{0}x6x61x67x16xf32>) -> tensor<{0}x6x61x67x16xf32>
  %e1 = tensor.empty() : tensor<{0}x3x61x67x16xf32>
  %sum = kernel.conv %filtered, %w3 with(%x) outs(%e1) epilogue {{
  ^bb0(%acc: f32, %shortcut: f32):
    %s = arith.addf %acc, %shortcut : f32
    kernel.yield %s : f32
  } : (tensor<{0}x6x61x67x16xf32>, tensor<3x6x1x1x16x16xf32>, tensor<{0}x3x61x67x16xf32>, tensor<{0}x3x61x67x16xf32>)
    -> tensor<{0}x3x61x67x16xf32>
  %tiled = tensor.pad %sum low[0, 0, 1, 1, 0] high[0, 0, 4, 2, 0] {{
  ^bb0(%i0: index, %i1: index, %i2: index, %i3: index, %i4: index):
    tensor.yield %zero : f32
  } : tensor<{0}x3x61x67x16xf32> to tensor<{0}x3x66x70x16xf32>
  %e2 = tensor.empty() : tensor<36x{1}x48xf32>
  %v = kernel.winograd_input %tiled outs(%e2) tile 4 tiles [16, 17]
    : (tensor<{0}x3x66x70x16xf32>, tensor<36x{1}x48xf32>) -> tensor<36x{1}x48xf32>
  %m = kernel.matmul %v, %u outs(%e2) {{packed}
    : (tensor<36x{1}x48xf32>, tensor<36x3x48x16xf32>, tensor<36x{1}x48xf32>) -> tensor<36x{1}x48xf32>
  %z = kernel.winograd_output %m outs(%e1) tile 4 : (tensor<36x{1}x48xf32>, tensor<{0}x3x61x67x16xf32>) -> tensor<{0}x3x61x67x16xf32>
  %e3 = tensor.empty() : tensor<{0}x3x1x1x16xf32>
  %mean = kernel.pool average %z outs(%e3) window [61, 67] : (tensor<{0}x3x61x67x16xf32>, tensor<{0}x3x1x1x16xf32>) -> tensor<{0}x3x1x1x16xf32>
  %means = tensor.collapse_shape %mean [[0], [1, 2, 3, 4]] : tensor<{0}x3x1x1x16xf32> into tensor<{0}x48xf32>
  %blocks = tensor.expand_shape %means [[0], [1, 2]] output_shape [{0}, 3, 16] : tensor<{0}x48xf32> into tensor<{0}x3x16xf32>
  %y = linalg.generic {{indexing_maps = [affine_map<(n, c, h, w, b) -> (n, c, h, w, b)>, affine_map<(n, c, h, w, b) -> (n, c, b)>,
                                        affine_map<(n, c, h, w, b) -> (n, c, h, w, b)>],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]}
      ins(%z, %blocks : tensor<{0}x3x61x67x16xf32>, tensor<{0}x3x16xf32>) outs(%e1 : tensor<{0}x3x61x67x16xf32>) {{
  ^bb0(%e: f32, %scale: f32, %out: f32):
    %product = arith.mulf %e, %scale : f32
    linalg.yield %product : f32
  } -> tensor<{0}x3x61x67x16xf32>
  return %y : tensor<{0}x3x61x67x16xf32>
}
)";

/// The answers of so many images at once.
std::vector<float> compute(CompiledKernel &kernel, llvm::ArrayRef<float> x) {
  auto w1 = randomValues(6 * 3 * 256, 2), w2 = randomValues(6 * 9 * 16, 3), w3 = randomValues(3 * 6 * 256, 4);
  auto u = randomValues(36 * 3 * 48 * 16, 5);
  std::vector<float> y(x.size());
  kernel.run({x.data(), w1.data(), w2.data(), w3.data(), u.data()}, {y.data()});
  return y;
}

std::string textOf(int images) { return llvm::formatv(kText, images, images * 16 * 17).str(); }
} // namespace

TEST(LoopOverImages, batch_equals_its_images) {
  auto x = randomValues(kImages * kImage, 1);
  CompiledKernel one(textOf(1));
  std::vector<float> expected;
  for (int i = 0; i < kImages; ++i)
    llvm::append_range(expected, compute(one, llvm::ArrayRef(x).slice(i * kImage, kImage)));
  for (unsigned threads : {1, 2, 3}) {
    CompiledKernel batch(textOf(kImages), threads);
    // without a loop the expanded images, with and without borders, would take more than four times the input
    ASSERT_LT(batch.getNumber(bn::kernel::kArenaSizeAttr), static_cast<int64_t>(2 * kImages * kImage * sizeof(float)));
    EXPECT_EQ(compute(batch, x), expected) << threads << " threads";
  }
}
