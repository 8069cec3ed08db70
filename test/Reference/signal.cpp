// signal.cpp - transforms between time and frequency, patches of images, and updates of weights.
// SPDX-License-Identifier: Apache-2.0

#include "InterpreterTest.h"

using namespace mlir;
using namespace bn::reference;

namespace {

class SignalTest : public InterpreterTest {};

TEST_F(SignalTest, dft) {
  Tensor x = real({1, 4, 1}, {1, 2, 3, 4});
  expectReals(node("DFT", 17, {x}), {10, 0, -2, 2, -2, 0, -2, -2});
  expectReals(node("DFT", 17, {x}, "{onesided = 1 : i64}"), {10, 0, -2, 2, -2, 0});
  expectReals(node("DFT", 17, {x, integer({}, {2})}), {3, 0, -1, 0}); // the first two numbers alone
}

// Along another axis than the last, and back.
TEST_F(SignalTest, inverseDft) {
  Tensor x = real({2, 3, 2}, {1, 5, 2, 0, -3, 1, 4, 0, 7, 2, 0, -6});
  Tensor spectrum = node("DFT", 17, {x}, "{axis = 0 : i64}");
  expectReals(spectrum, {5, 5, 9, 2, -3, -5, -3, 5, -5, -2, -3, 7});
  expectReals(node("DFT", 17, {spectrum}, "{axis = 0 : i64, inverse = 1 : i64}"), x.reals());
}

// Half a spectrum becomes the real signal that it is of.
TEST_F(SignalTest, oneSidedInverse) {
  Tensor half = real({1, 3, 2}, {10, 0, -2, 2, -2, 0});
  expectReals(node("DFT", 20, {half}, "{inverse = 1 : i64, onesided = 1 : i64}"), {1, 2, 3, 4});
}

TEST_F(SignalTest, no_dft_along_parts) {
  node("DFT", 17, {real({1, 4, 1}, {1, 2, 3, 4})}, "{axis = 2 : i64}");
  EXPECT_EQ(message, "node 'n' (DFT): expected an axis before the last, got 2");
}

TEST_F(SignalTest, stft) {
  Tensor signal = real({1, 5, 1}, {1, 2, 3, 4, 5});
  // windows of two, one step of three between them: sums and differences
  expectReals(node("STFT", 17, {signal, integer({}, {3}), real({2}, {1, 10})}), {21, 0, -19, 0, 54, 0, -46, 0});
  EXPECT_TRUE(node("STFT", 17, {signal, integer({}, {0}), real({2}, {1, 1})}).shape.empty());
  EXPECT_EQ(message, "node 'n' (STFT): expected a signal N×L×1 or ×2, a positive step and windows of at most L");
}

// Each band is a triangle over the bins; the last bin belongs to none.
TEST_F(SignalTest, melWeights) {
  Tensor y = node("MelWeightMatrix", 17, {integer({}, {2}), integer({}, {16}), integer({}, {8000}), real({}, {0}), real({}, {4000})});
  ASSERT_EQ(y.shape, ArrayRef<int64_t>({9, 2}));
  double sums[2] = {0, 0}, largest[2] = {0, 0};
  for (int i = 0; i < 18; ++i) {
    sums[i % 2] += y.reals()[i];
    largest[i % 2] = std::max(largest[i % 2], y.reals()[i]);
  }
  EXPECT_EQ(largest[0], 1);
  EXPECT_EQ(largest[1], 1);
  EXPECT_LT(sums[0], sums[1]); // bands widen with the frequency
  EXPECT_EQ(y.reals()[16], 0);
  EXPECT_EQ(y.reals()[17], 0);
}

// Patches of 2×2 one apart meet in the middle column.
TEST_F(SignalTest, overlappingPatches) {
  Tensor columns = real({1, 4, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  expectReals(node("Col2Im", 18, {columns, integer({2}, {2, 3}), integer({2}, {2, 2})}), {1, 5, 4, 5, 13, 8});
  expectReals(node("Col2Im", 18, {columns, integer({2}, {2, 4}), integer({2}, {2, 2})}, "{strides = array<i64: 1, 2>}"),
              {1, 3, 2, 4, 5, 7, 6, 8});
}

TEST_F(SignalTest, no_patches_of_another_count) {
  node("Col2Im", 18, {real({1, 4, 3}, std::vector<double>(12)), integer({2}, {2, 3}), integer({2}, {2, 2})});
  EXPECT_EQ(message, "node 'n' (Col2Im): expected columns N×C·4×2, got 'tensor<1x4x3xf32>'");
}

// A tap that moves by half an element reads the mean of two.
TEST_F(SignalTest, deformConv) {
  Tensor x = real({1, 1, 2, 3}, {1, 2, 3, 4, 5, 6}), weights = real({1, 1, 1, 1}, {10});
  Tensor still = real({1, 2, 2, 3}, std::vector<double>(12)), moved = still;
  expectReals(node("DeformConv", 19, {x, weights, still}), {10, 20, 30, 40, 50, 60});
  moved.mutableReals()[6] = 0.5;  // along the row, at the first place
  moved.mutableReals()[5] = -5;   // up, off the image, at the last
  expectReals(node("DeformConv", 19, {x, weights, moved}), {15, 20, 30, 40, 50, 0});
}

TEST_F(SignalTest, tensorScatter) {
  Tensor cache = integer({2, 3, 1}, {1, 2, 3, 4, 5, 6}), update = integer({2, 2, 1}, {10, 20, 30, 40});
  expectIntegers(node("TensorScatter", 24, {cache, update, integer({2}, {1, 0})}), {1, 10, 20, 30, 40, 6});
  expectIntegers(node("TensorScatter", 24, {cache, update, integer({2}, {2, 0})}, "{mode = \"circular\"}"), {20, 2, 10, 30, 40, 6});
  node("TensorScatter", 24, {cache, update, integer({2}, {2, 0})});
  EXPECT_EQ(message, "node 'n' (TensorScatter): expected places from 0 to 1, got 2");
}

} // namespace
