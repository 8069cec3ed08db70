// recurrent.cpp - RNN, GRU and LSTM: directions, layouts, lengths, peepholes, activations.
// SPDX-License-Identifier: Apache-2.0

#include "Comparison.h"

#include <gtest/gtest.h>

using namespace bn::test;

namespace {

/// A node on a sequence of 4 steps, 3 samples, 2 features, with 5 hidden units and all operands up to the lengths; the lengths,
/// when asked for, are 1, 4 and 2.
void compare(const std::string &op, int gates, int directions, const std::string &attributes, bool hasLengths = false, bool batchFirst = false) {
  std::string d = std::to_string(directions), rows = std::to_string(5 * gates), x = batchFirst ? "tensor<3x4x2xf32>" : "tensor<4x3x2xf32>";
  std::string w = "tensor<" + d + "x" + rows + "x2xf32>", r = "tensor<" + d + "x" + rows + "x5xf32>";
  std::string b = "tensor<" + d + "x" + std::to_string(10 * gates) + "xf32>";
  std::string lengths = hasLengths ? "tensor<3xi32>" : "none", state = batchFirst ? "tensor<3x" + d + "x5xf32>" : "tensor<" + d + "x3x5xf32>";
  std::string y = batchFirst ? "tensor<3x4x" + d + "x5xf32>" : "tensor<4x" + d + "x3x5xf32>";
  std::string constant = hasLengths ? "onnx.constant dense<[1, 4, 2]> : tensor<3xi32>" : "onnx.absent";
  bool hasCell = gates == 4;
  std::string results = y + ", " + state + (hasCell ? ", " + state : ""), names = hasCell ? "%r#0, %r#1, %r#2" : "%r#0, %r#1";
  compareWithReference("func.func @main(%x: " + x + ", %w: " + w + ", %r0: " + r + ", %b: " + b + ", %h: " + state + ", %c: " + state + ") -> (" +
                           results + ") {\n  %l = " + constant + "\n  %r:" + (hasCell ? "3" : "2") + " = onnx.node \"" + op +
                           "\"(%x, %w, %r0, %b, %l, %h" + (hasCell ? ", %c" : "") + ") version 14 {" + attributes + "hidden_size = 5 : i64} : (" + x +
                           ", " + w + ", " + r + ", " + b + ", " + lengths + ", " + state + (hasCell ? ", " + state : "") + ") -> (" + results +
                           ")\n  return " + names + " : " + results + "\n}\n",
                       {2e-4, 2e-4, -1, 1});
}

} // namespace

TEST(Recurrent, directions) {
  for (auto [op, gates] : {std::pair("RNN", 1), std::pair("GRU", 3), std::pair("LSTM", 4)}) {
    compare(op, gates, 1, "");
    compare(op, gates, 1, "direction = \"reverse\", ");
    compare(op, gates, 2, "direction = \"bidirectional\", ");
  }
}

TEST(Recurrent, lengths) {
  for (auto [op, gates] : {std::pair("RNN", 1), std::pair("GRU", 3), std::pair("LSTM", 4)})
    compare(op, gates, 2, "direction = \"bidirectional\", ", true);
}

TEST(Recurrent, batch_first) {
  compare("LSTM", 4, 1, "layout = 1 : i64, ", false, true);
  compare("GRU", 3, 2, "layout = 1 : i64, direction = \"bidirectional\", ", true, true);
}

TEST(Recurrent, gates) {
  compare("GRU", 3, 1, "linear_before_reset = 1 : i64, ");
  compare("LSTM", 4, 1, "input_forget = 1 : i64, clip = 0.5 : f32, ");
  compare("LSTM", 4, 1, "activations = [\"HardSigmoid\", \"Softsign\", \"Relu\"], ");
}

// As long as a second of sound: no step may leave anything on the stack.
TEST(Recurrent, many_steps) {
  compareNode("\"LSTM\"($) version 14 {direction = \"bidirectional\", hidden_size = 3 : i64}",
              "tensor<20000x1x2xf32>;tensor<2x12x2xf32>;tensor<2x12x3xf32>", "tensor<20000x2x1x3xf32>", {2e-4, 2e-4, -1, 1});
}

// Known weights are packed; a state that is the product's own operand is kept until the product has read it.
TEST(Recurrent, known_weights) {
  for (auto [op, gates] : {std::pair("RNN", 1), std::pair("GRU", 3), std::pair("LSTM", 4)}) {
    std::string w = "tensor<1x" + std::to_string(7 * gates) + "x2xf32>", r = "tensor<1x" + std::to_string(7 * gates) + "x7xf32>";
    compareWithReference("func.func @main(%x: tensor<9x3x2xf32>) -> (tensor<9x1x3x7xf32>, tensor<1x3x7xf32>) {\n  %w = onnx.constant dense<0.3> : " +
                         w + "\n  %r = onnx.constant dense<-0.2> : " + r + "\n  %y, %h = onnx.node \"" + op +
                         "\"(%x, %w, %r) version 14 {hidden_size = 7 : i64} : (tensor<9x3x2xf32>, " + w + ", " + r +
                         ") -> (tensor<9x1x3x7xf32>, tensor<1x3x7xf32>)\n  return %y, %h : tensor<9x1x3x7xf32>, tensor<1x3x7xf32>\n}\n");
  }
}

/// An LSTM of ONNX Runtime's with weights of 8 bits, of a `type` and zero point, one scale to each row of the input's and one for the state's.
/// No number is half-way between two of the 255, as eighths may be.
static std::string makeStored(const std::string &type, int least, const std::string &zero) {
  auto listOf = [](int count, auto number) {
    std::string list;
    for (int i = 0; i < count; ++i)
      list += (i ? ", " : "") + number(i);
    return "[" + list + "]";
  };
  auto matrix = [&](int depth, int step) {
    auto row = [&](int k) { return listOf(12, [&](int i) { return std::to_string(least + (k * 12 + i) * step % 256); }); };
    return "onnx.constant dense<[" + listOf(depth, row) + "]> : tensor<1x" + std::to_string(depth) + "x12x" + type + ">\n";
  };
  std::string scales = listOf(12, [](int i) { return "0.00" + std::to_string(i + 1); }), x = "tensor<1x2x2xf32>", h = "tensor<1x2x3xf32>", y = "tensor<1x1x2x3xf32>";
  std::string rows = "tensor<1x12x" + type + ">", one = "tensor<1x" + type + ">";
  std::string zeros = listOf(12, [&](int) { return zero; }), text = "func.func @main(%a: " + x + ", %b: " + h + ") -> " + y;
  text += " {\n%x = onnx.node \"Sin\"(%a) version 7 : (" + x + ") -> " + x + "\n%h = onnx.node \"Sin\"(%b) version 7 : (" + h + ") -> " + h;
  text += "\n%w = " + matrix(2, 83) + "%r = " + matrix(3, 101) + "%none = onnx.absent\n%s = onnx.constant dense<[" + scales;
  text += "]> : tensor<1x12xf32>\n%z = onnx.constant dense<[" + zeros + "]> : " + rows + "\n%t = onnx.constant dense<0.004> : tensor<1xf32>\n";
  text += "%u = onnx.constant dense<" + zero + "> : " + one + "\n%y = onnx.node \"DynamicQuantizeLSTM\"(%x, %w, %r, %none, %none, %h, ";
  text += "%h, %none, %s, %z, %t, %u) domain \"com.microsoft\" version 1 {hidden_size = 3 : i64} : (" + x + ", tensor<1x2x12x" + type;
  text += ">, tensor<1x3x12x" + type + ">, none, none, " + h + ", " + h + ", none, tensor<1x12xf32>, " + rows + ", tensor<1xf32>, " + one + ") -> " + y;
  return text + "\nreturn %y : " + y + "\n}\n";
}

// Signed weights are bytes, unsigned ones with a zero point in between words.
TEST(Recurrent, stored_weights) {
  compareWithReference(makeStored("i8", -128, "0"));
  compareWithReference(makeStored("ui8", 0, "119"));
}

// Peepholes stand behind the initial states.
TEST(Recurrent, peepholes) {
  compareNode("\"LSTM\"($) version 14 {hidden_size = 5 : i64}",
              "tensor<4x3x2xf32>;tensor<1x20x2xf32>;tensor<1x20x5xf32>;tensor<1x40xf32>;tensor<3xi32>;tensor<1x3x5xf32>;tensor<1x3x5xf32>;"
              "tensor<1x15xf32>",
              "tensor<4x1x3x5xf32>", {2e-4, 2e-4, 0, 1});
}
