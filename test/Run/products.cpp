// products.cpp - convolutions, pooling, matrix products and reductions: random choices of all that shapes them.
// SPDX-License-Identifier: Apache-2.0

#include "Comparison.h"

#include <cstring>

#include <gtest/gtest.h>
#include <random>

using namespace bn::test;

namespace {

std::string type(const std::vector<int> &shape, const std::string &element = "f32") {
  std::string text = "tensor<";
  for (int size : shape)
    text += std::to_string(size) + "x";
  return text + element + ">";
}

std::string list(const std::vector<int> &values) {
  std::string text = "array<i64: ";
  for (size_t i = 0; i < values.size(); ++i)
    text += (i ? ", " : "") + std::to_string(values[i]);
  return text + ">";
}

/// A random window over a random image, and the size of what comes out.
struct RandomWindow {
  std::vector<int> kernel, strides, dilations, pads, in, out;

  RandomWindow(int rank, std::mt19937 &random, bool padsBelowKernel = false) : pads(2 * rank) {
    auto draw = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
    for (int i = 0; i < rank; ++i) {
      kernel.push_back(draw(1, 4));
      strides.push_back(draw(1, 3));
      dilations.push_back(padsBelowKernel ? 1 : draw(1, 2));
      int extent = (kernel[i] - 1) * dilations[i] + 1;
      pads[i] = draw(0, padsBelowKernel ? kernel[i] - 1 : 2);
      pads[i + rank] = draw(0, padsBelowKernel ? kernel[i] - 1 : 2);
      in.push_back(extent + draw(0, 9));
      out.push_back((in[i] + pads[i] + pads[i + rank] - extent) / strides[i] + 1);
    }
  }

  std::string attributes() const {
    return "kernel_shape = " + list(kernel) + ", strides = " + list(strides) + ", dilations = " + list(dilations) +
           ", pads = " + list(pads);
  }
};

std::vector<int> join(std::vector<int> head, const std::vector<int> &tail) {
  head.insert(head.end(), tail.begin(), tail.end());
  return head;
}

/// Numbers that look random enough and that a module's text can hold.
std::string weights(const std::vector<int> &shape, std::mt19937 &random) {
  size_t count = 1;
  for (int size : shape)
    count *= size;
  std::string bytes;
  const char *digits = "0123456789ABCDEF";
  for (size_t i = 0; i < count; ++i) {
    float value = std::uniform_int_distribution<int>(-64, 64)(random) / 64.0f;
    unsigned char raw[4];
    std::memcpy(raw, &value, 4);
    for (unsigned char byte : raw) {
      bytes += digits[byte >> 4];
      bytes += digits[byte & 15];
    }
  }
  return "onnx.constant dense<\"0x" + bytes + "\"> : " + type(shape);
}

} // namespace

// Groups, strides, dilations, pads, bias, in one to three dimensions, weights known at compile time or not.
TEST(Conv, random) {
  for (int seed = 0; seed < 40; ++seed) {
    std::mt19937 random(seed);
    auto draw = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
    int rank = draw(1, 3), groups = draw(0, 2) ? 1 : draw(2, 20);
    int perIn = draw(0, 2) ? draw(1, 5) : draw(12, 20), perOut = draw(0, 2) ? draw(1, 5) : draw(12, 36);
    bool fitsBlock = draw(0, 3) == 0, isConstant = draw(0, 3) != 0, hasBias = draw(0, 1);
    if (fitsBlock) {
      groups = draw(2, 40);
      perIn = perOut = 1 << draw(0, 3);
    }
    RandomWindow window(rank, random);
    auto x = type(join({draw(1, 2), perIn * groups}, window.in));
    std::vector<int> filter = join({perOut * groups, perIn}, window.kernel), bias = {perOut * groups};
    auto y = type(join({std::stoi(x.substr(7)), perOut * groups}, window.out));
    std::string arguments = "%x: " + x, body;
    if (isConstant) {
      body = "  %w = " + weights(filter, random) + "\n" + (hasBias ? "  %b = " + weights(bias, random) + "\n" : "");
    } else {
      arguments += ", %w: " + type(filter) + (hasBias ? ", %b: " + type(bias) : "");
    }
    if (!hasBias)
      body += "  %b = onnx.absent\n";
    compareWithReference("func.func @main(" + arguments + ") -> " + y + " {\n" + body + "  %y = onnx.conv %x, %w, %b {" +
                             window.attributes() + ", group = " + std::to_string(groups) + " : i64, version = 11 : i64} : (" + x + ", " +
                             type(filter) + ", " + (hasBias ? type(bias) : "none") + ") -> " + y + "\n  return %y : " + y + "\n}\n",
                         {1e-4, 1e-5});
  }
}

// Computed in f32; rows of 9 are no vectors of a power of two, which is all that halves are converted in.
TEST(Conv, halves) {
  for (auto [element, tolerance] : {std::pair<std::string, double>("f16", 2e-3), {"bf16", 2e-2}}) {
    std::string text("func.func @main(%x: tensor<1x3x9x9x!>, %w: tensor<5x3x3x3x!>) -> tensor<1x5x9x9x!> {\n  %b = onnx.absent\n"
                         "  %y = onnx.conv %x, %w, %b {pads = array<i64: 1, 1, 1, 1>, version = 22 : i64} : (tensor<1x3x9x9x!>, "
                         "tensor<5x3x3x3x!>, none) -> tensor<1x5x9x9x!>\n  return %y : tensor<1x5x9x9x!>\n}\n");
    for (size_t at; (at = text.find('!')) != std::string::npos;)
      text.replace(at, 1, element);
    compareWithReference(text, {tolerance, tolerance});
  }
}

TEST(ConvTranspose, random) {
  for (int seed = 0; seed < 12; ++seed) {
    std::mt19937 random(seed);
    auto draw = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
    int rank = draw(1, 2), groups = draw(1, 2), perIn = draw(1, 5), perOut = draw(1, 5);
    RandomWindow window(rank, random);
    std::vector<int> out;
    for (int i = 0; i < rank; ++i) {
      int extent = (window.kernel[i] - 1) * window.dilations[i] + 1;
      window.pads[i] = std::min(window.pads[i], extent / 2);
      window.pads[i + rank] = std::min(window.pads[i + rank], extent / 2);
      out.push_back((window.in[i] - 1) * window.strides[i] + extent - window.pads[i] - window.pads[i + rank]);
      if (out.back() <= 0)
        out.clear();
    }
    if (static_cast<int>(out.size()) != rank)
      continue;
    auto x = type(join({2, perIn * groups}, window.in)), w = type(join({perIn * groups, perOut}, window.kernel));
    auto y = type(join({2, perOut * groups}, out)), b = type({perOut * groups});
    compareNode("\"ConvTranspose\"($) version 11 {" + window.attributes() + ", group = " + std::to_string(groups) + " : i64}",
                x + ";" + w + ";" + b, y, {1e-4, 1e-5});
  }
}

TEST(Pool, random) {
  for (int seed = 0; seed < 24; ++seed) {
    std::mt19937 random(seed);
    auto draw = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
    RandomWindow window(draw(1, 3), random, true);
    bool isMax = draw(0, 1);
    int channels = draw(1, 20);
    std::string attributes = window.attributes() + (isMax ? "" : ", count_include_pad = " + std::to_string(draw(0, 1)) + " : i64");
    compareNode(std::string(isMax ? "\"MaxPool\"" : "\"AveragePool\"") + "($) version " + (isMax ? "12" : "19") + " {" + attributes + "}",
                type(join({2, channels}, window.in)), type(join({2, channels}, window.out)));
  }
}

TEST(Pool, global) {
  compareNode("\"GlobalAveragePool\"($) version 1", "tensor<2x19x5x7xf32>", "tensor<2x19x1x1xf32>");
  compareNode("\"GlobalMaxPool\"($) version 1", "tensor<2x19x5x7xf32>", "tensor<2x19x1x1xf32>");
}

TEST(MatMul, ranks) {
  compareNode("\"MatMul\"($) version 13", "tensor<5x7xf32>; tensor<7x19xf32>", "tensor<5x19xf32>");
  compareNode("\"MatMul\"($) version 13", "tensor<2x3x5x7xf32>; tensor<2x3x7x19xf32>", "tensor<2x3x5x19xf32>");
  compareNode("\"MatMul\"($) version 13", "tensor<3x5x7xf32>; tensor<7x19xf32>", "tensor<3x5x19xf32>");
  compareNode("\"MatMul\"($) version 13", "tensor<1x5x7xf32>; tensor<3x7x19xf32>", "tensor<3x5x19xf32>");
  compareNode("\"MatMul\"($) version 13", "tensor<7xf32>; tensor<7x19xf32>", "tensor<19xf32>");
  compareNode("\"MatMul\"($) version 13", "tensor<3x5x7xf32>; tensor<7xf32>", "tensor<3x5xf32>");
  compareNode("\"MatMul\"($) version 13", "tensor<5x7xi32>; tensor<7x19xi32>", "tensor<5x19xi32>");
}

TEST(Gemm, transposed) {
  compareNode("\"Gemm\"($) version 13 {transA = 1 : i64, alpha = 0.5 : f32}", "tensor<7x5xf32>; tensor<7x19xf32>; tensor<19xf32>",
              "tensor<5x19xf32>");
  compareNode("\"Gemm\"($) version 13 {transB = 1 : i64, beta = 0.25 : f32}", "tensor<5x7xf32>; tensor<19x7xf32>; tensor<5x1xf32>",
              "tensor<5x19xf32>");
}

TEST(Gemm, constant_weights) {
  std::mt19937 random(1);
  compareWithReference("func.func @main(%x: tensor<5x7xf32>) -> tensor<5x19xf32> {\n  %w = " + weights({19, 7}, random) +
                       "\n  %b = " + weights({19}, random) +
                       "\n  %y = onnx.gemm %x, %w, %b {transB = 1 : i64, version = 13 : i64} : (tensor<5x7xf32>, tensor<19x7xf32>, "
                       "tensor<19xf32>) -> tensor<5x19xf32>\n  return %y : tensor<5x19xf32>\n}\n");
}

TEST(Reduce, axes) {
  for (const char *op : {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare",
                         "ReduceLogSumExp"})
    for (const char *axes : {"1", "2", "0", "1, 2"}) {
      std::string text = axes;
      std::string result = text == "1" ? "tensor<3x1x19xf32>" : text == "2" ? "tensor<3x5x1xf32>"
                           : text == "0" ? "tensor<1x5x19xf32>"
                                         : "tensor<3x1x1xf32>";
      compareNode("\"" + std::string(op) + "\"($) version 11 {axes = array<i64: " + text + ">}", "tensor<3x5x19xf32>", result,
                  {1e-4, 1e-4, 0.5, 1.25});
    }
}

TEST(Reduce, arguments) {
  compareNode("\"ArgMax\"($) version 13 {axis = 1 : i64}", "tensor<3x5x7xf32>", "tensor<3x1x7xi64>");
  compareNode("\"ArgMin\"($) version 13 {axis = -1 : i64, keepdims = 0 : i64, select_last_index = 1 : i64}", "tensor<3x5x7xi32>",
              "tensor<3x5xi64>");
}

TEST(Softmax, versions) {
  compareNode("\"Softmax\"($) version 13 {axis = 1 : i64}", "tensor<3x5x7xf32>", "tensor<3x5x7xf32>");
  compareNode("\"Softmax\"($) version 11", "tensor<3x5x7xf32>", "tensor<3x5x7xf32>");
  // Rows of whole and parts of vectors, short and long.
  compareNode("\"Softmax\"($) version 13", "tensor<3x5x37xf32>", "tensor<3x5x37xf32>");
  compareNode("\"Softmax\"($) version 11 {axis = 2 : i64}", "tensor<2x3x7x61xf32>", "tensor<2x3x7x61xf32>");
  compareNode("\"LogSoftmax\"($) version 13", "tensor<3x5x37xf32>", "tensor<3x5x37xf32>");
}
