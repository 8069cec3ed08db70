// emit-strassen.cpp - 1×1 convolutions by Strassen's method, compiled and run against plain loops.
// SPDX-License-Identifier: Apache-2.0

#include "CompiledKernel.h"

using namespace bn::test;

namespace {
enum class After { None, Relu, Residual, Gate };

/// A convolution of one case; channels are whole blocks, an even number of them. With a `border`, of zeros around the input and around what
/// comes out, rows do not follow each other.
struct Case {
  int block = 16, images = 1, inputs = 32, outputs = 32, height = 4, width = 7;
  bool bias = true;
  After after = After::None;
  int border = 0;
  unsigned threads = 1;

  int positions() const { return height * width; }
};

std::string tensor(llvm::ArrayRef<int> shape) {
  std::string text = "tensor<";
  for (int size : shape)
    text += std::to_string(size) + "x";
  return text + "f32>";
}

std::string image(const Case &c, int channels, int border = 0) {
  return tensor({c.images, channels / c.block, c.height + 2 * border, c.width + 2 * border, c.block});
}

/// Kernel form: y = after(conv(x, w) + bias); with a border, a second convolution pads y, and x is part of a larger image.
std::string textOf(const Case &c) {
  std::string x = image(c, c.inputs, c.border), inner = image(c, c.inputs), y = image(c, c.outputs), padded = image(c, c.outputs, c.border);
  std::string w = tensor({c.outputs / c.block / 2, 7, c.inputs / 2, c.block}), b = tensor({c.outputs / c.block, c.block});
  std::string gate = tensor({c.images, c.outputs / c.block, 1, 1, c.block}), r = c.after == After::Gate ? gate : y;
  bool reads = c.after == After::Residual || c.after == After::Gate;
  std::string text = "func.func @main(%x0: " + x + ", %w: " + w + ", %b: " + b + ", %r: " + r + ") -> " + padded + " {\n";
  text += " %zero = arith.constant 0.0 : f32\n %e = tensor.empty() : " + y + "\n";
  std::string border = std::to_string(c.border);
  text += " %x = tensor.extract_slice %x0[0, 0, " + border + ", " + border + ", 0] [" + std::to_string(c.images) + ", " +
          std::to_string(c.inputs / c.block) + ", " + std::to_string(c.height) + ", " + std::to_string(c.width) + ", " +
          std::to_string(c.block) + "] [1, 1, 1, 1, 1] : " + x + " to " + inner + "\n";
  text += std::string(" %y = kernel.strassen_conv %x, %w") + (c.bias ? " bias %b" : "") + (reads ? " with(%r)" : "") + " outs(%e)";
  if (c.after != After::None) {
    text += std::string(" epilogue {\n ^bb0(%a: f32") + (reads ? ", %s: f32" : "") + "):\n";
    text += c.after == After::Relu       ? " %q = arith.maximumf %a, %zero : f32\n"
            : c.after == After::Residual ? " %q = arith.addf %a, %s : f32\n"
                                         : " %q = arith.mulf %a, %s : f32\n";
    text += " kernel.yield %q : f32\n }";
  }
  text += " : (" + inner + ", " + w + (c.bias ? ", " + b : "") + (reads ? ", " + r : "") + ", " + y + ") -> " + y + "\n";
  text += " %p = tensor.pad %y low[0, 0, " + border + ", " + border + ", 0] high[0, 0, " + border + ", " + border + ", 0] {\n";
  text += " ^bb0(%i0: index, %i1: index, %i2: index, %i3: index, %i4: index):\n tensor.yield %zero : f32\n } : " + y + " to " + padded;
  return text + "\n return %p : " + padded + "\n}\n";
}

/// Weights [O][I] as sums of quarters [O/2b][7][I/2][b].
std::vector<float> sumsOf(const Case &c, const std::vector<float> &w) {
  std::vector<float> sums;
  for (int o = 0; o < c.outputs / 2; o += c.block)
    for (int product = 0; product < 7; ++product)
      for (int i = 0; i < c.inputs / 2; ++i)
        for (int lane = 0; lane < c.block; ++lane) {
          auto at = [&](int inputHalf, int outputHalf) -> double {
            return w[(o + lane + outputHalf * c.outputs / 2) * c.inputs + i + inputHalf * c.inputs / 2];
          };
          double t1 = at(0, 1) - at(0, 0), t2 = at(1, 1) - t1, t3 = at(1, 1) - at(0, 1), t4 = t2 - at(1, 0);
          double all[] = {at(0, 0), at(1, 0), t2, t3, -t4, t1, at(1, 1)};
          sums.push_back(all[product]);
        }
  return sums;
}

struct Data {
  explicit Data(const Case &c)
      : x(randomValues(size_t(c.images) * c.inputs * (c.height + 2 * c.border) * (c.width + 2 * c.border), 1)),
        w(randomValues(size_t(c.outputs) * c.inputs, 2)), b(randomValues(c.outputs, 3)),
        r(randomValues(size_t(c.images) * c.outputs * (c.after == After::Gate ? 1 : c.positions()), 4)), sums(sumsOf(c, w)),
        got(size_t(c.images) * c.outputs * (c.height + 2 * c.border) * (c.width + 2 * c.border)) {}
  std::vector<float> x, w, b, r, sums, got;
};

/// The convolution in plain loops.
std::vector<float> reference(const Case &c, const Data &d) {
  std::vector<float> y;
  int wide = c.width + 2 * c.border, high = c.height + 2 * c.border;
  for (int n = 0; n < c.images; ++n)
    for (int o = 0; o < c.outputs; o += c.block)
      for (int h = 0; h < high; ++h)
        for (int v = 0; v < wide; ++v)
          for (int lane = 0; lane < c.block; ++lane) {
            int row = h - c.border, column = v - c.border;
            if (row < 0 || row >= c.height || column < 0 || column >= c.width) {
              y.push_back(0);
              continue;
            }
            double sum = c.bias ? d.b[o + lane] : 0.0;
            for (int i = 0; i < c.inputs; ++i)
              sum += double(d.x[(((n * (c.inputs / c.block) + i / c.block) * high + h) * wide + v) * c.block + i % c.block]) *
                     d.w[(o + lane) * c.inputs + i];
            int block = n * (c.outputs / c.block) + o / c.block;
            if (c.after == After::Relu)
              sum = std::max(sum, 0.0);
            if (c.after == After::Residual)
              sum += d.r[((block * c.height + row) * c.width + column) * c.block + lane];
            if (c.after == After::Gate)
              sum *= d.r[block * c.block + lane];
            y.push_back(sum);
          }
  return y;
}

void check(const Case &c) {
  Data d(c);
  CompiledKernel(textOf(c), c.threads, c.block * 32).run({d.x.data(), d.sums.data(), d.b.data(), d.r.data()}, {d.got.data()});
  expectNear(d.got, reference(c, d), 3e-6f);
}
} // namespace

TEST(Strassen, even_positions) { check({.inputs = 96, .outputs = 64}); }
TEST(Strassen, each_epilogue) {
  for (After after : {After::Relu, After::Residual, After::Gate})
    for (int width : {7, 8})
      check({.images = 2, .inputs = 64, .outputs = 96, .height = 5, .width = width, .after = after});
}
TEST(Strassen, no_bias) { check({.outputs = 64, .bias = false, .after = After::Residual}); }
// The last pair has one position only.
TEST(Strassen, odd_positions) { check({.images = 2, .inputs = 64, .outputs = 160, .height = 7, .width = 7}); }
TEST(Strassen, one_position) { check({.inputs = 64, .outputs = 96, .height = 1, .width = 1}); }
TEST(Strassen, prime_positions) { check({.inputs = 128, .outputs = 64, .height = 1, .width = 197, .threads = 2}); }
// Tiles of two sizes, in parts, with weights from beyond the cache.
TEST(Strassen, many_positions) { check({.inputs = 320, .outputs = 288, .height = 25, .width = 26, .after = After::Relu, .threads = 2}); }
// Blocks of the input lie whole periods of the cache apart.
TEST(Strassen, aligned_blocks) { check({.inputs = 512, .outputs = 32, .height = 16, .width = 16}); }
TEST(Strassen, rows_apart) {
  for (int width : {6, 7})
    for (After after : {After::None, After::Gate})
      check({.images = 2, .inputs = 64, .outputs = 96, .height = 5, .width = width, .after = after, .border = 1});
}
TEST(Strassen, narrow_vectors) {
  check({.block = 8, .inputs = 48, .outputs = 80, .height = 5, .width = 9, .after = After::Residual, .threads = 2});
  check({.block = 8, .inputs = 112, .outputs = 144, .height = 14, .width = 14});
}

// The order of the sums does not depend on who computes them.
TEST(Strassen, same_for_any_threads) {
  Case c{.inputs = 128, .outputs = 192, .height = 14, .width = 15};
  Data d(c);
  std::vector<std::vector<float>> results;
  for (unsigned threads : {1, 2, 5}) {
    results.emplace_back(d.got.size());
    CompiledKernel(textOf(c), threads).run({d.x.data(), d.sums.data(), d.b.data(), d.r.data()}, {results.back().data()});
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}
