// shapes.cpp - operators that move elements, normalize, or go through indices.
// SPDX-License-Identifier: Apache-2.0

#include "Comparison.h"

#include <gtest/gtest.h>

using namespace bn::test;

namespace {

/// A module of one argument x and constants in front of the node.
std::string withConstants(const std::string &input, const std::string &constants, const std::string &node, const std::string &result) {
  return "func.func @main(%x: " + input + ") -> " + result + " {\n  %none = onnx.absent\n" + constants + "  %y = " + node + "\n  return %y : " +
         result + "\n}\n";
}

std::string ints(const std::string &name, const std::string &values, int count) {
  return "  %" + name + " = onnx.constant dense<" + values + "> : tensor<" + std::to_string(count) + "xi64>\n";
}

} // namespace

TEST(Shape, transpose) {
  compareNode("\"Transpose\"($) version 13 {perm = array<i64: 2, 0, 3, 1>}", "tensor<2x3x5x7xf32>", "tensor<5x2x7x3xf32>");
  compareNode("\"Transpose\"($) version 13", "tensor<2x3x19xi8>", "tensor<19x3x2xi8>");
}

TEST(Shape, slice_with_steps) {
  compareWithReference(withConstants(
      "tensor<5x7x3xf32>", ints("s", "[-1, 1]", 2) + ints("e", "[-9, 7]", 2) + ints("a", "[0, 1]", 2) + ints("t", "[-2, 3]", 2),
      "onnx.slice %x, %s, %e, %a, %t {version = 13 : i64} : (tensor<5x7x3xf32>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>, "
      "tensor<2xi64>) -> tensor<3x2x3xf32>",
      "tensor<3x2x3xf32>"));
}

// LLVM has no code for 17 lanes of bf16.
TEST(Shape, rows_of_bf16) {
  compareWithReference(withConstants("tensor<1x17xbf16>", ints("p", "[3, 0, 4, 0]", 4),
                                     "onnx.pad %x, %p, %none, %none {version = 13 : i64} : (tensor<1x17xbf16>, tensor<4xi64>, none, none) -> "
                                     "tensor<8x17xbf16>",
                                     "tensor<8x17xbf16>"));
}

TEST(Shape, affine_grid) {
  for (const char *align : {"0", "1"}) {
    compareWithReference(withConstants("tensor<2x2x3xf32>", ints("s", "[2, 5, 3, 4]", 4),
                                       std::string("onnx.node \"AffineGrid\"(%x, %s) version 20 {align_corners = ") + align +
                                           " : i64} : (tensor<2x2x3xf32>, tensor<4xi64>) -> tensor<2x3x4x2xf32>",
                                       "tensor<2x3x4x2xf32>"));
    compareWithReference(withConstants("tensor<1x3x4xf16>", ints("s", "[1, 5, 3, 1, 2]", 5),
                                       std::string("onnx.node \"AffineGrid\"(%x, %s) version 20 {align_corners = ") + align +
                                           " : i64} : (tensor<1x3x4xf16>, tensor<5xi64>) -> tensor<1x3x1x2x3xf16>",
                                       "tensor<1x3x1x2x3xf16>"), {4e-3, 4e-3});
  }
}

TEST(Shape, pad_modes) {
  for (const char *mode : {"constant", "reflect", "edge", "wrap"})
    compareWithReference(withConstants("tensor<3x5xf32>", ints("p", "[1, 2, 0, 1]", 4),
                                       std::string("onnx.pad %x, %p, %none, %none {mode = \"") + mode +
                                           "\", version = 19 : i64} : (tensor<3x5xf32>, tensor<4xi64>, none, none) -> tensor<4x8xf32>",
                                       "tensor<4x8xf32>"));
}

TEST(Shape, concat_and_split) {
  compareNode("\"Concat\"($) version 13 {axis = 1 : i64}", "tensor<2x3x5xf32>; tensor<2x4x5xf32>; tensor<2x1x5xf32>", "tensor<2x8x5xf32>");
  compareWithReference(R"(func.func @main(%x: tensor<2x7x3xf32>) -> (tensor<2x2x3xf32>, tensor<2x5x3xf32>) {
    %none = onnx.absent
    %y:2 = onnx.split %x, %none {axis = 1 : i64, split = array<i64: 2, 5>, version = 11 : i64}
        : (tensor<2x7x3xf32>, none) -> (tensor<2x2x3xf32>, tensor<2x5x3xf32>)
    return %y#0, %y#1 : tensor<2x2x3xf32>, tensor<2x5x3xf32>
  })");
}

TEST(Shape, depth_to_space) {
  for (const char *mode : {"DCR", "CRD"})
    compareNode(std::string("\"DepthToSpace\"($) version 13 {blocksize = 2 : i64, mode = \"") + mode + "\"}", "tensor<2x12x3x5xf32>",
                "tensor<2x3x6x10xf32>");
  compareNode("\"SpaceToDepth\"($) version 13 {blocksize = 2 : i64}", "tensor<2x3x6x10xf32>", "tensor<2x12x3x5xf32>");
}

TEST(Index, gather) {
  compareNode("\"Gather\"($) version 13 {axis = 1 : i64}", "tensor<3x5x7xf32>; tensor<2x4xi64>", "tensor<3x2x4x7xf32>");
  compareNode("\"GatherElements\"($) version 13 {axis = 1 : i64}", "tensor<3x5xf32>; tensor<3x4xi64>", "tensor<3x4xf32>");
  compareNode("\"GatherND\"($) version 13 {batch_dims = 1 : i64}", "tensor<3x5x7xf32>; tensor<3x2x1xi64>", "tensor<3x2x7xf32>");
}

TEST(Index, scatter) {
  compareNode("\"ScatterElements\"($) version 18 {axis = 1 : i64, reduction = \"add\"}", "tensor<3x5xf32>; tensor<3x4xi64>; tensor<3x4xf32>",
              "tensor<3x5xf32>");
  compareNode("\"ScatterND\"($) version 18 {reduction = \"add\"}", "tensor<5x7xf32>; tensor<3x1xi64>; tensor<3x7xf32>", "tensor<5x7xf32>");
}

TEST(Index, cumulative_sum) {
  for (const char *flags : {"", " {exclusive = 1 : i64}", " {reverse = 1 : i64}"})
    compareWithReference(withConstants("tensor<3x5x7xf32>", "  %a = onnx.constant dense<1> : tensor<i64>\n",
                                       std::string("onnx.node \"CumSum\"(%x, %a) version 14") + flags +
                                           " : (tensor<3x5x7xf32>, tensor<i64>) -> tensor<3x5x7xf32>",
                                       "tensor<3x5x7xf32>"));
}

TEST(Resize, modes) {
  for (const char *attributes :
       {"mode = \"nearest\", coordinate_transformation_mode = \"asymmetric\", nearest_mode = \"floor\"", "mode = \"nearest\"", "mode = \"linear\"",
        "mode = \"cubic\"", "mode = \"linear\", coordinate_transformation_mode = \"align_corners\"",
        "mode = \"linear\", coordinate_transformation_mode = \"pytorch_half_pixel\""})
    for (const char *scales : {"[1.0, 1.0, 2.0, 3.0]", "[1.0, 1.0, 0.5, 2.4]"}) {
      std::string out = scales[11] == '2' ? "tensor<2x3x8x15xf32>" : "tensor<2x3x2x12xf32>";
      compareWithReference(withConstants("tensor<2x3x4x5xf32>", std::string("  %s = onnx.constant dense<") + scales + "> : tensor<4xf32>\n",
                                         std::string("onnx.node \"Resize\"(%x, %none, %s) version 13 {") + attributes +
                                             "} : (tensor<2x3x4x5xf32>, none, tensor<4xf32>) -> " + out,
                                         out));
    }
}

TEST(Normalization, layers) {
  compareNode("\"LayerNormalization\"($) version 17 {axis = -1 : i64}", "tensor<3x5x37xf32>; tensor<37xf32>; tensor<37xf32>",
              "tensor<3x5x37xf32>");
  compareNode("\"InstanceNormalization\"($) version 6", "tensor<2x3x5x7xf32>; tensor<3xf32>; tensor<3xf32>", "tensor<2x3x5x7xf32>");
}

TEST(Normalization, batch) {
  compareWithReference(R"(func.func @main(%x: tensor<2x3x5xf32>, %m: tensor<3xf32>, %v: tensor<3xf32>) -> tensor<2x3x5xf32> {
    %y = bn.inference %x mean %m variance %v axes [1] epsilon 1.0e-5 : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
    %z = bn.affine %y scale [2.0, 3.0, -1.0] offset [0.5, 0.0, 1.0] axis 1 : tensor<2x3x5xf32>
    return %z : tensor<2x3x5xf32>
  })", {1e-4, 1e-4, 0.5, 2});
}
