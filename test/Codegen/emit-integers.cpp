// emit-integers.cpp - products of bytes and of 16-bit integers, compiled and run against plain loops: every bit counts.
// SPDX-License-Identifier: Apache-2.0

#include "CompiledKernel.h"

using namespace bn::test;

namespace {
/// How integers lie in memory: `lanes` of 32 bits, `each` factors to one.
struct Layout {
  bool bytes = true;
  unsigned vectorBits = 0; ///< 0 for all that this machine has
  int lanes() const { return (vectorBits ? vectorBits : bn::hostTarget().vectorBits) / 32; }
  int each() const { return bytes ? 4 : 2; }
  std::string type() const { return bytes ? "i8" : "i16"; }
};

std::string tensor(llvm::ArrayRef<int> shape, const std::string &element) {
  std::string text = "tensor<";
  for (int size : shape)
    text += std::to_string(size) + "x";
  return text + element + ">";
}

/// Integers in a layout's width: drawn from all that it holds, one in three an extreme.
class Integers {
public:
  Integers(Layout layout, size_t count, bool isSigned, unsigned seed) : layout(layout), bytes(count * (layout.bytes ? 1 : 2)) {
    std::mt19937 generator(seed);
    int low = layout.bytes ? (isSigned ? -128 : 0) : -255, high = layout.bytes ? low + 255 : 255;
    for (size_t i = 0; i < count; ++i)
      values.push_back(generator() % 3 ? std::uniform_int_distribution<int>(low, high)(generator) : generator() % 2 ? low : high);
  }
  int operator[](size_t i) const { return values[i]; }

  /// The numbers in the order of `places`, zeros where nobody put one.
  const void *arrange(size_t count, llvm::function_ref<size_t(size_t)> placeOf) {
    bytes.assign(count * (layout.bytes ? 1 : 2), 0);
    for (size_t i = 0; i < values.size(); ++i)
      std::memcpy(&bytes[placeOf(i) * (layout.bytes ? 1 : 2)], &values[i], layout.bytes ? 1 : 2);
    return bytes.data();
  }
  const void *data() {
    return arrange(values.size(), [](size_t i) { return i; });
  }

private:
  Layout layout;
  std::vector<int> values;
  std::vector<char> bytes;
};

struct Product {
  Layout layout = {};
  int matrices = 1, rows = 5, depth = 8, columns = 19;
  bool bias = true;
  unsigned threads = 1;
};

void check(const Product &p) {
  int b = p.layout.lanes(), q = p.layout.each(), blocks = (p.columns + b - 1) / b, steps = p.depth / q;
  std::string l = tensor({p.matrices, p.rows, p.depth}, p.layout.type()), r = tensor({p.matrices, blocks, steps, b * q}, p.layout.type());
  std::string bias = tensor({p.columns}, "i32"), y = tensor({p.matrices, p.rows, p.columns}, "i32");
  std::string text = "func.func @main(%l: " + l + ", %r: " + r + ", %b: " + bias + ") -> " + y + " {\n %out = tensor.empty() : " + y;
  text += std::string("\n %y = kernel.matmul %l, %r") + (p.bias ? " bias %b" : "") + " outs(%out) {packed} : (" + l + ", " + r;
  text += (p.bias ? ", " + bias : "") + ", " + y + ") -> " + y + "\n return %y : " + y + "\n}\n";
  Integers left(p.layout, p.matrices * p.rows * p.depth, false, 1), right(p.layout, p.matrices * p.depth * p.columns, true, 2);
  std::vector<int> added(p.columns), got(p.matrices * p.rows * p.columns), expected;
  for (int n = 0; n < p.columns; ++n)
    added[n] = 1000003 * n;
  for (int g = 0; g < p.matrices; ++g)
    for (int m = 0; m < p.rows; ++m)
      for (int n = 0; n < p.columns; ++n) {
        expected.push_back(p.bias ? added[n] : 0);
        for (int k = 0; k < p.depth; ++k)
          expected.back() += left[(g * p.rows + m) * p.depth + k] * right[(g * p.depth + k) * p.columns + n];
      }
  auto placeOf = [&](size_t i) {
    size_t n = i % p.columns, k = i / p.columns % p.depth, g = i / p.columns / p.depth;
    return (((g * blocks + n / b) * steps + k / q) * b + n % b) * q + k % q;
  };
  CompiledKernel kernel(text, p.threads, p.layout.vectorBits);
  kernel.run({left.data(), right.arrange(p.matrices * blocks * steps * b * q, placeOf), added.data()}, {got.data()});
  EXPECT_EQ(got, expected);
}

struct Convolution {
  Layout layout = {};
  int inputs = 3, outputs = 17, height = 7, width = 9, kernel = 3, stride = 1;
};

/// One image in blocks; channels behind the last are zeros.
void check(const Convolution &c) {
  int b = c.layout.lanes(), q = c.layout.each(), in = (c.inputs + b - 1) / b, out = (c.outputs + b - 1) / b, taps = c.kernel * c.kernel;
  int outHeight = (c.height - c.kernel) / c.stride + 1, outWidth = (c.width - c.kernel) / c.stride + 1, area = c.height * c.width;
  std::string x = tensor({1, in, c.height, c.width, b}, c.layout.type()), y = tensor({1, out, outHeight, outWidth, b}, "i32");
  std::string w = tensor({out, in, c.kernel, c.kernel, b / q, b * q}, c.layout.type()), strides = std::to_string(c.stride);
  std::string text = "func.func @main(%x: " + x + ", %w: " + w + ") -> " + y + " {\n %out = tensor.empty() : " + y;
  text += "\n %y = kernel.conv %x, %w outs(%out) strides [" + strides + ", " + strides + "] channels ";
  text += std::to_string((c.inputs + q - 1) / q * q) + " : (" + x + ", " + w + ", " + y + ") -> " + y + "\n return %y : " + y + "\n}\n";
  Integers image(c.layout, c.inputs * area, false, 1), filter(c.layout, c.outputs * c.inputs * taps, true, 2);
  std::vector<int> got(out * outHeight * outWidth * b), expected(got.size(), 0);
  for (int o = 0; o < c.outputs; ++o)
    for (int h = 0; h < outHeight; ++h)
      for (int v = 0; v < outWidth; ++v)
        for (int i = 0; i < c.inputs; ++i)
          for (int t = 0; t < taps; ++t)
            expected[((o / b * outHeight + h) * outWidth + v) * b + o % b] +=
                image[(i * c.height + h * c.stride + t / c.kernel) * c.width + v * c.stride + t % c.kernel] *
                filter[(o * c.inputs + i) * taps + t];
  auto imagePlace = [&](size_t i) { return (i / area / b * area + i % area) * b + i / area % b; };
  auto filterPlace = [&](size_t i) {
    size_t t = i % taps, channel = i / taps % c.inputs, o = i / taps / c.inputs;
    return ((((o / b * in + channel / b) * taps + t) * (b / q) + channel % b / q) * b + o % b) * q + channel % q;
  };
  CompiledKernel kernel(text, 1, c.layout.vectorBits);
  kernel.run({image.arrange(in * area * b, imagePlace), filter.arrange(out * in * taps * b * b, filterPlace)}, {got.data()});
  EXPECT_EQ(got, expected);
}

/// On bytes and pairs, by the machine's own instructions and by those of plain vectors of each width.
template <typename Case> void checkAll(Case c) {
  for (bool bytes : {true, false})
    for (unsigned vectorBits : {0, 512, 256}) {
      SCOPED_TRACE(std::string(bytes ? "bytes, " : "pairs, ") + std::to_string(vectorBits) + " bits");
      c.layout = {bytes, vectorBits};
      check(c);
    }
}
} // namespace

TEST(Integers, product) { checkAll(Product{}); }
TEST(Integers, one_step_one_row_one_column) { checkAll(Product{.rows = 1, .depth = 4, .columns = 1, .bias = false}); }
TEST(Integers, one_row_of_many_columns) { checkAll(Product{.rows = 1, .depth = 44, .columns = 103}); }
TEST(Integers, column_tail_of_one) { checkAll(Product{.columns = 17}); }
TEST(Integers, batches) { checkAll(Product{.matrices = 3, .rows = 7, .depth = 12, .columns = 40}); }
TEST(Integers, tiles_of_two_sizes_by_two_threads) { checkAll(Product{.rows = 49, .depth = 132, .columns = 176, .threads = 2}); }
TEST(Integers, convolution_of_three_channels) { checkAll(Convolution{}); }
TEST(Integers, convolution_of_one_channel) { checkAll(Convolution{.inputs = 1, .outputs = 3, .kernel = 2}); }
TEST(Integers, convolution_by_two) { checkAll(Convolution{.inputs = 24, .outputs = 40, .stride = 2}); }
TEST(Integers, convolution_of_merged_rows) { checkAll(Convolution{.inputs = 40, .outputs = 24, .height = 5, .width = 11, .kernel = 1}); }
