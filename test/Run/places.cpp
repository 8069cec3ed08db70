// places.cpp - operators that read and write at computed places, and transforms.
// SPDX-License-Identifier: Apache-2.0

#include "Comparison.h"

#include <gtest/gtest.h>

using namespace bn::test;

namespace {

/// A module of one argument x, constants, and a node of x and those.
void compareWithConstants(const std::string &input, const std::string &constants, const std::string &node, const std::string &result,
                          const Tolerance &tolerance = {}) {
  compareWithReference("func.func @main(%x: " + input + ") -> " + result + " {\n  %none = onnx.absent\n" + constants + "  %y = " + node +
                           "\n  return %y : " + result + "\n}\n",
                       tolerance);
}

} // namespace

TEST(Places, grid_sample) {
  for (const char *mode : {"nearest", "linear", "cubic"})
    for (const char *padding : {"zeros", "border", "reflection"})
      for (const char *align : {"0", "1"})
        compareNode(std::string("\"GridSample\"($) version 20 {mode = \"") + mode + "\", padding_mode = \"" + padding +
                        "\", align_corners = " + align + " : i64}",
                    "tensor<2x3x5x7xf32>; tensor<2x4x3x2xf32>", "tensor<2x3x4x3xf32>", {1e-4, 1e-4});
  compareNode("\"GridSample\"($) version 20", "tensor<1x2x3x5x4xf32>; tensor<1x2x3x7x3xf32>", "tensor<1x2x2x3x7xf32>", {1e-4, 1e-4});
}

TEST(Places, deform_conv) {
  compareNode("\"DeformConv\"($) version 19 {pads = array<i64: 1, 0, 0, 1>, strides = array<i64: 2, 1>}",
              "tensor<2x3x5x7xf32>; tensor<4x3x2x3xf32>; tensor<2x12x3x6xf32>", "tensor<2x4x3x6xf32>", {2e-4, 2e-4});
  compareNode("\"DeformConv\"($) version 19 {offset_group = 2 : i64}",
              "tensor<1x4x5x6xf32>; tensor<3x4x2x2xf32>; tensor<1x16x4x5xf32>; tensor<3xf32>; tensor<1x8x4x5xf32>", "tensor<1x3x4x5xf32>",
              {5e-4, 5e-4});
}

TEST(Places, patches) {
  std::string sizes = "  %i = onnx.constant dense<[4, 6]> : tensor<2xi64>\n  %k = onnx.constant dense<[2, 3]> : tensor<2xi64>\n";
  auto node = [](const char *attributes, const char *type) {
    return std::string("onnx.node \"Col2Im\"(%x, %i, %k) version 18 ") + attributes + " : (" + type +
           ", tensor<2xi64>, tensor<2xi64>) -> tensor<2x5x4x6xf32>";
  };
  compareWithConstants("tensor<2x30x4xf32>", sizes, node("{strides = array<i64: 2, 3>}", "tensor<2x30x4xf32>"), "tensor<2x5x4x6xf32>");
  compareWithConstants("tensor<2x30x12xf32>", sizes, node("", "tensor<2x30x12xf32>"), "tensor<2x5x4x6xf32>");
  compareWithConstants("tensor<2x30x24xf32>", sizes,
                       node("{pads = array<i64: 1, 0, 1, 2>, dilations = array<i64: 2, 1>}", "tensor<2x30x24xf32>"), "tensor<2x5x4x6xf32>");
}

TEST(Places, largest_of_windows) {
  for (const char *order : {"0", "1"})
    compareWithReference(std::string("func.func @main(%x: tensor<2x3x5x7xf32>) -> (tensor<2x3x3x3xf32>, tensor<2x3x3x3xi64>) {\n"
                                     "  %y:2 = onnx.node \"MaxPool\"(%x) version 12 {kernel_shape = array<i64: 3, 2>, "
                                     "strides = array<i64: 2, 3>, pads = array<i64: 1, 1, 1, 0>, storage_order = ") +
                         order + " : i64} : (tensor<2x3x5x7xf32>) -> (tensor<2x3x3x3xf32>, tensor<2x3x3x3xi64>)\n"
                                 "  return %y#0, %y#1 : tensor<2x3x3x3xf32>, tensor<2x3x3x3xi64>\n}\n");
}

TEST(Places, back_to_where_they_were) {
  compareWithConstants("tensor<1x2x2x3xf32>",
                       "  %p = onnx.constant dense<[[[[5, 2, 18], [7, 9, 11]], [[47, 25, 30], [40, 36, 41]]]]> : tensor<1x2x2x3xi64>\n",
                       "onnx.node \"MaxUnpool\"(%x, %p) version 11 {kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>} : "
                       "(tensor<1x2x2x3xf32>, tensor<1x2x2x3xi64>) -> tensor<1x2x4x6xf32>",
                       "tensor<1x2x4x6xf32>");
}

TEST(Transforms, dft) {
  compareNode("\"DFT\"($) version 17", "tensor<2x7x1xf32>", "tensor<2x7x2xf32>", {1e-4, 1e-4});
  compareNode("\"DFT\"($) version 17 {axis = 0 : i64, inverse = 1 : i64}", "tensor<5x3x2xf32>", "tensor<5x3x2xf32>", {1e-4, 1e-4});
  compareNode("\"DFT\"($) version 17 {onesided = 1 : i64}", "tensor<3x8x1xf32>", "tensor<3x5x2xf32>", {1e-4, 1e-4});
  compareNode("\"DFT\"($) version 20 {onesided = 1 : i64, inverse = 1 : i64}", "tensor<3x5x2xf32>", "tensor<3x8x1xf32>", {1e-4, 1e-4});
  for (const char *length : {"5", "11"}) // cut, or with zeros behind
    compareWithConstants("tensor<2x7x2xf32>", std::string("  %l = onnx.constant dense<") + length + "> : tensor<i64>\n",
                         "onnx.node \"DFT\"(%x, %l) version 17 : (tensor<2x7x2xf32>, tensor<i64>) -> tensor<2x" + std::string(length) + "x2xf32>",
                         "tensor<2x" + std::string(length) + "x2xf32>", {1e-4, 1e-4});
}

TEST(Transforms, stft) {
  std::string constants = "  %s = onnx.constant dense<3> : tensor<i64>\n  %w = onnx.constant dense<[1.0, 2.0, 3.0, 0.5, 0.25]> : tensor<5xf32>\n";
  compareWithConstants("tensor<2x17x1xf32>", constants,
                       "onnx.node \"STFT\"(%x, %s, %w) version 17 : (tensor<2x17x1xf32>, tensor<i64>, tensor<5xf32>) -> tensor<2x5x3x2xf32>",
                       "tensor<2x5x3x2xf32>", {1e-4, 1e-4});
  std::string lengths = "  %s = onnx.constant dense<3> : tensor<i64>\n  %l = onnx.constant dense<4> : tensor<i64>\n";
  compareWithConstants("tensor<2x17x2xf32>", lengths,
                       "onnx.node \"STFT\"(%x, %s, %none, %l) version 17 {onesided = 0 : i64} : (tensor<2x17x2xf32>, tensor<i64>, none, "
                       "tensor<i64>) -> tensor<2x5x4x2xf32>",
                       "tensor<2x5x4x2xf32>", {1e-4, 1e-4});
}

TEST(Lanes, hardmax_and_lp_normalization) {
  compareNode("\"Hardmax\"($) version 13 {axis = 1 : i64}", "tensor<2x7x3xf32>", "tensor<2x7x3xf32>");
  compareNode("\"Hardmax\"($) version 11", "tensor<2x7x3xf32>", "tensor<2x7x3xf32>");
  compareNode("\"LpNormalization\"($) version 1 {axis = 1 : i64, p = 1 : i64}", "tensor<2x7x3xf32>", "tensor<2x7x3xf32>");
  compareNode("\"LpNormalization\"($) version 1", "tensor<2x7x5xf16>", "tensor<2x7x5xf16>", {2e-3, 2e-3});
}

TEST(Lanes, softmax) {
  compareNode("\"Softmax\"($) version 13", "tensor<3x37xf32>", "tensor<3x37xf32>", {1e-6, 1e-5, -60, 60});
  compareNode("\"LogSoftmax\"($) version 13", "tensor<3x37xf32>", "tensor<3x37xf32>", {1e-5, 1e-5, -60, 60});
}

// Rows behind computed places, and single elements.
TEST(Places, rows) {
  std::string places = "  %i = onnx.constant dense<[[1, 0], [-1, 2], [0, 1]]> : tensor<3x2xi64>\n";
  for (const char *size : {"5", "19"}) {
    std::string in = std::string("tensor<2x3x") + size + "xf32>", out = std::string("tensor<3x") + size + "xf32>";
    compareWithConstants(in, places, "onnx.node \"GatherND\"(%x, %i) version 13 : (" + in + ", tensor<3x2xi64>) -> " + out, out);
    compareNode("\"ReverseSequence\"($) version 10", in + "; tensor<3xi64>", in, {0, 0, 0, 2});
  }
}

TEST(Places, few_runs_are_slices) {
  for (const char *mode : {"reflect", "edge", "wrap"})
    compareWithConstants("tensor<3x50xf32>", "  %p = onnx.constant dense<[0, 2, 0, 3]> : tensor<4xi64>\n",
                         std::string("onnx.pad %x, %p, %none, %none {mode = \"") + mode +
                             "\", version = 19 : i64} : (tensor<3x50xf32>, tensor<4xi64>, none, none) -> tensor<3x55xf32>",
                         "tensor<3x55xf32>");
}
