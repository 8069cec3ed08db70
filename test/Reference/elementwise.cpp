// elementwise.cpp - what ONNX's own cases leave open: versions, exact integers, borders.
// SPDX-License-Identifier: Apache-2.0

#include "InterpreterTest.h"

#include <cmath>

using namespace mlir;
using namespace bn::reference;

namespace {

class ElementwiseTest : public InterpreterTest {
protected:
  Tensor typed(Type type, ArrayRef<int64_t> shape, std::vector<int64_t> values) { return {type, llvm::to_vector(shape), values}; }
  Type i8() { return IntegerType::get(&context, 8); }
  Type u64() { return IntegerType::get(&context, 64, IntegerType::Unsigned); }
};

TEST_F(ElementwiseTest, broadcastsLikeNumpy) {
  Tensor y = node("Add", 14, {real({2, 1, 3}, {0, 1, 2, 3, 4, 5}), real({2, 1}, {10, 20})});
  EXPECT_EQ(y.shape, ArrayRef<int64_t>({2, 2, 3}));
  expectReals(y, {10, 11, 12, 20, 21, 22, 13, 14, 15, 23, 24, 25});
}

// Before version 7 the second operand lies along `axis`.
TEST_F(ElementwiseTest, broadcastsAlongAxis) {
  Tensor y = node("Add", 6, {real({2, 3, 1}, {0, 0, 0, 0, 0, 0}), real({2}, {1, 2})}, "{axis = 0 : i64, broadcast = 1 : i64}");
  expectReals(y, {1, 1, 1, 2, 2, 2});
}

TEST_F(ElementwiseTest, no_broadcast) {
  node("Mul", 14, {real({2}, {1, 2}), real({3}, {1, 2, 3})});
  EXPECT_EQ(message, "node 'n' (Mul): expected shapes that broadcast, got 'tensor<2xf32>' and 'tensor<3xf32>'");
}

TEST_F(ElementwiseTest, integersWrap) {
  expectIntegers(node("Add", 14, {typed(i8(), {2}, {127, -128}), typed(i8(), {1}, {1})}), {-128, -127});
  expectIntegers(node("Div", 14, {typed(i8(), {2}, {-128, -7}), typed(i8(), {2}, {-1, 2})}), {-128, -3});
}

// uint64 lives in its bits: -1 is the largest number.
TEST_F(ElementwiseTest, unsignedIntegersCompareByBits) {
  Tensor large = typed(u64(), {1}, {-1}), one = typed(u64(), {1}, {1});
  expectIntegers(node("Greater", 13, {large, one}), {1});
  expectIntegers(node("Max", 13, {large, one}), {-1});
  expectIntegers(node("Div", 14, {large, typed(u64(), {1}, {2})}), {INT64_MAX});
}

TEST_F(ElementwiseTest, no_integer_division_by_zero) {
  node("Div", 14, {integer({2}, {1, 2}), integer({2}, {1, 0})});
  EXPECT_EQ(message, "node 'n' (Div): expected divisors other than zero, got one");
}

TEST_F(ElementwiseTest, modFollowsDivisorUnlessFmod) {
  expectIntegers(node("Mod", 13, {integer({2}, {-7, 7}), integer({2}, {3, -3})}), {2, -2});
  expectIntegers(node("Mod", 13, {integer({2}, {-7, 7}), integer({2}, {3, -3})}, "{fmod = 1 : i64}"), {-1, 1});
}

// What Clip and Relu do with NaN: a graph that is written with one of them means the same.
TEST_F(ElementwiseTest, hardActivationsKeepNan) {
  for (const char *op : {"HardSigmoid", "HardSwish", "Relu", "Clip"})
    EXPECT_TRUE(std::isnan(node(op, 14, {real({1}, {NAN})}).reals()[0])) << op;
}

TEST_F(ElementwiseTest, clipReadsAttributesAndInputs) {
  expectReals(node("Clip", 6, {real({3}, {-1, 3, 9})}, "{min = 0.0 : f32, max = 6.0 : f32}"), {0, 3, 6});
  expectReals(node("Clip", 13, {real({3}, {-1, 3, 9}), real({}, {0}), real({}, {6})}), {0, 3, 6});
}

TEST_F(ElementwiseTest, castRoundsAndTruncates) {
  expectReals(node("Cast", 13, {real({2}, {1 + 0x1p-12, 70000})}, "{to = 10 : i64}"), {1, INFINITY});
  expectIntegers(node("Cast", 13, {real({3}, {-2.9, 2.9, 300})}, "{to = 3 : i64}"), {-2, 2, 44});
  expectIntegers(node("Cast", 1, {real({2}, {0, -3})}, "{to = \"BOOL\"}"), {0, 1});
}

} // namespace
