// sequence.cpp - sequences, optionals and operators that draw their results.
// SPDX-License-Identifier: Apache-2.0

#include "InterpreterTest.h"

#include <cmath>

using namespace mlir;
using namespace bn::reference;

namespace {

class SequenceTest : public InterpreterTest {
protected:
  Tensor makeSequence(std::vector<Tensor> elements) {
    auto type = bn::onnx::SequenceType::get(&context, UnrankedTensorType::get(Float32Type::get(&context)));
    return makeHolder(type, std::move(elements));
  }
  Tensor makeOptional(std::vector<Tensor> elements) {
    auto type = bn::onnx::OptionalType::get(&context, UnrankedTensorType::get(Float32Type::get(&context)));
    return makeHolder(type, std::move(elements));
  }
  Tensor x = real({2, 3}, {1, 2, 3, 4, 5, 6});
  Tensor three = makeSequence({real({1}, {7}), real({2}, {8, 9}), real({0}, {})});
};

TEST_F(SequenceTest, at_counts_from_both_ends) {
  expectReals(node("SequenceAt", 11, {three, integer({}, {1})}), {8, 9});
  expectReals(node("SequenceAt", 11, {three, integer({}, {-3})}), {7});
}

TEST_F(SequenceTest, no_at_behind_the_end) {
  node("SequenceAt", 11, {three, integer({}, {3})});
  EXPECT_EQ(message, "node 'n' (SequenceAt): expected a position between -3 and 2, got 3");
}

TEST_F(SequenceTest, insert_and_erase) {
  Tensor longer = node("SequenceInsert", 11, {three, x, integer({}, {-1})});
  ASSERT_EQ(longer.elements.size(), 4u);
  expectReals(longer.elements[2], x.reals());
  EXPECT_EQ(node("SequenceInsert", 11, {three, x}).elements.back().shape, x.shape);
  Tensor shorter = node("SequenceErase", 11, {three, integer({}, {0})});
  ASSERT_EQ(shorter.elements.size(), 2u);
  expectReals(shorter.elements[0], {8, 9});
  expectIntegers(node("SequenceLength", 11, {three}), {3});
  EXPECT_TRUE(node("SequenceEmpty", 11, {}).elements.empty());
}

TEST_F(SequenceTest, no_erase_from_an_empty_sequence) {
  node("SequenceErase", 11, {makeSequence({})});
  EXPECT_EQ(message, "node 'n' (SequenceErase): expected a sequence with elements");
}

TEST_F(SequenceTest, concatenate_along_an_axis_or_a_new_one) {
  Tensor pair = node("SequenceConstruct", 11, {x, x});
  EXPECT_EQ(node("ConcatFromSequence", 11, {pair}, "{axis = 1 : i64}").shape, ArrayRef<int64_t>({2, 6}));
  Tensor stacked = node("ConcatFromSequence", 11, {pair}, "{axis = -1 : i64, new_axis = 1 : i64}");
  EXPECT_EQ(stacked.shape, ArrayRef<int64_t>({2, 3, 2}));
  expectReals(stacked, {1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6});
}

TEST_F(SequenceTest, no_concatenation_of_nothing) {
  node("ConcatFromSequence", 11, {makeSequence({})}, "{axis = 0 : i64}");
  EXPECT_EQ(message, "node 'n' (ConcatFromSequence): expected a sequence with elements");
}

TEST_F(SequenceTest, split) {
  Tensor columns = node("SplitToSequence", 11, {x}, "{axis = 1 : i64, keepdims = 0 : i64}");
  ASSERT_EQ(columns.elements.size(), 3u);
  EXPECT_EQ(columns.elements[2].shape, ArrayRef<int64_t>({2}));
  expectReals(columns.elements[2], {3, 6});
  Tensor pieces = node("SplitToSequence", 11, {x, integer({}, {2})}, "{axis = -1 : i64}");
  ASSERT_EQ(pieces.elements.size(), 2u);
  expectReals(pieces.elements[1], {3, 6});
  expectReals(node("SplitToSequence", 11, {x, integer({2}, {1, 2})}, "{axis = 1 : i64}").elements[1], {2, 3, 5, 6});
}

TEST_F(SequenceTest, no_split_into_pieces_of_nothing) {
  node("SplitToSequence", 11, {x, integer({}, {0})});
  EXPECT_EQ(message, "node 'n' (SplitToSequence): expected pieces of at least one element, got 0");
}

TEST_F(SequenceTest, no_sequence_of_two_types) {
  node("SequenceConstruct", 11, {x, integer({}, {0})});
  EXPECT_EQ(message, "node 'n' (SequenceConstruct): expected inputs of one element type");
}

TEST_F(SequenceTest, no_tensor_where_a_sequence_belongs) {
  node("SequenceLength", 11, {x});
  EXPECT_EQ(message, "node 'n' (SequenceLength): expected input 0 to be sequence, got 'f32'");
}

// The second operand is a tensor, the same for every element.
TEST_F(SequenceTest, map) {
  auto results = run(R"(func.func @f(%s: !onnx.seq<tensor<*xf32>>, %x: tensor<f32>) -> !onnx.seq<tensor<*xf32>> {
    %y = onnx.node "SequenceMap"(%s, %x) version 17 graphs [{attribute = "body", inputs = ["a", "b"], proto = ""}] {
    ^bb0(%a: tensor<*xf32>, %b: tensor<f32>):
      %t = onnx.add %a, %b {version = 14 : i64} : (tensor<*xf32>, tensor<f32>) -> tensor<*xf32>
      onnx.yield %t : tensor<*xf32>
    } : (!onnx.seq<tensor<*xf32>>, tensor<f32>) -> !onnx.seq<tensor<*xf32>>
    return %y : !onnx.seq<tensor<*xf32>>
  })",
                     {three, real({}, {10})});
  ASSERT_EQ(results.size(), 1u) << message;
  ASSERT_EQ(results[0].elements.size(), 3u);
  expectReals(results[0].elements[1], {18, 19});
}

TEST_F(SequenceTest, optionals) {
  Tensor full = node("Optional", 15, {x});
  EXPECT_TRUE(isa<bn::onnx::OptionalType>(full.elementType));
  expectReals(node("OptionalGetElement", 15, {full}), x.reals());
  expectReals(node("OptionalGetElement", 18, {x}), x.reals());
  expectIntegers(node("OptionalHasElement", 15, {full}), {1});
  expectIntegers(node("OptionalHasElement", 18, {x}), {1});
  expectIntegers(node("OptionalHasElement", 15, {makeOptional({})}), {0});
  expectIntegers(node("OptionalHasElement", 18, {}), {0});
  EXPECT_TRUE(node("Optional", 15, {}).elements.empty());
}

TEST_F(SequenceTest, no_element_of_an_empty_optional) {
  node("OptionalGetElement", 15, {makeOptional({})});
  EXPECT_EQ(message, "node 'n' (OptionalGetElement): expected an optional with a value, got an empty one");
}

//===----------------------------------------------------------------------===//
// Random numbers
//===----------------------------------------------------------------------===//

struct Moments {
  double mean = 0, variance = 0;

  explicit Moments(ArrayRef<double> values) {
    for (double value : values)
      mean += value / values.size();
    for (double value : values)
      variance += (value - mean) * (value - mean) / values.size();
  }
};

class RandomTest : public InterpreterTest {};

TEST_F(RandomTest, normal) {
  Tensor y = node("RandomNormal", 1, {}, "{shape = array<i64: 100, 200>, mean = 3.0 : f32, scale = 0.5 : f32, seed = 7.0 : f32}");
  ASSERT_EQ(y.shape, ArrayRef<int64_t>({100, 200}));
  Moments moments(y.reals());
  EXPECT_NEAR(moments.mean, 3, 0.015); // four deviations of the mean of 20000
  EXPECT_NEAR(moments.variance, 0.25, 0.01);
  EXPECT_GT(*llvm::max_element(y.reals()), 3 + 3 * 0.5);
}

TEST_F(RandomTest, uniform_like_its_input) {
  Tensor y = node("RandomUniformLike", 1, {real({100, 200}, std::vector<double>(20000))}, "{low = -1.0 : f32, high = 3.0 : f32}");
  Moments moments(y.reals());
  EXPECT_NEAR(moments.mean, 1, 0.033);
  EXPECT_NEAR(moments.variance, 16.0 / 12, 0.04);
  EXPECT_GE(*llvm::min_element(y.reals()), -1);
  EXPECT_LT(*llvm::max_element(y.reals()), 3);
}

TEST_F(RandomTest, the_seed_decides) {
  auto draw = [&](StringRef seed) { return node("RandomUniform", 1, {}, ("{shape = array<i64: 5>" + seed + "}").str()).reals().vec(); };
  EXPECT_EQ(draw(", seed = 1.0 : f32"), draw(", seed = 1.0 : f32"));
  EXPECT_NE(draw(", seed = 1.0 : f32"), draw(", seed = 2.0 : f32"));
  EXPECT_EQ(draw(""), draw("")); // by the node's name
}

TEST_F(RandomTest, bernoulli) {
  std::vector<double> probabilities(30000);
  for (size_t i = 0; i < probabilities.size(); ++i)
    probabilities[i] = i % 3 / 2.0;
  Tensor y = node("Bernoulli", 15, {real({30000}, probabilities)}, "{seed = 3.0 : f32, dtype = 7 : i64}");
  std::array<int64_t, 3> ones{};
  for (size_t i = 0; i < probabilities.size(); ++i)
    ones[i % 3] += y.integers()[i];
  EXPECT_EQ(ones[0], 0);
  EXPECT_NEAR(ones[1], 5000, 200);
  EXPECT_EQ(ones[2], 10000);
}

TEST_F(RandomTest, dropout_in_training) {
  Tensor truth{IntegerType::get(&context, 1), {}, std::vector<int64_t>{1}}, ones = real({30000}, std::vector<double>(30000, 1));
  auto drop = [&](StringRef seed) { return node("Dropout", 13, {ones, real({}, {0.75}), truth}, seed); };
  Tensor y = drop("{seed = 3 : i64}");
  int64_t kept = llvm::count(y.reals(), 4.0);
  EXPECT_EQ(kept + llvm::count(y.reals(), 0.0), 30000);
  EXPECT_NEAR(kept, 7500, 300);
  EXPECT_EQ(y.reals(), drop("{seed = 3 : i64}").reals());
  EXPECT_NE(y.reals(), drop("{seed = 5 : i64}").reals());
  EXPECT_EQ(node("Dropout", 13, {ones, real({}, {0}), truth}).reals(), ones.reals());
}

TEST_F(RandomTest, no_dropout_of_everything) {
  node("Dropout", 13, {real({1}, {3}), real({}, {1}), Tensor{IntegerType::get(&context, 1), {}, std::vector<int64_t>{1}}});
  EXPECT_EQ(message, "node 'n' (Dropout): expected real numbers and a ratio from 0 to below 1, got 'f32' and 1.000000e+00");
}

TEST_F(RandomTest, multinomial) {
  Tensor y = node("Multinomial", 7, {real({2, 3}, {std::log(1.0), std::log(2.0), std::log(5.0), 900, 0, 0})},
                  "{sample_size = 8000 : i64, seed = 3.0 : f32}");
  ASSERT_EQ(y.shape, ArrayRef<int64_t>({2, 8000}));
  std::array<int64_t, 3> counts{};
  for (int64_t chosen : y.integers().take_front(8000))
    ++counts[chosen];
  EXPECT_NEAR(counts[0], 1000, 120);
  EXPECT_NEAR(counts[1], 2000, 160);
  EXPECT_NEAR(counts[2], 5000, 180);
  EXPECT_EQ(y.integers().drop_front(8000), ArrayRef<int64_t>(std::vector<int64_t>(8000)));
}

TEST_F(RandomTest, no_class_without_classes) {
  node("Multinomial", 7, {real({2, 0}, {})});
  EXPECT_EQ(message, "node 'n' (Multinomial): expected rows of at least one class, got 'tensor<2x0xf32>'");
}

} // namespace
