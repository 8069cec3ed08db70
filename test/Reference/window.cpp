// window.cpp - convolution, pooling and resizing: geometry by hand.
// SPDX-License-Identifier: Apache-2.0

#include "InterpreterTest.h"

using namespace mlir;
using namespace bn::reference;

namespace {

class WindowTest : public InterpreterTest {
protected:
  Tensor row = real({1, 1, 5}, {1, 2, 3, 4, 5});
  Tensor image = real({1, 1, 2, 3}, {1, 2, 3, 4, 5, 6});
};

TEST_F(WindowTest, convPadsStridesDilates) {
  expectReals(node("Conv", 11, {row, real({1, 1, 2}, {1, 10}), real({1}, {100})},
                   "{pads = array<i64: 1, 2>, strides = array<i64: 2>, dilations = array<i64: 3>}"),
              {100 + 0 + 30, 100 + 2 + 50, 100 + 4 + 0});
}

TEST_F(WindowTest, convGroups) {
  Tensor y = node("Conv", 11, {real({1, 2, 2}, {1, 2, 3, 4}), real({4, 1, 1}, {1, 2, 3, 4})}, "{group = 2 : i64}");
  EXPECT_EQ(y.shape, ArrayRef<int64_t>({1, 4, 2}));
  expectReals(y, {1, 2, 2, 4, 9, 12, 12, 16});
}

// An odd pad goes to the end with SAME_UPPER, to the beginning with SAME_LOWER.
TEST_F(WindowTest, convAutoPad) {
  Tensor w = real({1, 1, 2}, {1, 10});
  expectReals(node("Conv", 11, {row, w}, "{auto_pad = \"SAME_UPPER\"}"), {21, 32, 43, 54, 5});
  expectReals(node("Conv", 11, {row, w}, "{auto_pad = \"SAME_LOWER\"}"), {10, 21, 32, 43, 54});
}

TEST_F(WindowTest, no_conv_with_wrong_channels) {
  node("Conv", 11, {row, real({1, 2, 1}, {1, 1})});
  EXPECT_EQ(message, "node 'n' (Conv): expected X to have 2 channels, got 1");
}

TEST_F(WindowTest, no_conv_larger_than_input) {
  node("Conv", 11, {row, real({1, 1, 6}, {1, 1, 1, 1, 1, 1})});
  EXPECT_EQ(message, "node 'n' (Conv): expected at least 6 elements along spatial dimension 0, got 5");
}

TEST_F(WindowTest, convTransposeIsTheTranspose) {
  expectReals(node("ConvTranspose", 11, {real({1, 1, 2}, {1, 2}), real({1, 1, 3}, {1, 10, 100})}, "{strides = array<i64: 2>}"),
              {1, 10, 102, 20, 200});
  expectReals(node("ConvTranspose", 11, {real({1, 1, 2}, {1, 2}), real({1, 1, 3}, {1, 10, 100})},
                   "{strides = array<i64: 2>, output_shape = array<i64: 4>, auto_pad = \"SAME_UPPER\"}"),
              {1, 10, 102, 20});
}

TEST_F(WindowTest, poolsRoundUp) {
  StringRef attributes = "{kernel_shape = array<i64: 2>, strides = array<i64: 2>, ceil_mode = 1 : i64}";
  expectReals(node("MaxPool", 12, {row}, attributes), {2, 4, 5});
  expectReals(node("AveragePool", 19, {row}, attributes), {1.5, 3.5, 5});
}

TEST_F(WindowTest, averagePoolCountsPads) {
  expectReals(node("AveragePool", 11, {row}, "{kernel_shape = array<i64: 3>, strides = array<i64: 2>, pads = array<i64: 1, 1>}"),
              {1.5, 3, 4.5});
  expectReals(node("AveragePool", 11, {row},
                   "{kernel_shape = array<i64: 3>, strides = array<i64: 2>, pads = array<i64: 1, 1>, count_include_pad = 1 : i64}"),
              {1, 3, 3});
}

TEST_F(WindowTest, globalPools) {
  expectReals(node("GlobalAveragePool", 1, {image}), {3.5});
  expectReals(node("GlobalMaxPool", 1, {image}), {6});
}

// x / scale rounded down before version 11, half-pixel centres by default from then on.
TEST_F(WindowTest, resizeByVersion) {
  Tensor scales = real({3}, {1, 1, 0.6});
  expectReals(node("Resize", 10, {row, scales}), {1, 2, 4});
  expectReals(node("Resize", 13, {row, real({0}, {}), scales}), {1, 3, 5});
  expectReals(node("Resize", 13, {row, real({0}, {}), real({0}, {}), integer({3}, {1, 1, 9})},
                   "{mode = \"linear\", coordinate_transformation_mode = \"align_corners\"}"),
              {1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5});
}

} // namespace
