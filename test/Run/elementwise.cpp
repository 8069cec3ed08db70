// elementwise.cpp - every elementwise operator, in the types that it takes.
// SPDX-License-Identifier: Apache-2.0

#include "Comparison.h"

#include <gtest/gtest.h>

using namespace bn::test;

namespace {

std::string tensor(const std::string &element) { return "tensor<3x5x7x" + element + ">"; }

struct UnaryCase {
  const char *node;
  double low = -2, high = 2;
};

class Unary : public testing::TestWithParam<UnaryCase> {};

} // namespace

TEST_P(Unary, f32) {
  compareNode(GetParam().node, tensor("f32"), tensor("f32"), {2e-5, 2e-5, GetParam().low, GetParam().high});
}

TEST_P(Unary, f16) {
  compareNode(GetParam().node, tensor("f16"), tensor("f16"), {1e-3, 1e-3, GetParam().low, GetParam().high});
}

INSTANTIATE_TEST_SUITE_P(
    Operators, Unary,
    testing::Values(UnaryCase{R"("Abs"($) version 13)"}, UnaryCase{R"("Neg"($) version 13)"}, UnaryCase{R"("Sign"($) version 13)"},
                    UnaryCase{R"("Reciprocal"($) version 13)", 0.5, 3}, UnaryCase{R"("Sqrt"($) version 13)", 0, 9},
                    UnaryCase{R"("Exp"($) version 13)"}, UnaryCase{R"("Log"($) version 13)", 0.25, 9},
                    UnaryCase{R"("Ceil"($) version 13)"}, UnaryCase{R"("Floor"($) version 13)"}, UnaryCase{R"("Round"($) version 11)"},
                    UnaryCase{R"("Erf"($) version 13)"}, UnaryCase{R"("Tanh"($) version 13)"}, UnaryCase{R"("Sin"($) version 7)"},
                    UnaryCase{R"("Cos"($) version 7)"}, UnaryCase{R"("Atan"($) version 7)"}, UnaryCase{R"("Relu"($) version 14)"},
                    UnaryCase{R"("LeakyRelu"($) version 16 {alpha = 0.25 : f32})"}, UnaryCase{R"("Sigmoid"($) version 13)", -20, 20},
                    UnaryCase{R"("HardSigmoid"($) version 6 {alpha = 0.25 : f32, beta = 0.375 : f32})", -4, 4},
                    UnaryCase{R"("HardSwish"($) version 14)", -4, 4}, UnaryCase{R"("Elu"($) version 6)"},
                    UnaryCase{R"("Selu"($) version 6)"}, UnaryCase{R"("Softplus"($) version 1)", -30, 30},
                    UnaryCase{R"("Softsign"($) version 1)"}, UnaryCase{R"("Clip"($) version 6 {min = -0.5 : f32, max = 1.25 : f32})"}));

TEST(Binary, broadcast_f32) {
  for (const char *op : {"Add", "Sub", "Mul"})
    compareNode("\"" + std::string(op) + "\"($) version 14", "tensor<3x1x7xf32>; tensor<5x1xf32>", "tensor<3x5x7xf32>");
  compareNode("\"Div\"($) version 14", "tensor<3x1x7xf32>; tensor<5x1xf32>", "tensor<3x5x7xf32>", {1e-5, 1e-5, 0.5, 2});
  compareNode("\"Pow\"($) version 15", "tensor<3x5xf32>; tensor<5xf32>", "tensor<3x5xf32>", {1e-4, 1e-4, 0.5, 3});
}

TEST(Binary, integers) {
  for (const char *type : {"i8", "i32", "i64", "ui8"}) {
    std::string t = type, wide = "tensor<3x5x" + t + ">";
    for (const char *op : {"Add", "Mul", "Max", "Min"})
      compareNode("\"" + std::string(op) + "\"($) version 14", wide + "; tensor<5x" + t + ">", wide, {0, 0, -90, 90});
    for (const char *op : {"Less", "Equal", "GreaterOrEqual"})
      compareNode("\"" + std::string(op) + "\"($) version 16", wide + "; tensor<5x" + t + ">", "tensor<3x5xi1>", {0, 0, -9, 9});
    compareNode("\"Mod\"($) version 13", wide + "; tensor<5x" + t + ">", wide, {0, 0, 1, 9});
  }
}

TEST(Binary, logical) {
  for (const char *op : {"And", "Or", "Xor"})
    compareNode("\"" + std::string(op) + "\"($) version 7", "tensor<3x5xi1>; tensor<5xi1>", "tensor<3x5xi1>");
  compareNode("\"Not\"($) version 1", "tensor<3x5xi1>", "tensor<3x5xi1>");
}

TEST(Ternary, where) { compareNode("\"Where\"($) version 16", "tensor<3x1xi1>; tensor<5xf32>; tensor<3x5xf32>", "tensor<3x5xf32>"); }

TEST(Cast, all_pairs) {
  const std::pair<const char *, int> types[] = {{"f32", 1}, {"f64", 11}, {"f16", 10}, {"bf16", 16}, {"i8", 3},
                                                {"ui8", 2}, {"i32", 6},  {"i64", 7},  {"i1", 9}};
  for (auto [from, fromCode] : types)
    for (auto [to, toCode] : types)
      compareNode("\"Cast\"($) version 13 {to = " + std::to_string(toCode) + " : i64}", std::string("tensor<37x") + from + ">",
                  std::string("tensor<37x") + to + ">", {1e-2, 1e-2, 0, 9});
}

// Integers are moved as real numbers.
TEST(Elementwise, shrink_of_integers) {
  compareNode("\"Shrink\"($) version 9 {lambd = 0.5 : f32, bias = 0.0625 : f32}", "tensor<3x7xi64>", "tensor<3x7xi64>", {0, 0, -9, 9});
  compareNode("\"Shrink\"($) version 9 {lambd = 1.5 : f32, bias = -1.75 : f32}", "tensor<3x7xui8>", "tensor<3x7xui8>", {0, 0, 0, 9});
}
