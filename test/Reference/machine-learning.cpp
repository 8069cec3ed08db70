// machine-learning.cpp - operators of ai.onnx.ml, where ONNX's own cases say nothing.
// SPDX-License-Identifier: Apache-2.0

#include "InterpreterTest.h"

using namespace bn::reference;

namespace {

class MachineLearning : public InterpreterTest {
protected:
  Tensor strings(std::vector<std::string> values) {
    return {bn::onnx::StringType::get(&context), {static_cast<int64_t>(values.size())}, std::move(values)};
  }
  static std::vector<std::string> text(const Tensor &tensor) { return std::get<2>(tensor.values); }
};

TEST_F(MachineLearning, LabelEncoderFindsNaNAndTheLastOfEqualKeys) {
  Tensor y = node("LabelEncoder", 4, {real({4}, {3, NAN, 5, -0.0})},
                  R"({keys_floats = array<f32: 3.0, 0x7FC00001, 3.0, 0.0>, values_int64s = array<i64: 2, 3, 5, 7>})", "ai.onnx.ml");
  expectIntegers(y, {5, 3, -1, 7});
}

TEST_F(MachineLearning, LabelEncoderOfVersion2ComparesBits) {
  Tensor y = node("LabelEncoder", 2, {real({2}, {0.0, -0.0})},
                  R"({keys_floats = array<f32: 0.0>, values_strings = ["zero"], default_string = "none"})", "ai.onnx.ml");
  EXPECT_EQ(text(y), (std::vector<std::string>{"zero", "none"}));
}

TEST_F(MachineLearning, LabelEncoderHasDefaultsByType) {
  EXPECT_EQ(text(node("LabelEncoder", 4, {integer({1}, {9})}, R"({keys_int64s = array<i64: 3>, values_strings = ["x"]})", "ai.onnx.ml")),
            std::vector<std::string>{"_Unused"});
  Tensor y = node("LabelEncoder", 4, {strings({"z"})}, R"({keys_strings = ["a"], values_floats = array<f32: 3.0>})", "ai.onnx.ml");
  ASSERT_EQ(y.reals().size(), 1u);
  EXPECT_TRUE(y.reals()[0] == 0 && std::signbit(y.reals()[0]));
}

TEST_F(MachineLearning, LabelEncoderOfVersion1GoesBothWays) {
  expectIntegers(node("LabelEncoder", 1, {strings({"b", "c"})}, R"({classes_strings = ["a", "b"], default_int64 = 7 : i64})", "ai.onnx.ml"),
                 {1, 7});
  EXPECT_EQ(text(node("LabelEncoder", 1, {integer({2}, {1, 2})}, R"({classes_strings = ["a", "b"], default_string = "?"})", "ai.onnx.ml")),
            (std::vector<std::string>{"b", "?"}));
}

TEST_F(MachineLearning, no_LabelEncoderOfAnotherType) {
  node("LabelEncoder", 4, {integer({1}, {3})}, R"({keys_strings = ["a"], values_int64s = array<i64: 3>})", "ai.onnx.ml");
  EXPECT_NE(message.find("expected keys of type 'i64'"), std::string::npos) << message;
  node("LabelEncoder", 4, {strings({"a"})}, R"({keys_strings = ["a"], values_int64s = array<i64: 3, 5>})", "ai.onnx.ml");
  EXPECT_NE(message.find("got 2 for 1"), std::string::npos) << message;
}

TEST_F(MachineLearning, ArrayFeatureExtractorMakesARowOfAVector) {
  Tensor y = node("ArrayFeatureExtractor", 1, {real({3}, {2, 3, 5}), integer({1, 2}, {2, 0})}, "", "ai.onnx.ml");
  EXPECT_EQ(y.shape, (llvm::SmallVector<int64_t>{1, 2}));
  expectReals(y, {5, 2});
  node("ArrayFeatureExtractor", 1, {real({3}, {2, 3, 5}), integer({1}, {3})}, "", "ai.onnx.ml");
  EXPECT_NE(message.find("expected indices from 0 to 2, got 3"), std::string::npos) << message;
}

TEST_F(MachineLearning, BinarizerOfIntegers) {
  expectIntegers(node("Binarizer", 1, {integer({3}, {2, 3, 4})}, "{threshold = 3.0 : f32}", "ai.onnx.ml"), {0, 0, 1});
}

} // namespace
