// emit-bfloats.cpp - kernels that read, multiply and store bf16, compiled and run against plain loops in double on the same bf16.
// SPDX-License-Identifier: Apache-2.0

#include "NarrowProducts.h"

using namespace bn::test;

namespace {
uint16_t toBits(float value) { return llvm::APFloat(value).bitcastToAPInt().lshr(16).getZExtValue(); }
float toFloat(uint16_t bits) { return llvm::bit_cast<float>(uint32_t(bits) << 16); }

/// Numbers that bf16 holds, drawn from [-1, 1], and places for them in memory.
struct BFloats {
  std::vector<float> values;
  std::vector<uint16_t> bits;

  BFloats(size_t count, unsigned seed) : values(randomValues(count, seed)) {
    for (float &value : values)
      value = toFloat(toBits(value));
  }
  float operator[](size_t i) const { return values[i]; }

  /// The bits in the order of `placeOf`, zeros where nobody put one.
  const void *arrange(size_t count, llvm::function_ref<size_t(size_t)> placeOf) {
    bits.assign(count, 0);
    for (auto [i, value] : llvm::enumerate(values))
      bits[placeOf(i)] = toBits(value);
    return bits.data();
  }
  const void *data() {
    return arrange(values.size(), [](size_t i) { return i; });
  }
};

/// Bf16 has 8 bits: a value that was rounded to it is off by at most half of the last one.
constexpr float kRounded = 0x1p-8f;

std::vector<float> toFloats(llvm::ArrayRef<uint16_t> bits) {
  std::vector<float> values;
  llvm::transform(bits, std::back_inserter(values), toFloat);
  return values;
}

void check(const Product &p, unsigned vectorBits) {
  BFloats left(p.matrices * p.rows * p.depth, 1), right(p.matrices * p.depth * p.columns, 2);
  std::vector<float> bias = randomValues(p.columns, 3);
  expectNear(multiply(p, "bf16", 2, vectorBits, left, right, bias), multiplyPlainly<double>(p, left, right, bias));
}

/// relu(bias + x ∗ w + shortcut), shortcut and result in bf16.
struct Convolution {
  int inputs = 3, outputs = 17, height = 7, width = 9, kernel = 3, stride = 1, dilation = 1, groups = 1;
};

void check(const Convolution &c, unsigned vectorBits) {
  int b = lanesOf(vectorBits), in = (c.inputs + b - 1) / b, out = (c.outputs + b - 1) / b, taps = c.kernel * c.kernel;
  int reach = (c.kernel - 1) * c.dilation, area = c.height * c.width;
  int outHeight = (c.height - reach - 1) / c.stride + 1, outWidth = (c.width - reach - 1) / c.stride + 1;
  int each = c.inputs / c.groups, eachOut = c.outputs / c.groups, inEach = in / c.groups;
  std::string x = tensor({1, in, c.height, c.width, b}, "bf16"), y = tensor({1, out, outHeight, outWidth, b}, "bf16");
  std::string w = tensor({out, inEach, c.kernel, c.kernel, b / 2, b * 2}, "bf16"), bias = tensor({out, b}, "f32");
  auto twice = [](int n) { return "[" + std::to_string(n) + ", " + std::to_string(n) + "]"; };
  std::string text = "func.func @main(%x: " + x + ", %w: " + w + ", %b: " + bias + ", %s: " + y + ") -> " + y + " {\n";
  text += " %zero = arith.constant 0.0 : f32\n %out = tensor.empty() : " + y + "\n %y = kernel.conv %x, %w bias %b with(%s) outs(%out)";
  text += " strides " + twice(c.stride) + " dilations " + twice(c.dilation) + " groups " + std::to_string(c.groups);
  text += " channels " + std::to_string((each + 1) / 2 * 2) + " epilogue {\n ^bb0(%acc: f32, %half: bf16):\n";
  text += "  %e = arith.extf %half : bf16 to f32\n  %sum = arith.addf %acc, %e : f32\n  %m = arith.maximumf %sum, %zero : f32\n";
  text += "  %t = arith.truncf %m : f32 to bf16\n  kernel.yield %t : bf16\n } : (" + x + ", " + w + ", " + bias + ", " + y + ", " + y;
  text += ") -> " + y + "\n return %y : " + y + "\n}\n";

  int size = out * outHeight * outWidth * b;
  BFloats image(c.inputs * area, 1), filter(c.outputs * each * taps, 2), shortcut(size, 3);
  std::vector<float> shift = randomValues(out * b, 4), expected(size);
  for (int i = 0; i < size; ++i) {
    int o = i / (outHeight * outWidth * b) * b + i % b, h = i / b / outWidth % outHeight, v = i / b % outWidth;
    double sum = double(shift[o]) + shortcut[i];
    for (int k = 0; o < c.outputs && k < each * taps; ++k) {
      int row = h * c.stride + k % taps / c.kernel * c.dilation, column = v * c.stride + k % c.kernel * c.dilation;
      sum += double(image[((o / eachOut * each + k / taps) * c.height + row) * c.width + column]) * filter[o * each * taps + k];
    }
    expected[i] = std::max(sum, 0.0);
  }
  std::vector<uint16_t> got(size);
  CompiledKernel kernel(text, 1, vectorBits);
  kernel.run({image.arrange(in * area * b, imagePlaces(area, b)),
              filter.arrange(out * inEach * taps * b * b, filterPlaces(each, taps, b, 2)), shift.data(), shortcut.data()},
             {got.data()});
  expectNear(toFloats(got), expected, kRounded);
}

/// By the machine's own instruction and by plain vectors of each width.
template <typename Case> void checkAll(const Case &c) {
  for (unsigned vectorBits : {0, 512, 256}) {
    SCOPED_TRACE(std::to_string(vectorBits) + " bits");
    check(c, vectorBits);
  }
}

/// An op from an image of one block, [1][1][6][8][16] of bf16, to one of 5×7, computed in f32.
std::vector<float> runOnImage(const std::string &op, BFloats &image, const std::string &result, size_t size) {
  std::string x = "tensor<1x1x6x8x16xbf16>", y = "tensor<" + result + ">";
  std::vector<uint16_t> got(size);
  CompiledKernel kernel("func.func @main(%x: " + x + ") -> " + y + " {\n %out = tensor.empty() : " + y + "\n %y = " + op + " : (" + x +
                        ", " + y + ") -> " + y + "\n return %y : " + y + "\n}\n");
  kernel.run({image.data()}, {got.data()});
  return toFloats(got);
}
} // namespace

TEST(BFloats, product) { checkAll(Product{}); }
TEST(BFloats, one_pair_one_row_one_column) { checkAll(Product{.rows = 1, .depth = 2, .columns = 1, .bias = false}); }
TEST(BFloats, one_row_of_many_columns) { checkAll(Product{.rows = 1, .depth = 46, .columns = 103}); }
TEST(BFloats, column_tail_of_one) { checkAll(Product{.columns = 17}); }
TEST(BFloats, batches) { checkAll(Product{.matrices = 3, .rows = 7, .depth = 12, .columns = 40}); }
TEST(BFloats, tiles_of_two_sizes_by_two_threads) { checkAll(Product{.rows = 49, .depth = 130, .columns = 176, .threads = 2}); }
TEST(BFloats, convolution_of_three_channels) { checkAll(Convolution{}); }
TEST(BFloats, convolution_of_one_channel) { checkAll(Convolution{.inputs = 1, .outputs = 3, .kernel = 2}); }
TEST(BFloats, convolution_by_two) { checkAll(Convolution{.inputs = 24, .outputs = 40, .stride = 2}); }
TEST(BFloats, convolution_by_three_with_holes) { checkAll(Convolution{.inputs = 17, .outputs = 24, .height = 13, .stride = 3, .dilation = 2}); }
TEST(BFloats, convolution_of_merged_rows) { checkAll(Convolution{.inputs = 40, .outputs = 24, .height = 5, .width = 11, .kernel = 1}); }
TEST(BFloats, convolution_in_groups) { checkAll(Convolution{.inputs = 64, .outputs = 96, .groups = 2}); }

TEST(BFloats, largest_of_a_window) {
  BFloats image(6 * 8 * 16, 1);
  std::vector<float> expected;
  for (int i = 0; i < 5 * 7 * 16; ++i) {
    auto at = [&](int h, int v) { return image[((i / 16 / 7 + h) * 8 + i / 16 % 7 + v) * 16 + i % 16]; };
    expected.push_back(std::max({at(0, 0), at(0, 1), at(1, 0), at(1, 1)}));
  }
  EXPECT_EQ(runOnImage("kernel.pool max %x outs(%out) window [2, 2]", image, "1x1x5x7x16xbf16", expected.size()), expected);
}

TEST(BFloats, depthwise_convolution) {
  BFloats image(6 * 8 * 16, 1);
  std::vector<float> weights = randomValues(2 * 2 * 16, 2), expected;
  for (int i = 0; i < 5 * 7 * 16; ++i) {
    expected.push_back(0);
    for (int t = 0; t < 4; ++t)
      expected.back() += weights[t * 16 + i % 16] * image[((i / 16 / 7 + t / 2) * 8 + i / 16 % 7 + t % 2) * 16 + i % 16];
  }
  std::string x = "tensor<1x1x6x8x16xbf16>", w = "tensor<1x1x2x2x16xf32>", y = "tensor<1x1x5x7x16xf32>";
  CompiledKernel kernel("func.func @main(%x: " + x + ", %w: " + w + ") -> " + y + " {\n %out = tensor.empty() : " + y +
                        "\n %y = kernel.grouped_conv %x, %w outs(%out) : (" + x + ", " + w + ", " + y + ") -> " + y + "\n return %y : " +
                        y + "\n}\n");
  std::vector<float> got(expected.size());
  kernel.run({image.data(), weights.data()}, {got.data()});
  expectNear(got, expected);
}

TEST(BFloats, average_of_a_window) {
  BFloats image(6 * 8 * 16, 1);
  std::vector<float> expected;
  for (int i = 0; i < 5 * 7 * 16; ++i) {
    auto at = [&](int h, int v) { return image[((i / 16 / 7 + h) * 8 + i / 16 % 7 + v) * 16 + i % 16]; };
    expected.push_back((at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1)) / 4);
  }
  expectNear(runOnImage("kernel.pool average %x outs(%out) window [2, 2]", image, "1x1x5x7x16xbf16", expected.size()), expected, kRounded);
}
