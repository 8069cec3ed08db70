// emit-integers.cpp - products of bytes and of 16-bit integers, compiled and run against plain loops: every bit counts.
// SPDX-License-Identifier: Apache-2.0

#include "NarrowProducts.h"

using namespace bn::test;

namespace {
/// How integers lie in memory: `lanes` of 32 bits, `each` factors to one.
struct Layout {
  bool bytes = true;
  unsigned vectorBits = 0; ///< 0 for all that this machine has
  int each() const { return bytes ? 4 : 2; }
  std::string type() const { return bytes ? "i8" : "i16"; }
};

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

void check(const Product &p, const Layout &layout) {
  Integers left(layout, p.matrices * p.rows * p.depth, false, 1), right(layout, p.matrices * p.depth * p.columns, true, 2);
  std::vector<int> bias(p.columns);
  for (int n = 0; n < p.columns; ++n)
    bias[n] = 1000003 * n;
  EXPECT_EQ(multiply(p, layout.type(), layout.each(), layout.vectorBits, left, right, bias), multiplyPlainly<int>(p, left, right, bias));
}

struct Convolution {
  int inputs = 3, outputs = 17, height = 7, width = 9, kernel = 3, stride = 1;
};

/// One image in blocks; channels behind the last are zeros.
void check(const Convolution &c, const Layout &layout) {
  int b = lanesOf(layout.vectorBits), q = layout.each(), in = (c.inputs + b - 1) / b, out = (c.outputs + b - 1) / b;
  int taps = c.kernel * c.kernel;
  int outHeight = (c.height - c.kernel) / c.stride + 1, outWidth = (c.width - c.kernel) / c.stride + 1, area = c.height * c.width;
  std::string x = tensor({1, in, c.height, c.width, b}, layout.type()), y = tensor({1, out, outHeight, outWidth, b}, "i32");
  std::string w = tensor({out, in, c.kernel, c.kernel, b / q, b * q}, layout.type()), strides = std::to_string(c.stride);
  std::string text = "func.func @main(%x: " + x + ", %w: " + w + ") -> " + y + " {\n %out = tensor.empty() : " + y;
  text += "\n %y = kernel.conv %x, %w outs(%out) strides [" + strides + ", " + strides + "] channels ";
  text += std::to_string((c.inputs + q - 1) / q * q) + " : (" + x + ", " + w + ", " + y + ") -> " + y + "\n return %y : " + y + "\n}\n";
  Integers image(layout, c.inputs * area, false, 1), filter(layout, c.outputs * c.inputs * taps, true, 2);
  std::vector<int> got(out * outHeight * outWidth * b), expected(got.size(), 0);
  for (int o = 0; o < c.outputs; ++o)
    for (int h = 0; h < outHeight; ++h)
      for (int v = 0; v < outWidth; ++v)
        for (int i = 0; i < c.inputs; ++i)
          for (int t = 0; t < taps; ++t)
            expected[((o / b * outHeight + h) * outWidth + v) * b + o % b] +=
                image[(i * c.height + h * c.stride + t / c.kernel) * c.width + v * c.stride + t % c.kernel] *
                filter[(o * c.inputs + i) * taps + t];
  CompiledKernel kernel(text, 1, layout.vectorBits);
  kernel.run(
      {image.arrange(in * area * b, imagePlaces(area, b)), filter.arrange(out * in * taps * b * b, filterPlaces(c.inputs, taps, b, q))},
      {got.data()});
  EXPECT_EQ(got, expected);
}

/// On bytes and pairs, by the machine's own instructions and by those of plain vectors of each width.
template <typename Case> void checkAll(const Case &c) {
  for (bool bytes : {true, false})
    for (unsigned vectorBits : {0, 512, 256}) {
      SCOPED_TRACE(std::string(bytes ? "bytes, " : "pairs, ") + std::to_string(vectorBits) + " bits");
      check(c, {bytes, vectorBits});
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
