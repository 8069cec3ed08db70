// emit-generic.cpp - linalg ops, compiled and run against plain loops.
// SPDX-License-Identifier: Apache-2.0

#include "CompiledKernel.h"

#include <cmath>

using namespace bn::test;

namespace {
constexpr int kRows = 5, kColumns = 37;

std::string generic(const std::string &signature, const std::string &maps, const std::string &kinds, const std::string &operands,
                    const std::string &body, const std::string &result) {
  return "func.func @main(" + signature + ") -> " + result + " {\n  %zero = arith.constant 0.0 : f32\n  %empty = tensor.empty() : " +
         result + "\n  %init = linalg.fill ins(%zero : f32) outs(%empty : " + result + ") -> " + result +
         "\n  %y = linalg.generic {indexing_maps = [" + maps + "], iterator_types = [" + kinds + "]} " + operands + " outs(%init : " +
         result + ") {\n" + body + "\n  } -> " + result + "\n  return %y : " + result + "\n}\n";
}
} // namespace

// A vector that repeats along rows, a function, and a row length that no vector divides.
TEST(Generic, elementwise_broadcast) {
  CompiledKernel kernel(
      generic("%x: tensor<5x37xf32>, %v: tensor<37xf32>",
              "affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>", R"("parallel", "parallel")",
              "ins(%x, %v : tensor<5x37xf32>, tensor<37xf32>)",
              "^bb0(%a: f32, %b: f32, %o: f32):\n %s = arith.addf %a, %b : f32\n %e = math.exp %s : f32\n linalg.yield %e : f32",
              "tensor<5x37xf32>"));
  auto x = randomValues(kRows * kColumns, 1), v = randomValues(kColumns, 2);
  std::vector<float> got(x.size()), expected(x.size());
  for (int i = 0; i < kRows; ++i)
    for (int j = 0; j < kColumns; ++j)
      expected[i * kColumns + j] = std::exp(x[i * kColumns + j] + v[j]);
  kernel.run({x.data(), v.data()}, {got.data()});
  expectNear(got, expected);
}

// Rows of 16 KB that share a vector: in strips, and a rest that is no whole vector.
TEST(Generic, elementwise_broadcast_in_strips) {
  constexpr int columns = 4101;
  CompiledKernel kernel(
      generic("%x: tensor<5x4101xf32>, %v: tensor<4101xf32>",
              "affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>", R"("parallel", "parallel")",
              "ins(%x, %v : tensor<5x4101xf32>, tensor<4101xf32>)",
              "^bb0(%a: f32, %b: f32, %o: f32):\n %p = arith.mulf %a, %b : f32\n linalg.yield %p : f32", "tensor<5x4101xf32>"),
      /*threads=*/2);
  auto x = randomValues(kRows * columns, 1), v = randomValues(columns, 2);
  std::vector<float> got(x.size()), expected(x.size());
  for (size_t i = 0; i < x.size(); ++i)
    expected[i] = x[i] * v[i % columns];
  kernel.run({x.data(), v.data()}, {got.data()});
  expectNear(got, expected);
}

// The reduced dimension is contiguous: partial sums in vectors, a tail of scalars.
TEST(Generic, reduction_along_rows) {
  CompiledKernel kernel(generic("%x: tensor<5x37xf32>", "affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>",
                                R"("parallel", "reduction")", "ins(%x : tensor<5x37xf32>)",
                                "^bb0(%a: f32, %o: f32):\n %s = arith.addf %a, %o : f32\n linalg.yield %s : f32", "tensor<5xf32>"));
  auto x = randomValues(kRows * kColumns, 1);
  std::vector<float> got(kRows), expected(kRows, 0.0f);
  for (int i = 0; i < kRows; ++i)
    for (int j = 0; j < kColumns; ++j)
      expected[i] += x[i * kColumns + j];
  kernel.run({x.data()}, {got.data()});
  expectNear(got, expected);
}

// The kept dimension is contiguous: several vectors of sums at once, then one, then the tail.
TEST(Generic, reduction_along_columns) {
  CompiledKernel kernel(generic("%x: tensor<5x101xf32>", "affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (i)>",
                                R"("parallel", "reduction")", "ins(%x : tensor<5x101xf32>)",
                                "^bb0(%a: f32, %o: f32):\n %s = arith.addf %a, %o : f32\n linalg.yield %s : f32", "tensor<101xf32>"));
  auto x = randomValues(kRows * 101, 1);
  std::vector<float> got(101), expected(101, 0.0f);
  for (int i = 0; i < kRows; ++i)
    for (int j = 0; j < 101; ++j)
      expected[j] += x[i * 101 + j];
  kernel.run({x.data()}, {got.data()});
  expectNear(got, expected);
}

// No dimension is contiguous in both operands.
TEST(Generic, transpose) {
  CompiledKernel kernel(generic("%x: tensor<5x37xf32>", "affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (i, j)>",
                                R"("parallel", "parallel")", "ins(%x : tensor<5x37xf32>)",
                                "^bb0(%a: f32, %o: f32):\n linalg.yield %a : f32", "tensor<37x5xf32>"));
  auto x = randomValues(kRows * kColumns, 1);
  std::vector<float> got(x.size()), expected(x.size());
  for (int i = 0; i < kRows; ++i)
    for (int j = 0; j < kColumns; ++j)
      expected[j * kRows + i] = x[i * kColumns + j];
  kernel.run({x.data()}, {got.data()});
  expectNear(got, expected, 0.0f);
}

// Batches of matrices, more than one tile of each, and a body that reads the index along the vectors.
TEST(Generic, transpose_tiles) {
  CompiledKernel kernel(R"(
    func.func @main(%x: tensor<3x37x53xf32>, %v: tensor<37xf32>) -> tensor<3x53x37xf32> {
      %empty = tensor.empty() : tensor<3x53x37xf32>
      %y = linalg.generic {indexing_maps = [affine_map<(n, i, j) -> (n, j, i)>, affine_map<(n, i, j) -> (j)>, affine_map<(n, i, j) -> (n, i, j)>],
                           iterator_types = ["parallel", "parallel", "parallel"]}
          ins(%x, %v : tensor<3x37x53xf32>, tensor<37xf32>) outs(%empty : tensor<3x53x37xf32>) {
      ^bb0(%a: f32, %b: f32, %o: f32):
        %j = linalg.index 2 : index
        %k = arith.index_cast %j : index to i32
        %f = arith.sitofp %k : i32 to f32
        %s = arith.addf %a, %b : f32
        %t = arith.addf %s, %f : f32
        linalg.yield %t : f32
      } -> tensor<3x53x37xf32>
      return %y : tensor<3x53x37xf32>
    })",
                        2);
  auto x = randomValues(3 * 37 * 53, 1), v = randomValues(37, 2);
  std::vector<float> got(x.size()), expected(x.size());
  for (int n = 0; n < 3; ++n)
    for (int i = 0; i < 53; ++i)
      for (int j = 0; j < 37; ++j)
        expected[(n * 53 + i) * 37 + j] = x[(n * 37 + j) * 53 + i] + v[j] + j;
  kernel.run({x.data(), v.data()}, {got.data()});
  expectNear(got, expected);
}

// Three channels go last; elements of a byte.
TEST(Generic, channels_last_bytes) {
  CompiledKernel kernel(R"(
    func.func @main(%x: tensor<3x101xi8>) -> tensor<101x3xi8> {
      %empty = tensor.empty() : tensor<101x3xi8>
      %y = linalg.transpose ins(%x : tensor<3x101xi8>) outs(%empty : tensor<101x3xi8>) permutation = [1, 0]
      return %y : tensor<101x3xi8>
    })");
  std::vector<char> x(3 * 101), got(x.size());
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<char>(i * 7);
  kernel.run({x.data()}, {got.data()});
  for (int i = 0; i < 101; ++i)
    for (int c = 0; c < 3; ++c)
      EXPECT_EQ(got[i * 3 + c], x[c * 101 + i]);
}

// The index is data, and a map that no sum of multiples expresses.
TEST(Generic, index_and_division) {
  CompiledKernel kernel(generic("%x: tensor<5x37xf32>", "affine_map<(i, j) -> (i floordiv 2, j)>, affine_map<(i, j) -> (i, j)>",
                                R"("parallel", "parallel")", "ins(%x : tensor<5x37xf32>)",
                                "^bb0(%a: f32, %o: f32):\n %j = linalg.index 1 : index\n %k = arith.index_cast %j : index to i32\n %f = "
                                "arith.sitofp %k : i32 to f32\n %s = arith.addf %a, %f : f32\n linalg.yield %s : f32",
                                "tensor<10x37xf32>"));
  auto x = randomValues(kRows * kColumns, 1);
  std::vector<float> got(2 * x.size()), expected(2 * x.size());
  for (int i = 0; i < 2 * kRows; ++i)
    for (int j = 0; j < kColumns; ++j)
      expected[i * kColumns + j] = x[i / 2 * kColumns + j] + j;
  kernel.run({x.data()}, {got.data()});
  expectNear(got, expected);
}

// An i64 index on vectors, and i1 in memory, which vectors cannot load.
TEST(Generic, mask_of_bytes) {
  CompiledKernel kernel(R"(
    #id = affine_map<(i) -> (i)>
    func.func @main(%x: tensor<37xf32>, %m: tensor<37xi1>) -> (tensor<37xf32>, tensor<37xi1>, tensor<37xi64>) {
      %e0 = tensor.empty() : tensor<37xf32>
      %e1 = tensor.empty() : tensor<37xi1>
      %e2 = tensor.empty() : tensor<37xi64>
      %zero = arith.constant 0.0 : f32
      %y:2 = linalg.generic {indexing_maps = [#id, #id, #id, #id], iterator_types = ["parallel"]}
          ins(%x, %m : tensor<37xf32>, tensor<37xi1>) outs(%e0, %e1 : tensor<37xf32>, tensor<37xi1>) {
      ^bb0(%a: f32, %b: i1, %o: f32, %p: i1):
        %s = arith.select %b, %a, %zero : f32
        %c = arith.cmpf ogt, %s, %zero : f32
        linalg.yield %s, %c : f32, i1
      } -> (tensor<37xf32>, tensor<37xi1>)
      %z = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel"]} outs(%e2 : tensor<37xi64>) {
      ^bb0(%o: i64):
        %i = linalg.index 0 : index
        %c = arith.index_cast %i : index to i64
        linalg.yield %c : i64
      } -> tensor<37xi64>
      return %y#0, %y#1, %z : tensor<37xf32>, tensor<37xi1>, tensor<37xi64>
    })");
  auto x = randomValues(kColumns, 1);
  std::vector<char> mask(kColumns), positive(kColumns, 7);
  std::vector<float> got(kColumns);
  std::vector<int64_t> index(kColumns);
  for (int j = 0; j < kColumns; ++j)
    mask[j] = j % 3 == 0;
  kernel.run({x.data(), mask.data()}, {got.data(), positive.data(), index.data()});
  for (int j = 0; j < kColumns; ++j) {
    EXPECT_EQ(got[j], mask[j] ? x[j] : 0.0f);
    EXPECT_EQ(positive[j], got[j] > 0 ? 1 : 0);
    EXPECT_EQ(index[j], j);
  }
}

// Functions that become polynomials, against the C library; a long row shared by two threads.
TEST(Generic, functions_two_threads) {
  CompiledKernel kernel(generic("%x: tensor<100003xf32>", "affine_map<(i) -> (i)>, affine_map<(i) -> (i)>", R"("parallel")",
                                "ins(%x : tensor<100003xf32>)",
                                "^bb0(%a: f32, %o: f32):\n %e = math.erf %a : f32\n %t = math.tanh %a : f32\n %s = arith.addf %e, %t : "
                                "f32\n linalg.yield %s : f32",
                                "tensor<100003xf32>"),
                        2);
  auto x = randomValues(100003, 1);
  std::vector<float> got(x.size()), expected(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    x[i] *= 4;
    expected[i] = std::erf(x[i]) + std::tanh(x[i]);
  }
  for (int run = 0; run < 3; ++run) {
    kernel.run({x.data()}, {got.data()});
    expectNear(got, expected, 5e-7f);
  }
}

// Slices, padding, reshapes and a weight: what stays in the arena is laid out once.
TEST(Generic, slices_and_padding) {
  CompiledKernel kernel(R"(
    func.func @main(%x: tensor<5x37xf32>) -> tensor<7x39xf32> {
      %w = kernel.constant dense<3.0> : tensor<2x37xf32>
      %zero = arith.constant 0.0 : f32
      %top = tensor.extract_slice %x[0, 0] [3, 37] [1, 1] : tensor<5x37xf32> to tensor<3x37xf32>
      %empty = tensor.empty() : tensor<5x37xf32>
      %a = tensor.insert_slice %top into %empty[2, 0] [3, 37] [1, 1] : tensor<3x37xf32> into tensor<5x37xf32>
      %b = tensor.insert_slice %w into %a[0, 0] [2, 37] [1, 1] : tensor<2x37xf32> into tensor<5x37xf32>
      %flat = tensor.collapse_shape %b [[0, 1]] : tensor<5x37xf32> into tensor<185xf32>
      %back = tensor.expand_shape %flat [[0, 1]] output_shape [5, 37] : tensor<185xf32> into tensor<5x37xf32>
      %p = tensor.pad %back low[1, 1] high[1, 1] {
      ^bb0(%i: index, %j: index):
        tensor.yield %zero : f32
      } : tensor<5x37xf32> to tensor<7x39xf32>
      return %p : tensor<7x39xf32>
    })");
  auto x = randomValues(kRows * kColumns, 1);
  std::vector<float> got(7 * 39), expected(7 * 39, 0.0f);
  for (int i = 0; i < kRows; ++i)
    for (int j = 0; j < kColumns; ++j)
      expected[(i + 1) * 39 + j + 1] = i < 2 ? 3.0f : x[(i - 2) * kColumns + j];
  kernel.run({x.data()}, {got.data()});
  expectNear(got, expected, 0.0f);
}
