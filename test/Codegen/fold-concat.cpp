// fold-concat.cpp - concatenations whose parts share one buffer, compiled and run against plain loops.
// SPDX-License-Identifier: Apache-2.0

#include "CompiledKernel.h"

#include <cmath>

using namespace bn::test;

namespace {
std::string unary(const std::string &name, const std::string &input, const std::string &size, const std::string &op) {
  std::string type = "tensor<3x" + size + "xf32>";
  return "%" + name + "e = tensor.empty() : " + type + "\n%" + name +
         " = linalg.generic {indexing_maps = [#id, #id], iterator_types = [\"parallel\", \"parallel\"]} ins(%" + input + " : " + type +
         ") outs(%" + name + "e : " + type + ") {\n^bb0(%i: f32, %o: f32):\n%n = " + op + " %i : f32\nlinalg.yield %n : f32\n} -> " + type +
         "\n";
}
} // namespace

// a, [a x], [a x b], [a x b a]: b comes from the front of the whole, and a is read again after all of it was written.
TEST(Concat, fronts_of_one_whole) {
  CompiledKernel kernel("#id = affine_map<(i, j) -> (i, j)>\nfunc.func @main(%x: tensor<3x5xf32>) -> (tensor<3x22xf32>, tensor<3x5xf32>) {\n" +
                        unary("a", "x", "5", "arith.negf") +
                        "%c = tensor.concat dim(1) %a, %x : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x10xf32>\n" +
                        unary("f", "c", "10", "math.exp") +
                        "%s = tensor.extract_slice %f[0, 2] [3, 7] [1, 1] : tensor<3x10xf32> to tensor<3x7xf32>\n" +
                        unary("b", "s", "7", "math.sqrt") +
                        "%d = tensor.concat dim(1) %a, %x, %b, %a : (tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x7xf32>, tensor<3x5xf32>) -> "
                        "tensor<3x22xf32>\n" +
                        unary("g", "a", "5", "math.absf") + "return %d, %g : tensor<3x22xf32>, tensor<3x5xf32>\n}\n");
  auto x = randomValues(15, 1);
  std::vector<float> whole(66), last(15), expected(66), magnitudes(15);
  for (int i = 0; i < 3; ++i) {
    float *row = &expected[i * 22];
    for (int j = 0; j < 5; ++j) {
      row[j] = row[17 + j] = -x[i * 5 + j];
      row[5 + j] = x[i * 5 + j];
      magnitudes[i * 5 + j] = std::fabs(x[i * 5 + j]);
    }
    for (int j = 0; j < 7; ++j)
      row[10 + j] = std::sqrt(std::exp(row[2 + j]));
  }
  kernel.run({x.data()}, {whole.data(), last.data()});
  expectNear(whole, expected);
  expectNear(last, magnitudes, 0.0f);
}

// Along rows, into the caller's buffer.
TEST(Concat, of_arguments) {
  CompiledKernel kernel("func.func @main(%x: tensor<3x5xf32>, %y: tensor<2x5xf32>) -> tensor<5x5xf32> {\n%c = tensor.concat dim(0) %x, %y : "
                        "(tensor<3x5xf32>, tensor<2x5xf32>) -> tensor<5x5xf32>\nreturn %c : tensor<5x5xf32>\n}\n");
  auto x = randomValues(15, 1), y = randomValues(10, 2);
  std::vector<float> got(25), expected(x);
  expected.insert(expected.end(), y.begin(), y.end());
  kernel.run({x.data(), y.data()}, {got.data()});
  expectNear(got, expected, 0.0f);
}
