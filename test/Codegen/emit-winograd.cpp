// emit-winograd.cpp - 3×3 convolutions by Winograd's method, compiled and run against plain loops.
// SPDX-License-Identifier: Apache-2.0

#include "CompiledKernel.h"
#include "bn/IR/Kernel/Winograd.h"

using namespace bn::test;

namespace {
/// A convolution of one case; channels are whole blocks, the input has the border that the tiles read.
struct Case {
  int tile = 4, stride = 1, block = 16, images = 1, inputs = 16, outputs = 16, height = 8, width = 8, groups = 1;
  bool bias = true, residual = false;
  unsigned threads = 1;
  bool bfloats = false; ///< the factors of the products

  int groupInputs() const { return inputs / groups; }
  int side() const { return (tile - 1) * stride + 3; }
  int tileRows() const { return (height + tile - 1) / tile; }
  int tileColumns() const { return (width + tile - 1) / tile; }
  int tiles() const { return images * tileRows() * tileColumns(); }
  int inHeight() const { return (tileRows() * tile - 1) * stride + 3; }
  int inWidth() const { return (tileColumns() * tile - 1) * stride + 3; }
};

std::string tensor(llvm::ArrayRef<int> shape, const std::string &element = "f32") {
  std::string text = "tensor<";
  for (int size : shape)
    text += std::to_string(size) + "x";
  return text + element + ">";
}

/// Kernel form: y = max(conv(x, w) + bias (+ residual), 0).
std::string textOf(const Case &c) {
  int positions = c.side() * c.side();
  std::string x = tensor({c.images, c.inputs / c.block, c.inHeight(), c.inWidth(), c.block});
  int each = c.bfloats ? 2 : 1;
  std::string factor = c.bfloats ? "bf16" : "f32", b = tensor({c.outputs / c.block, c.block});
  std::string u = tensor({positions, c.outputs / c.block, c.groupInputs() / each, c.block * each}, factor);
  std::string y = tensor({c.images, c.outputs / c.block, c.height, c.width, c.block});
  std::string v = tensor({positions, c.tiles(), c.inputs}, factor), m = tensor({positions, c.tiles(), c.outputs});
  std::string tile = " tile " + std::to_string(c.tile) + " stride " + std::to_string(c.stride);
  std::string tiles = " tiles [" + std::to_string(c.tileRows()) + ", " + std::to_string(c.tileColumns()) + "]";
  std::string text = "func.func @main(%x: " + x + ", %u: " + u + ", %b: " + b + ", %r: " + y + ") -> " + y + " {\n";
  text += " %zero = arith.constant 0.0 : f32\n %ve = tensor.empty() : " + v + "\n %me = tensor.empty() : " + m + "\n";
  text += " %ye = tensor.empty() : " + y + "\n";
  text += " %v = kernel.winograd_input %x outs(%ve)" + tile + tiles + " : (" + x + ", " + v + ") -> " + v + "\n";
  text += " %m = kernel.matmul %v, %u outs(%me) groups " + std::to_string(c.groups) + " {packed} : (" + v + ", " + u + ", " + m + ") -> " + m + "\n";
  text += std::string(" %y = kernel.winograd_output %m") + (c.bias ? " bias %b" : "") + (c.residual ? " with(%r)" : "") + " outs(%ye)" + tile;
  text += std::string(" epilogue {\n ^bb0(%a: f32") + (c.residual ? ", %s: f32" : "") + "):\n";
  text += c.residual ? " %t = arith.addf %a, %s : f32\n %q = arith.maximumf %t, %zero : f32\n" : " %q = arith.maximumf %a, %zero : f32\n";
  text += " kernel.yield %q : f32\n } : (" + m + (c.bias ? ", " + b : "") + (c.residual ? ", " + y : "") + ", " + y + ") -> " + y;
  return text + "\n return %y : " + y + "\n}\n";
}

/// G w Gᵀ as [α²][O/b][I/g][b] of weights [O][I/g][3][3].
std::vector<float> transformed(const Case &c, const std::vector<float> &w) {
  const bn::kernel::WinogradMatrix &g = bn::kernel::getWinograd(c.tile, c.stride).filter;
  std::vector<float> u;
  for (int p = 0; p < c.side(); ++p)
    for (int q = 0; q < c.side(); ++q)
      for (int o = 0; o < c.outputs; o += c.block)
        for (int i = 0; i < c.groupInputs(); ++i)
          for (int lane = 0; lane < c.block; ++lane) {
            double sum = 0;
            for (int tap = 0; tap < 9; ++tap)
              sum += g.at(p, tap / 3) * w[((o + lane) * c.groupInputs() + i) * 9 + tap] * g.at(q, tap % 3);
            u.push_back(sum);
          }
  return u;
}

/// Rows of `block` numbers as bf16, pairs of rows side by side.
std::vector<uint16_t> toPairs(llvm::ArrayRef<float> rows, size_t block) {
  std::vector<uint16_t> pairs(rows.size());
  for (auto [i, value] : llvm::enumerate(rows)) {
    size_t row = i / block;
    pairs[row / 2 * 2 * block + i % block * 2 + row % 2] = (llvm::bit_cast<uint32_t>(value) + 0x8000) >> 16;
  }
  return pairs;
}

/// The convolution in plain loops.
std::vector<float> reference(const Case &c, const std::vector<float> &x, const std::vector<float> &w, const std::vector<float> &b,
                             const std::vector<float> &r) {
  auto at = [&](int n, int i, int h, int v) {
    return x[(((n * (c.inputs / c.block) + i / c.block) * c.inHeight() + h) * c.inWidth() + v) * c.block + i % c.block];
  };
  std::vector<float> y;
  for (int n = 0; n < c.images; ++n)
    for (int block = 0; block < c.outputs; block += c.block)
      for (int h = 0; h < c.height; ++h)
        for (int v = 0; v < c.width; ++v)
          for (int o = block; o < block + c.block; ++o) {
            double sum = (c.bias ? b[o] : 0.0) + (c.residual ? r[y.size()] : 0.0);
            int first = o * c.groups / c.outputs * c.groupInputs();
            for (int i = 0; i < c.groupInputs(); ++i)
              for (int tap = 0; tap < 9; ++tap)
                sum += double(at(n, first + i, h * c.stride + tap / 3, v * c.stride + tap % 3)) * w[(o * c.groupInputs() + i) * 9 + tap];
            y.push_back(std::max(sum, 0.0));
          }
  return y;
}

void check(const Case &c) {
  auto x = randomValues(size_t(c.images) * c.inputs * c.inHeight() * c.inWidth(), 1);
  auto w = randomValues(size_t(c.outputs) * c.groupInputs() * 9, 2), b = randomValues(c.outputs, 3);
  auto r = randomValues(size_t(c.images) * c.outputs * c.height * c.width, 4), u = transformed(c, w);
  bool isHost = c.bfloats && unsigned(c.block) * 32 == bn::hostTarget().vectorBits; // whose instruction multiplies pairs
  CompiledKernel kernel(textOf(c), c.threads, isHost ? 0 : c.block * 32);
  std::vector<uint16_t> pairs = toPairs(u, c.block);
  std::vector<float> got(r.size());
  kernel.run({x.data(), c.bfloats ? static_cast<const void *>(pairs.data()) : u.data(), b.data(), r.data()}, {got.data()});
  expectNear(got, reference(c, x, w, b, r), c.bfloats ? 1e-2f : c.tile == 2 ? 2e-6f : c.tile == 3 ? 5e-6f : 1e-5f);
}
} // namespace

TEST(Winograd, whole_tiles) { check({.inputs = 32, .outputs = 48, .height = 8, .width = 12}); }
TEST(Winograd, small_tiles) { check({.tile = 2, .inputs = 48, .outputs = 32, .height = 6, .width = 10}); }
TEST(Winograd, tiles_of_three) { check({.tile = 3, .inputs = 32, .outputs = 48, .height = 6, .width = 9}); }
// Channels and tiles that are powers of two, and many weights: rows are spread and arrive from memory.
TEST(Winograd, spread_rows) { check({.tile = 2, .inputs = 128, .outputs = 64, .height = 8, .width = 7, .residual = true, .threads = 2}); }
TEST(Winograd, partial_tiles_of_three) { check({.tile = 3, .images = 2, .height = 7, .width = 11, .residual = true}); }
// The last tiles reach over the border by one, two and three rows and columns.
TEST(Winograd, partial_tiles) { check({.images = 2, .height = 7, .width = 10, .residual = true}); }
TEST(Winograd, partial_small_tiles) { check({.tile = 2, .images = 3, .height = 5, .width = 7, .bias = false}); }
TEST(Winograd, smaller_than_a_tile) { check({.height = 1, .width = 3}); }
TEST(Winograd, narrow_vectors_two_threads) {
  check({.block = 8, .inputs = 24, .outputs = 40, .height = 21, .width = 33, .residual = true, .threads = 2});
}
// So many tiles that they are done in groups: 2 · 12 · 15 of them in groups of 30, or 15 where the channels are more.
TEST(Winograd, groups) { check({.images = 2, .height = 46, .width = 57, .residual = true}); }
TEST(Winograd, groups_two_threads) { check({.images = 2, .inputs = 48, .outputs = 80, .height = 46, .width = 59, .threads = 2}); }
TEST(Winograd, groups_of_small_tiles) { check({.tile = 2, .inputs = 32, .outputs = 32, .height = 47, .width = 38, .bias = false}); }
TEST(Winograd, groups_of_tiles_of_three) { check({.tile = 3, .inputs = 32, .outputs = 48, .height = 46, .width = 57}); }
TEST(Winograd, groups_of_narrow_vectors) { check({.block = 8, .inputs = 24, .outputs = 40, .height = 61, .width = 62}); }

TEST(Winograd, groups_of_channels) { check({.inputs = 96, .outputs = 144, .height = 9, .width = 8, .groups = 3, .residual = true}); }
TEST(Winograd, groups_of_channels_in_groups_of_tiles) {
  check({.inputs = 64, .outputs = 32, .height = 46, .width = 57, .groups = 2, .threads = 2});
}

TEST(Winograd, stride_of_two) {
  for (int tile : {2, 3, 4})
    check({.tile = tile, .stride = 2, .inputs = 32, .outputs = 48, .height = 12, .width = 12, .residual = true});
}
TEST(Winograd, stride_of_two_partial_tiles) {
  for (int tile : {2, 3, 4})
    check({.tile = tile, .stride = 2, .block = 8, .images = 2, .inputs = 24, .outputs = 40, .height = 7, .width = 5, .threads = 2});
}
TEST(Winograd, stride_of_two_groups) { check({.stride = 2, .inputs = 32, .outputs = 32, .height = 48, .width = 60}); }

TEST(Winograd, bfloats) {
  check({.tile = 2, .inputs = 48, .outputs = 32, .height = 6, .width = 10, .bfloats = true});
  check({.tile = 3, .stride = 2, .block = 8, .inputs = 24, .outputs = 40, .height = 7, .width = 5, .residual = true, .bfloats = true});
}
TEST(Winograd, groups_of_bfloats) {
  check({.tile = 2, .inputs = 32, .outputs = 32, .height = 47, .width = 76, .bias = false, .bfloats = true});
}

// The order of the sums does not depend on who computes them.
TEST(Winograd, groups_same_for_any_threads) {
  Case c{.inputs = 32, .outputs = 48, .height = 48, .width = 60};
  auto x = randomValues(size_t(c.inputs) * c.inHeight() * c.inWidth(), 1), u = randomValues(size_t(36) * c.outputs * c.inputs, 2);
  auto b = randomValues(c.outputs, 3);
  std::vector<std::vector<float>> results;
  for (unsigned threads : {1, 2, 5}) {
    results.emplace_back(size_t(c.outputs) * c.height * c.width);
    CompiledKernel(textOf(c), threads).run({x.data(), u.data(), b.data(), results.back().data()}, {results.back().data()});
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}
