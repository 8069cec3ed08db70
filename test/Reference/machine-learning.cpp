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

TEST_F(MachineLearning, ScalerByColumnOrForAll) {
  Tensor x = integer({2, 3}, {2, 3, 5, 7, 11, 13});
  expectReals(node("Scaler", 1, {x}, "{offset = array<f32: 1.0, 2.0, 3.0>, scale = array<f32: 2.0>}", "ai.onnx.ml"), {2, 2, 4, 12, 18, 20});
  node("Scaler", 1, {x}, "{offset = array<f32: 1.0, 2.0>, scale = array<f32: 2.0>}", "ai.onnx.ml");
  EXPECT_NE(message.find("expected attribute 'offset' to have 1 or 3 entries, got 2"), std::string::npos) << message;
}

TEST_F(MachineLearning, NormalizerLeavesRowsOfZeros) {
  Tensor x = real({3, 2}, {3, -4, 0, 0, 1, 2});
  expectReals(node("Normalizer", 1, {x}, "{norm = \"L1\"}", "ai.onnx.ml"), {3. / 7, -4. / 7, 0, 0, 1. / 3, 2. / 3});
  expectReals(node("Normalizer", 1, {x}, "{norm = \"L2\"}", "ai.onnx.ml"), {0.6, -0.8, 0, 0, 1 / std::sqrt(5), 2 / std::sqrt(5)}, 1e-7);
  expectReals(node("Normalizer", 1, {x}, "", "ai.onnx.ml"), {1, -4. / 3, 0, 0, 0.5, 1});
}

TEST_F(MachineLearning, ImputerReplacesNaNByColumn) {
  expectReals(node("Imputer", 1, {real({2, 2}, {NAN, 3, 5, NAN})},
                   "{imputed_value_floats = array<f32: 7.0, 11.0>, replaced_value_float = 0x7FC00000 : f32}", "ai.onnx.ml"),
              {7, 3, 5, 11});
  expectIntegers(
      node("Imputer", 1, {integer({3}, {2, 3, 2})}, "{imputed_value_int64s = array<i64: 9>, replaced_value_int64 = 2 : i64}", "ai.onnx.ml"),
      {9, 3, 9});
}

TEST_F(MachineLearning, OneHotEncoderOfTextsAndNumbers) {
  expectReals(node("OneHotEncoder", 1, {strings({"cat", "dog", "cow"})}, "{cats_strings = [\"cow\", \"cat\"]}", "ai.onnx.ml"),
              {0, 1, 0, 0, 1, 0});
  Tensor y = node("OneHotEncoder", 1, {real({1, 2}, {5.5, 3})}, "{cats_int64s = array<i64: 3, 5, 7>}", "ai.onnx.ml");
  EXPECT_EQ(y.shape, (llvm::SmallVector<int64_t>{1, 2, 3}));
  expectReals(y, {0, 1, 0, 1, 0, 0});
  node("OneHotEncoder", 1, {integer({2}, {3, 4})}, "{cats_int64s = array<i64: 3>, zeros = 0 : i64}", "ai.onnx.ml");
  EXPECT_NE(message.find("expected known categories, got another one at element 1"), std::string::npos) << message;
}

TEST_F(MachineLearning, FeatureVectorizerJoinsColumns) {
  Tensor x = real({2, 1}, {2, 3}), y = integer({2, 2}, {5, 7, 11, 13});
  expectReals(node("FeatureVectorizer", 1, {x, y}, "{inputdimensions = array<i64: 1, 2>}", "ai.onnx.ml"), {2, 5, 7, 3, 11, 13});
}

TEST_F(MachineLearning, LinearRegressorOfTwoTargets) {
  expectReals(node("LinearRegressor", 1, {integer({2, 2}, {2, 3, 5, 7})},
                   "{coefficients = array<f32: 1.0, 2.0, -3.0, 4.0>, intercepts = array<f32: 0.5, -0.5>, targets = 2 : i64}", "ai.onnx.ml"),
              {8.5, 5.5, 19.5, 12.5});
}

// One row of coefficients is the share of the second class.
TEST_F(MachineLearning, LinearClassifierNamesTheLargestScore) {
  Tensor x = real({2, 1}, {2, -3});
  EXPECT_EQ(text(node("LinearClassifier", 1, {x},
                      "{coefficients = array<f32: 1.0, -1.0, 0.5>, intercepts = array<f32: 0.0, 0.0, 0.5>, classlabels_strings = [\"a\", "
                      "\"b\", \"c\"]}",
                      "ai.onnx.ml")),
            (std::vector<std::string>{"a", "b"}));
  expectIntegers(node("LinearClassifier", 1, {x},
                      "{coefficients = array<f32: 1.0>, intercepts = array<f32: -1.0>, classlabels_ints = array<i64: 5, 6>}", "ai.onnx.ml"),
                 {6, 5});
}

TEST_F(MachineLearning, no_LinearClassifierOfOtherCoefficients) {
  node("LinearClassifier", 1, {real({1, 2}, {2, 3})}, "{coefficients = array<f32: 1.0, 2.0, 3.0>, classlabels_ints = array<i64: 5, 6>}",
       "ai.onnx.ml");
  EXPECT_NE(message.find("expected 4 coefficients, got 3"), std::string::npos) << message;
}

TEST_F(MachineLearning, BinarizerOfIntegers) {
  expectIntegers(node("Binarizer", 1, {integer({3}, {2, 3, 4})}, "{threshold = 3.0 : f32}", "ai.onnx.ml"), {0, 0, 1});
}

} // namespace
