// einsum.cpp - Einsum by its equations, and MaxRoiPool by its bins.
// SPDX-License-Identifier: Apache-2.0

#include "InterpreterTest.h"

using namespace mlir;
using namespace bn::reference;

namespace {

class EinsumTest : public InterpreterTest {
protected:
  Tensor einsum(StringRef equation, ArrayRef<Tensor> inputs) {
    return node("Einsum", 12, inputs, ("{equation = \"" + equation + "\"}").str());
  }
  Tensor x = real({2, 3}, {1, 2, 3, 4, 5, 6});
  Tensor y = real({3, 2}, {1, 0, 0, 1, 10, 100});
};

TEST_F(EinsumTest, productOfMatrices) {
  expectReals(einsum("ij,jk->ik", {x, y}), {31, 302, 64, 605});
  expectReals(einsum("ij, jk", {x, y}), {31, 302, 64, 605}); // spaces, and the output left out
}

TEST_F(EinsumTest, transposesAndSums) {
  expectReals(einsum("ij->ji", {x}), {1, 4, 2, 5, 3, 6});
  expectReals(einsum("ij->j", {x}), {5, 7, 9});
  expectReals(einsum("ij->", {x}), {21});
}

// Without an output its labels are in alphabetical order.
TEST_F(EinsumTest, implicitOutputIsSorted) { expectReals(einsum("ba", {x}), {1, 4, 2, 5, 3, 6}); }

TEST_F(EinsumTest, repeatedLabelIsTheDiagonal) {
  Tensor square = real({2, 2}, {1, 2, 3, 4});
  expectReals(einsum("ii->i", {square}), {1, 4});
  expectReals(einsum("ii", {square}), {5});
}

// The dimensions of the ellipsis broadcast, and come first where nobody says where.
TEST_F(EinsumTest, ellipsis) {
  Tensor rows = real({2, 1, 2}, {1, 2, 3, 4}), columns = real({2, 3}, {1, 10, 100, 2, 20, 200});
  Tensor product = einsum("...ij,jk", {rows, columns});
  EXPECT_EQ(product.shape, ArrayRef<int64_t>({2, 1, 3}));
  expectReals(product, {5, 50, 500, 11, 110, 1100});
  expectReals(einsum("...j->j...", {x}), {1, 4, 2, 5, 3, 6});
}

TEST_F(EinsumTest, integersWrap) {
  IntegerType byte = IntegerType::get(&context, 8);
  Tensor a{byte, {2}, std::vector<int64_t>{100, 2}}, b{byte, {2}, std::vector<int64_t>{2, 3}};
  expectIntegers(einsum("i,i->i", {a, b}), {-56, 6});
  expectIntegers(einsum("i,i->", {a, b}), {-50});
}

TEST_F(EinsumTest, no_term_without_an_input) {
  einsum("ij,jk->ik", {x});
  EXPECT_EQ(message, "node 'n' (Einsum): expected an input for each of 2 terms, got 1");
}

TEST_F(EinsumTest, no_label_out_of_nowhere) {
  einsum("ij->ik", {x});
  EXPECT_EQ(message, "node 'n' (Einsum): expected labels of the output among those of the inputs in 'ij->ik'");
}

// Rows 0 to 2 and columns 1 to 2 in four bins that overlap in the middle row.
TEST_F(EinsumTest, maxRoiPoolTakesWholeElements) {
  Tensor image = real({1, 1, 4, 4}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
  Tensor pooled = node("MaxRoiPool", 1, {image, real({1, 5}, {0, 0.6, 0.4, 2.4, 1.6})}, "{pooled_shape = array<i64: 2, 2>}");
  EXPECT_EQ(pooled.shape, ArrayRef<int64_t>({1, 1, 2, 2}));
  expectReals(pooled, {5, 6, 9, 10});
}

TEST_F(EinsumTest, maxRoiPoolOutsideTheImageIsZero) {
  expectReals(node("MaxRoiPool", 1, {real({1, 1, 2, 2}, {-1, -2, -3, -4}), real({1, 5}, {0, 5, 5, 6, 6})}, "{pooled_shape = array<i64: 1, 1>}"), {0});
}

TEST_F(EinsumTest, no_maxRoiPool_of_another_image) {
  node("MaxRoiPool", 1, {real({1, 1, 2, 2}, {1, 2, 3, 4}), real({1, 5}, {1, 0, 0, 1, 1})}, "{pooled_shape = array<i64: 1, 1>}");
  EXPECT_EQ(message, "node 'n' (MaxRoiPool): expected image indices below 1, got 1.000000e+00");
}

} // namespace
