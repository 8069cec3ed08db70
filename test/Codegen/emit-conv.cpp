// emit-conv.cpp - convolutions on blocked layouts, compiled and run against plain loops.
// SPDX-License-Identifier: Apache-2.0

#include "CompiledKernel.h"

using namespace bn::test;

namespace {
/// A convolution of one case: plain numbers of channels, the input already with its halo.
struct Case {
  int block = 16, images = 1, inputs = 16, outputs = 16, height = 5, width = 7, kernelHeight = 1, kernelWidth = 1;
  int strideH = 1, strideW = 1, dilationH = 1, dilationW = 1, groups = 1;
  int perGroup = 0; ///< channels of a group that lies within a block; 0 for kernel.conv
  bool bias = true, residual = false, channels = false, planes = false;
  unsigned threads = 1;

  int blocks(int c) const { return (c + block - 1) / block; }
  int outHeight() const { return (height - (kernelHeight - 1) * dilationH - 1) / strideH + 1; }
  int outWidth() const { return (width - (kernelWidth - 1) * dilationW - 1) / strideW + 1; }
};

std::string tensor(llvm::ArrayRef<int> shape) {
  std::string text = "tensor<";
  for (int size : shape)
    text += std::to_string(size) + "x";
  return text + "f32>";
}

std::string pairOf(int a, int b) { return "[" + std::to_string(a) + ", " + std::to_string(b) + "]"; }

/// Kernel form: y = max(conv(x, w) + bias (+ residual), 0).
std::string textOf(const Case &c) {
  std::string x = c.planes ? tensor({c.images, c.inputs, c.height, c.width})
                           : tensor({c.images, c.blocks(c.inputs), c.height, c.width, c.block});
  int perGroup = c.blocks(c.inputs) / c.groups;
  std::string w = c.perGroup ? tensor({c.blocks(c.inputs), c.perGroup, c.kernelHeight, c.kernelWidth, c.block})
                              : tensor({c.blocks(c.outputs), perGroup, c.kernelHeight, c.kernelWidth, c.block, c.block});
  std::string b = tensor({c.blocks(c.outputs), c.block});
  std::string y = tensor({c.images, c.blocks(c.outputs), c.outHeight(), c.outWidth(), c.block});
  std::string text = "func.func @main(%x: " + x + ", %w: " + w + ", %b: " + b + ", %r: " + y + ") -> " + y + " {\n";
  text += " %zero = arith.constant 0.0 : f32\n %out = tensor.empty() : " + y + "\n";
  text += std::string(" %y = kernel.") + (c.perGroup ? "grouped_conv" : "conv") + " %x, %w";
  text += std::string(c.bias ? " bias %b" : "") + (c.residual ? " with(%r)" : "") + " outs(%out) strides " + pairOf(c.strideH, c.strideW);
  text += " dilations " + pairOf(c.dilationH, c.dilationW);
  text += c.groups > 1 ? " groups " + std::to_string(c.groups) : "";
  text += c.channels ? " channels " + std::to_string(c.inputs) : "";
  text += std::string(" epilogue {\n ^bb0(%a: f32") + (c.residual ? ", %s: f32" : "") + "):\n";
  text += c.residual ? " %t = arith.addf %a, %s : f32\n %m = arith.maximumf %t, %zero : f32\n" : " %m = arith.maximumf %a, %zero : f32\n";
  text += " kernel.yield %m : f32\n } : (" + x + ", " + w + (c.bias ? ", " + b : "") + (c.residual ? ", " + y : "") + ", " + y;
  text += ") -> " + y;
  return text + "\n return %y : " + y + "\n}\n";
}

/// The same in plain loops over the blocked arrays.
std::vector<float> reference(const Case &c, const std::vector<float> &x, const std::vector<float> &w, const std::vector<float> &b,
                             const std::vector<float> &r) {
  int inBlocks = c.blocks(c.inputs), outBlocks = c.blocks(c.outputs), perGroup = inBlocks / c.groups * c.block;
  auto at = [&](int n, int channel, int h, int v) {
    if (c.planes)
      return x[((n * c.inputs + channel) * c.height + h) * c.width + v];
    return x[(((n * inBlocks + channel / c.block) * c.height + h) * c.width + v) * c.block + channel % c.block];
  };
  auto weight = [&](int o, int i, int kh, int kw) {
    int place = o / c.block;
    place = c.perGroup ? place * c.perGroup + i : place * (perGroup / c.block) + i / c.block;
    place = (place * c.kernelHeight + kh) * c.kernelWidth + kw;
    if (!c.perGroup)
      place = place * c.block + i % c.block;
    return w[place * c.block + o % c.block];
  };
  std::vector<float> y;
  for (int n = 0; n < c.images; ++n)
    for (int ob = 0; ob < outBlocks; ++ob)
      for (int oh = 0; oh < c.outHeight(); ++oh)
        for (int ow = 0; ow < c.outWidth(); ++ow)
          for (int lane = 0; lane < c.block; ++lane) {
            int o = ob * c.block + lane, group = ob / (outBlocks / c.groups);
            double sum = c.bias ? b[o] : 0.0;
            for (int kh = 0; kh < c.kernelHeight; ++kh)
              for (int kw = 0; kw < c.kernelWidth; ++kw)
                for (int i = 0; i < (c.perGroup ? c.perGroup : perGroup); ++i) {
                  int channel = c.perGroup ? o / c.perGroup * c.perGroup + i : group * perGroup + i;
                  if (c.channels && channel >= c.inputs)
                    continue;
                  int h = oh * c.strideH + kh * c.dilationH, v = ow * c.strideW + kw * c.dilationW;
                  sum += double(at(n, channel, h, v)) * weight(o, i, kh, kw);
                }
            if (c.residual)
              sum += r[y.size()];
            y.push_back(std::max(sum, 0.0));
          }
  return y;
}

void check(const Case &c) {
  auto x = randomValues(size_t(c.images) * c.blocks(c.inputs) * c.height * c.width * c.block, 1);
  int perOutput = c.perGroup ? c.perGroup : c.blocks(c.inputs) / c.groups * c.block;
  auto w = randomValues(size_t(c.blocks(c.outputs)) * c.block * perOutput * c.kernelHeight * c.kernelWidth, 2);
  auto b = randomValues(c.blocks(c.outputs) * c.block, 3);
  auto r = randomValues(size_t(c.images) * c.blocks(c.outputs) * c.outHeight() * c.outWidth() * c.block, 4);
  CompiledKernel kernel(textOf(c), c.threads, c.block * 32);
  std::vector<float> got(r.size());
  kernel.run({x.data(), w.data(), b.data(), r.data()}, {got.data()});
  expectNear(got, reference(c, x, w, b, r), 2e-6f);
}
} // namespace

// Positions merge: 35 of them, in tiles that do not divide them.
TEST(Conv, pointwise) { check({.inputs = 32, .outputs = 48}); }
TEST(Conv, pointwise_strided) { check({.inputs = 16, .outputs = 16, .height = 6, .width = 9, .strideH = 2, .strideW = 3}); }
TEST(Conv, window) { check({.images = 2, .inputs = 32, .outputs = 32, .height = 7, .width = 11, .kernelHeight = 3, .kernelWidth = 5}); }
TEST(Conv, window_strided_dilated) {
  check({.inputs = 16, .outputs = 32, .height = 13, .width = 17, .kernelHeight = 3, .kernelWidth = 2, .strideH = 2, .strideW = 3,
         .dilationH = 2, .dilationW = 4});
}
TEST(Conv, no_bias) { check({.kernelHeight = 3, .kernelWidth = 3, .bias = false}); }
TEST(Conv, residual) { check({.inputs = 32, .outputs = 64, .residual = true}); }
TEST(Conv, groups) { check({.inputs = 64, .outputs = 128, .kernelHeight = 3, .kernelWidth = 3, .groups = 2}); }
// 19 channels in two blocks: the second is read as far as it holds data.
TEST(Conv, channel_tail) { check({.inputs = 19, .outputs = 16, .kernelHeight = 3, .kernelWidth = 3, .channels = true}); }
TEST(Conv, three_channels) {
  check({.inputs = 3, .outputs = 64, .height = 15, .width = 19, .kernelHeight = 7, .kernelWidth = 7, .strideH = 2, .strideW = 2,
         .channels = true});
}
TEST(Conv, planes) {
  check({.images = 2, .inputs = 3, .outputs = 32, .height = 15, .width = 19, .kernelHeight = 3, .kernelWidth = 5, .strideH = 2,
         .strideW = 3, .channels = true, .planes = true});
}
TEST(Conv, planes_pointwise) { check({.inputs = 5, .outputs = 16, .channels = true, .planes = true}); }
TEST(Conv, narrow_vectors) { check({.block = 8, .inputs = 24, .outputs = 16, .kernelHeight = 3, .kernelWidth = 3, .residual = true}); }
TEST(Conv, two_threads) {
  check({.inputs = 64, .outputs = 64, .height = 23, .width = 37, .kernelHeight = 3, .kernelWidth = 3, .residual = true, .threads = 2});
}

TEST(GroupedConv, window) {
  check({.images = 2, .inputs = 32, .outputs = 32, .height = 7, .width = 19, .kernelHeight = 3, .kernelWidth = 5, .perGroup = 1});
}
TEST(GroupedConv, strided_dilated_residual) {
  check({.inputs = 48, .outputs = 48, .height = 13, .width = 37, .kernelHeight = 3, .kernelWidth = 3, .strideH = 2, .strideW = 2,
         .dilationH = 2, .dilationW = 3, .perGroup = 1, .residual = true});
}
TEST(GroupedConv, narrow_vectors_two_threads) {
  check({.block = 8, .inputs = 24, .outputs = 24, .height = 33, .width = 31, .kernelHeight = 5, .kernelWidth = 5, .perGroup = 1,
         .bias = false, .threads = 2});
}
// Lanes see all channels of their group, and no others.
TEST(GroupedConv, two_channels) {
  check({.inputs = 32, .outputs = 32, .height = 7, .width = 19, .kernelHeight = 3, .kernelWidth = 5, .perGroup = 2});
}
TEST(GroupedConv, four_channels_strided_dilated) {
  check({.images = 2, .inputs = 48, .outputs = 48, .height = 13, .width = 37, .kernelHeight = 3, .kernelWidth = 3, .strideH = 2,
         .strideW = 2, .dilationH = 2, .dilationW = 3, .perGroup = 4, .residual = true});
}
TEST(GroupedConv, eight_channels) {
  check({.inputs = 32, .outputs = 32, .height = 9, .width = 18, .kernelHeight = 3, .kernelWidth = 3, .perGroup = 8, .bias = false,
         .threads = 2});
}
TEST(GroupedConv, narrow_vectors_of_four) {
  check({.block = 8, .inputs = 24, .outputs = 24, .height = 5, .width = 7, .kernelHeight = 2, .perGroup = 4});
}
