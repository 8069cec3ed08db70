// emit-matmul.cpp - matrix products, compiled and run against plain loops.
// SPDX-License-Identifier: Apache-2.0

#include "CompiledKernel.h"

using namespace bn::test;

namespace {
struct Case {
  int matrices = 0, rows = 5, depth = 7, columns = 19, groups = 1; ///< depth of one group
  bool packed = false, batchedRhs = false, bias = true, column = false;
  unsigned threads = 1;
};

std::string type(llvm::ArrayRef<int> shape) {
  std::string text = "tensor<";
  for (int size : shape)
    if (size)
      text += std::to_string(size) + "x";
  return text + "f32>";
}

/// y = lhs·rhs + bias, times a column that repeats along rows when asked.
std::string textOf(const Case &c) {
  int blocks = (c.columns + 15) / 16;
  std::string l = type({c.matrices, c.rows, c.depth * c.groups}), b = type({c.columns}), y = type({c.matrices, c.rows, c.columns});
  int rhsMatrices = c.batchedRhs ? c.matrices : 0;
  std::string r = c.packed ? type({rhsMatrices, blocks, c.depth, 16}) : type({rhsMatrices, c.depth, c.columns});
  std::string s = type({c.matrices ? 1 : 0, c.rows, 1});
  std::string text = "func.func @main(%l: " + l + ", %r: " + r + ", %b: " + b + ", %s: " + s + ") -> " + y + " {\n";
  text += " %out = tensor.empty() : " + y + "\n %y = kernel.matmul %l, %r" + (c.bias ? " bias %b" : "") + (c.column ? " with(%s)" : "");
  text += " outs(%out) groups " + std::to_string(c.groups) + (c.packed ? " {packed}" : "");
  if (c.column)
    text += " epilogue {\n ^bb0(%a: f32, %e: f32):\n %m = arith.mulf %a, %e : f32\n kernel.yield %m : f32\n }";
  text += " : (" + l + ", " + r + (c.bias ? ", " + b : "") + (c.column ? ", " + s : "") + ", " + y + ") -> " + y;
  return text + "\n return %y : " + y + "\n}\n";
}

void check(const Case &c) {
  int matrices = std::max(c.matrices, 1), blocks = (c.columns + 15) / 16;
  auto l = randomValues(matrices * c.rows * c.depth * c.groups, 1), plain = randomValues(matrices * c.depth * c.columns, 2);
  auto b = randomValues(c.columns, 3), s = randomValues(c.rows, 4);
  std::vector<float> packed(matrices * blocks * c.depth * 16, 0.0f), got(matrices * c.rows * c.columns), expected;
  for (int g = 0; g < matrices; ++g)
    for (int k = 0; k < c.depth; ++k)
      for (int n = 0; n < c.columns; ++n)
        packed[((g * blocks + n / 16) * c.depth + k) * 16 + n % 16] = plain[(g * c.depth + k) * c.columns + n];
  for (int g = 0; g < matrices; ++g)
    for (int m = 0; m < c.rows; ++m)
      for (int n = 0; n < c.columns; ++n) {
        double sum = c.bias ? b[n] : 0.0;
        const float *left = &l[((g * c.rows + m) * c.groups + n * c.groups / c.columns) * c.depth];
        for (int k = 0; k < c.depth; ++k)
          sum += double(left[k]) * plain[((c.batchedRhs ? g : 0) * c.depth + k) * c.columns + n];
        expected.push_back(c.column ? sum * s[m] : sum);
      }
  CompiledKernel kernel(textOf(c), c.threads);
  kernel.run({l.data(), c.packed ? packed.data() : plain.data(), b.data(), s.data()}, {got.data()});
  expectNear(got, expected, 2e-6f);
}
} // namespace

TEST(Matmul, plain) { check({}); }
TEST(Matmul, packed) { check({.packed = true}); }
TEST(Matmul, one_row) { check({.rows = 1, .depth = 67, .columns = 103, .packed = true}); }
TEST(Matmul, one_column) { check({.rows = 3, .depth = 7, .columns = 1, .bias = false}); }
TEST(Matmul, column_tail_of_one) { check({.columns = 17}); }
TEST(Matmul, many_tiles) { check({.rows = 53, .depth = 31, .columns = 151, .packed = true, .column = true}); }
TEST(Matmul, batched) { check({.matrices = 3, .batchedRhs = true, .bias = false, .column = true}); }
TEST(Matmul, batched_packed) { check({.matrices = 3, .packed = true, .batchedRhs = true}); }
TEST(Matmul, batched_shared_rhs) { check({.matrices = 3, .columns = 32}); }
TEST(Matmul, groups) { check({.matrices = 2, .columns = 96, .groups = 3, .packed = true, .batchedRhs = true, .column = true}); }
TEST(Matmul, two_threads) { check({.matrices = 2, .rows = 67, .depth = 129, .columns = 131, .packed = true, .threads = 2}); }
TEST(Matmul, tiles_of_two_sizes) { check({.rows = 49, .depth = 33, .columns = 176, .packed = true}); }
TEST(Matmul, rows_in_parts) { check({.rows = 1003, .depth = 5, .columns = 64, .packed = true}); }
TEST(Matmul, weights_beyond_cache) { check({.rows = 7, .depth = 1031, .columns = 160, .packed = true}); }

// The order of the sums does not depend on who computes them.
TEST(Matmul, same_for_any_threads) {
  Case c{.rows = 131, .depth = 1031, .columns = 163, .packed = true};
  auto l = randomValues(c.rows * c.depth, 1), r = randomValues(11 * c.depth * 16, 2), b = randomValues(c.columns, 3);
  std::vector<std::vector<float>> results;
  for (unsigned threads : {1, 2, 5}) {
    results.emplace_back(c.rows * c.columns);
    CompiledKernel(textOf(c), threads).run({l.data(), r.data(), b.data(), l.data()}, {results.back().data()});
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}
