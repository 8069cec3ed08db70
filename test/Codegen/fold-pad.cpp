// fold-pad.cpp - a padded product, compiled and run against plain loops.
// SPDX-License-Identifier: Apache-2.0

#include "CompiledKernel.h"

using namespace bn::test;

// The border keeps its value in the second run, too, although the arena is used in between.
TEST(FoldPad, product_inside_border) {
  CompiledKernel kernel(R"(
    func.func @main(%a: tensor<3x5xf32>, %b: tensor<5x7xf32>) -> tensor<10x4xf32> {
      %two = arith.constant 2.0 : f32
      %e0 = tensor.empty() : tensor<3x7xf32>
      %y = kernel.matmul %a, %b outs(%e0) : (tensor<3x5xf32>, tensor<5x7xf32>, tensor<3x7xf32>) -> tensor<3x7xf32>
      %p = tensor.pad %y low[1, 1] high[0, 2] {
      ^bb0(%i: index, %j: index):
        tensor.yield %two : f32
      } : tensor<3x7xf32> to tensor<4x10xf32>
      %e1 = tensor.empty() : tensor<10x4xf32>
      %t = linalg.transpose ins(%p : tensor<4x10xf32>) outs(%e1 : tensor<10x4xf32>) permutation = [1, 0]
      return %t : tensor<10x4xf32>
    })");
  auto a = randomValues(15, 1), b = randomValues(35, 2);
  std::vector<float> got(40), expected(40, 2.0f);
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 7; ++j) {
      float sum = 0;
      for (int k = 0; k < 5; ++k)
        sum += a[i * 5 + k] * b[k * 7 + j];
      expected[(j + 1) * 4 + i + 1] = sum;
    }
  for (int run = 0; run < 2; ++run) {
    kernel.run({a.data(), b.data()}, {got.data()});
    expectNear(got, expected);
  }
}
