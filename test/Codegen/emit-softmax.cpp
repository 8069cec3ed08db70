// emit-softmax.cpp - softmax over rows, compiled and run against plain loops.
// SPDX-License-Identifier: Apache-2.0

#include "CompiledKernel.h"

#include <limits>

using namespace bn::test;

namespace {
std::string textOf(int rows, int columns) {
  std::string type = "tensor<" + std::to_string(rows) + "x" + std::to_string(columns) + "xf32>";
  return "func.func @main(%x: " + type + ") -> " + type + " {\n %e = tensor.empty() : " + type +
         "\n %y = kernel.softmax %x outs(%e) : (" + type + ", " + type + ") -> " + type + "\n return %y : " + type + "\n}\n";
}

void check(int rows, int columns, unsigned threads = 1, unsigned vectorBits = 512) {
  auto x = randomValues(size_t(rows) * columns, 1);
  for (float &value : x)
    value *= 30;
  std::vector<float> got(x.size()), expected;
  for (int r = 0; r < rows; ++r) {
    const float *row = &x[size_t(r) * columns];
    double largest = *std::max_element(row, row + columns), sum = 0;
    for (int i = 0; i < columns; ++i)
      sum += std::exp(row[i] - largest);
    for (int i = 0; i < columns; ++i)
      expected.push_back(std::exp(row[i] - largest) / sum);
  }
  CompiledKernel(textOf(rows, columns), threads, vectorBits).run({x.data()}, {got.data()});
  expectNear(got, expected, 1e-6f);
}
} // namespace

TEST(Softmax, one_column) { check(5, 1); }
TEST(Softmax, less_than_a_vector) { check(7, 5); }
TEST(Softmax, short_rows) { check(13, 196, 2); }
// Three rounds of the loop, two vectors and three lanes behind them.
TEST(Softmax, long_rows) { check(3, 227, 1, 128); }
TEST(Softmax, long_rows_two_threads) { check(40, 1003, 2); }
TEST(Softmax, whole_rounds) { check(2, 512); }
TEST(Softmax, narrow_vectors) { check(3, 49, 1, 256); }

// NaN fills its row, wherever it is, and no other; so does an infinity, which has no quotient.
TEST(Softmax, no_numbers) {
  constexpr int columns = 301;
  for (int at : {0, 70, 300}) {
    std::vector<float> x(4 * columns, 1.0f), y(x.size());
    x[at] = std::nanf("");
    x[columns + at] = std::numeric_limits<float>::infinity();
    x[2 * columns + at] = -std::numeric_limits<float>::infinity();
    CompiledKernel(textOf(4, columns)).run({x.data()}, {y.data()});
    for (int i = 0; i < columns; ++i) {
      EXPECT_TRUE(std::isnan(y[i]));
      EXPECT_TRUE(std::isnan(y[columns + i]));
      EXPECT_NEAR(y[2 * columns + i], i == at ? 0 : 1.0 / (columns - 1), 1e-8);
      EXPECT_NEAR(y[3 * columns + i], 1.0 / columns, 1e-8);
    }
  }
}

// The order of the sums does not depend on who computes them.
TEST(Softmax, same_for_any_threads) {
  auto x = randomValues(100 * 333, 1);
  std::vector<std::vector<float>> results;
  for (unsigned threads : {1, 2, 5}) {
    results.emplace_back(x.size());
    CompiledKernel(textOf(100, 333), threads).run({x.data()}, {results.back().data()});
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}
