// emit-pool.cpp - pooling and changes of layout, compiled and run against plain loops.
// SPDX-License-Identifier: Apache-2.0

#include "CompiledKernel.h"

using namespace bn::test;

namespace {
constexpr int kBlocks = 2, kHeight = 7, kWidth = 9, kOutHeight = 4, kOutWidth = 6, kBlock = 16;

/// A window of 3×4 in strides of 2 and 2 with pads 1, 2, 1, 3.
void checkPool(const std::string &kind, unsigned threads) {
  CompiledKernel kernel("func.func @main(%x: tensor<1x2x7x9x16xf32>) -> tensor<1x2x4x6x16xf32> {\n"
                        "  %out = tensor.empty() : tensor<1x2x4x6x16xf32>\n  %y = kernel.pool " +
                            kind +
                            " %x outs(%out) window [3, 4] strides [2, 2] pads [1, 2, 1, 3]\n"
                            "     : (tensor<1x2x7x9x16xf32>, tensor<1x2x4x6x16xf32>) -> tensor<1x2x4x6x16xf32>\n"
                            "  return %y : tensor<1x2x4x6x16xf32>\n}\n",
                        threads);
  auto x = randomValues(kBlocks * kHeight * kWidth * kBlock, 1);
  std::vector<float> got(kBlocks * kOutHeight * kOutWidth * kBlock), expected;
  for (int c = 0; c < kBlocks; ++c)
    for (int oh = 0; oh < kOutHeight; ++oh)
      for (int ow = 0; ow < kOutWidth; ++ow)
        for (int lane = 0; lane < kBlock; ++lane) {
          float most = -INFINITY, sum = 0;
          int inside = 0, padded = 0;
          for (int h = oh * 2 - 1; h < oh * 2 + 2; ++h)
            for (int w = ow * 2 - 2; w < ow * 2 + 2; ++w) {
              padded += h >= -1 && h < kHeight + 1 && w >= -2 && w < kWidth + 3;
              if (h < 0 || h >= kHeight || w < 0 || w >= kWidth)
                continue;
              float value = x[((c * kHeight + h) * kWidth + w) * kBlock + lane];
              most = std::max(most, value);
              sum += value;
              ++inside;
            }
          expected.push_back(kind == "max" ? most : sum / (kind == "average" ? inside : padded));
        }
  kernel.run({x.data()}, {got.data()});
  expectNear(got, expected);
}
} // namespace

TEST(Pool, max) { checkPool("max", 2); }
TEST(Pool, average) { checkPool("average", 1); }
TEST(Pool, average_with_pads) { checkPool("average_with_pads", 1); }

/// 37 channels in three blocks, and rows with tails. The tail's lanes are zeros.
static void checkPack(int columns) {
  std::string size = std::to_string(columns), plain = "tensor<2x37x3x" + size + "xf32>", blocked = "tensor<2x3x3x" + size + "x16xf32>";
  CompiledKernel kernel("func.func @main(%x: " + plain + ") -> (" + blocked + ", " + plain + ") {\n %e0 = tensor.empty() : " + blocked +
                            "\n %e1 = tensor.empty() : " + plain + "\n %p = kernel.pack %x outs(%e0) : (" + plain + ", " + blocked +
                            ") -> " + blocked + "\n %u = kernel.unpack %p outs(%e1) : (" + blocked + ", " + plain + ") -> " + plain +
                            "\n return %p, %u : " + blocked + ", " + plain + "\n}",
                        2);
  int image = 3 * columns;
  auto x = randomValues(2 * 37 * image, 1);
  std::vector<float> packed(2 * 48 * image), back(x.size()), expected(packed.size(), 0.0f);
  for (int n = 0; n < 2; ++n)
    for (int c = 0; c < 37; ++c)
      for (int at = 0; at < image; ++at)
        expected[((n * 3 + c / 16) * image + at) * 16 + c % 16] = x[(n * 37 + c) * image + at];
  kernel.run({x.data()}, {packed.data(), back.data()});
  expectNear(packed, expected, 0.0f);
  expectNear(back, x, 0.0f);
}

TEST(Pack, there_and_back) { checkPack(67); }
TEST(Pack, rows_of_one) { checkPack(1); }
TEST(Pack, small_image) { checkPack(19); }
