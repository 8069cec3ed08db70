// lanes.cpp - reductions, softmax, normalizations, matrix products and gathers: what versions change, and refusals.
// SPDX-License-Identifier: Apache-2.0

#include "InterpreterTest.h"

#include <cmath>

using namespace mlir;
using namespace bn::reference;

namespace {

class LanesTest : public InterpreterTest {
protected:
  Tensor x = real({2, 3}, {1, 2, 3, 4, 5, 6});
};

TEST_F(LanesTest, reduceMeanByAttributeAndInput) {
  expectReals(node("ReduceMean", 13, {x}, "{axes = array<i64: -1>, keepdims = 0 : i64}"), {2, 5});
  expectReals(node("ReduceMean", 18, {x, integer({1}, {0})}), {2.5, 3.5, 4.5});
  expectReals(node("ReduceMean", 18, {x, integer({0}, {})}), {3.5});
  expectReals(node("ReduceMean", 18, {x, integer({0}, {})}, "{noop_with_empty_axes = 1 : i64}"), {1, 2, 3, 4, 5, 6});
}

TEST_F(LanesTest, no_duplicate_axes) {
  node("ReduceSum", 13, {x, integer({2}, {1, -1})});
  EXPECT_EQ(message, "node 'n' (ReduceSum): expected axes without duplicates");
}

// Before version 13 everything from the axis on is one lane.
TEST_F(LanesTest, softmaxByVersion) {
  Tensor zeros = real({1, 2, 2}, {0, 0, 0, 0});
  expectReals(node("Softmax", 11, {zeros}), {0.25, 0.25, 0.25, 0.25});
  expectReals(node("Softmax", 13, {zeros}), {0.5, 0.5, 0.5, 0.5});
}

TEST_F(LanesTest, softmaxDoesNotOverflow) { expectReals(node("Softmax", 13, {real({2}, {1e6, 1e6})}), {0.5, 0.5}); }

TEST_F(LanesTest, matMulBroadcastsAndTakesVectors) {
  Tensor y = node("MatMul", 13, {real({2, 1, 2}, {1, 2, 3, 4}), real({2, 1}, {1, 10})});
  EXPECT_EQ(y.shape, ArrayRef<int64_t>({2, 1, 1}));
  expectReals(y, {21, 43});
  expectReals(node("MatMul", 13, {x, real({3}, {1, 10, 100})}), {321, 654});
}

TEST_F(LanesTest, no_matMul_of_other_depth) {
  node("MatMul", 13, {x, x});
  EXPECT_EQ(message, "node 'n' (MatMul): expected matrices that multiply, got 'tensor<2x3xf32>' and 'tensor<2x3xf32>'");
}

TEST_F(LanesTest, gemmTransposesAndScales) {
  expectReals(node("Gemm", 13, {x, x, real({2}, {1, 2})}, "{transB = 1 : i64, alpha = 2.0 : f32, beta = 10.0 : f32}"),
              {28 + 10, 64 + 20, 64 + 10, 154 + 20});
}

TEST_F(LanesTest, gatherTakesNegativeIndices) {
  expectReals(node("Gather", 13, {x, integer({2, 1}, {-1, 0})}, "{axis = 1 : i64}"), {3, 1, 6, 4});
}

TEST_F(LanesTest, topKCountsNanAsLargest) {
  expectReals(node("TopK", 11, {real({4}, {1, NAN, 3, 2}), integer({1}, {2})}, "{largest = 0 : i64}"), {1, 2});
}

// 0.5 and 1.5 go to the even number.
TEST_F(LanesTest, quantizeRoundsAndSaturates) {
  Tensor zero{IntegerType::get(&context, 8), {}, std::vector<int64_t>{1}};
  expectIntegers(node("QuantizeLinear", 13, {real({3}, {0.125, 0.375, 100}), real({}, {0.25}), zero}), {1, 3, 127});
}

// Hidden size 1, gates i, o, f, c all of weight 1, as by hand: c = σ(1)·tanh(1), h = σ(1)·tanh(c).
TEST_F(LanesTest, lstmStep) {
  Tensor y = node("LSTM", 14, {real({1, 1, 1}, {1}), real({1, 4, 1}, {1, 1, 1, 1}), real({1, 4, 1}, {0, 0, 0, 0})});
  double gate = 1 / (1 + std::exp(-1.0));
  expectReals(y, {gate * std::tanh(gate * std::tanh(1.0))});
}

TEST_F(LanesTest, no_gather_out_of_range) {
  node("Gather", 13, {x, integer({1}, {2})});
  EXPECT_EQ(message, "node 'n' (Gather): expected indices between -2 and 1, got 2");
}

TEST_F(LanesTest, padReflectsAndCuts) {
  expectReals(node("Pad", 13, {real({4}, {1, 2, 3, 4}), integer({2}, {2, -1})}, "{mode = \"reflect\"}"), {3, 2, 1, 2, 3});
}

} // namespace
