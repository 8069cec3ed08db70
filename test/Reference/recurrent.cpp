// recurrent.cpp - LSTM on 8 bits, by what ONNX Runtime answers.
// SPDX-License-Identifier: Apache-2.0

#include "InterpreterTest.h"

using namespace mlir;
using namespace bn::reference;

namespace {

/// Two steps of two samples, one hidden unit, weights as in the text; W and its zero point have `type`.
std::string makeModel(StringRef weights, StringRef zero, StringRef type) {
  return (R"(func.func @f(%x: tensor<2x2x2xf32>, %h: tensor<1x2x1xf32>, %c: tensor<1x2x1xf32>)
      -> (tensor<2x1x2x1xf32>, tensor<1x2x1xf32>, tensor<1x2x1xf32>) {
    %w = onnx.constant dense<)" +
          weights + "> : tensor<1x2x4x" + type + R"(>
    %r = onnx.constant dense<[[[90, 130, 250, 128]]]> : tensor<1x1x4xui8>
    %b = onnx.constant dense<[[0.1, 0.2, 0.3, 0.4, 0.0, 0.0, 0.0, 0.5]]> : tensor<1x8xf32>
    %ws = onnx.constant dense<[0.01]> : tensor<1xf32>
    %rs = onnx.constant dense<[0.02]> : tensor<1xf32>
    %wz = onnx.constant dense<[)" +
          zero + "]> : tensor<1x" + type + R"(>
    %rz = onnx.constant dense<[120]> : tensor<1xui8>
    %none = onnx.absent
    %y:3 = onnx.node "DynamicQuantizeLSTM"(%x, %w, %r, %b, %none, %h, %c, %none, %ws, %wz, %rs, %rz) domain "com.microsoft" version 1
      {hidden_size = 1 : i64} : (tensor<2x2x2xf32>, tensor<1x2x4x)" +
          type + R"(>, tensor<1x1x4xui8>, tensor<1x8xf32>, none, tensor<1x2x1xf32>, tensor<1x2x1xf32>, none, tensor<1xf32>, tensor<1x)" + type +
          R"(>, tensor<1xf32>, tensor<1xui8>) -> (tensor<2x1x2x1xf32>, tensor<1x2x1xf32>, tensor<1x2x1xf32>) loc("n")
    return %y#0, %y#1, %y#2 : tensor<2x1x2x1xf32>, tensor<1x2x1xf32>, tensor<1x2x1xf32>
  })")
      .str();
}

class RecurrentTest : public InterpreterTest {
protected:
  std::vector<Tensor> inputs = {real({2, 2, 2}, {1, -0.5, 0.25, 0, -1, 2, 0.5, 0.75}), real({1, 2, 1}, {0.5, -0.25}), real({1, 2, 1}, {1, 0})};

  // ONNX Runtime approximates the activations.
  void expectRecorded(ArrayRef<Tensor> results) {
    ASSERT_EQ(results.size(), 3u) << message;
    constexpr double tolerance = 2e-5;
    expectReals(results[0], {0.34822139, 0.21296406, 0.66010112, 0.28467679}, tolerance);
    expectReals(results[1], {0.66010112, 0.28467679}, tolerance);
    expectReals(results[2], {0.86105359, 0.39304423}, tolerance);
  }
};

// Input and states are rounded to 8 bits, those of all samples together.
TEST_F(RecurrentTest, dynamicQuantizeLstm) {
  expectRecorded(run(makeModel("[[[100, 120, 140, 200], [30, 255, 128, 0]]]", "128", "ui8"), inputs));
}

TEST_F(RecurrentTest, dynamicQuantizeLstmOfSignedWeights) {
  expectRecorded(run(makeModel("[[[-28, -8, 12, 72], [-98, 127, 0, -128]]]", "0", "i8"), inputs));
}

TEST_F(RecurrentTest, no_dynamicQuantizeLstm_of_other_depth) {
  inputs[0] = real({2, 2, 3}, std::vector<double>(12));
  EXPECT_TRUE(run(makeModel("[[[100, 120, 140, 200], [30, 255, 128, 0]]]", "128", "ui8"), inputs).empty());
  EXPECT_EQ(message, "node 'n' (DynamicQuantizeLSTM): expected input 1 of type 'tensor<1x4x3xf32>', got 'tensor<1x4x2xf32>'");
}

} // namespace
