// update.cpp - steps of optimizers, where ONNX's own cases say nothing.
// SPDX-License-Identifier: Apache-2.0

#include "InterpreterTest.h"

using namespace bn::reference;

namespace {

class UpdateTest : public InterpreterTest {
protected:
  /// The new value of 2, by the gradient 3 and this state.
  Tensor step(llvm::StringRef op, double rate, int64_t count, double state, llvm::StringRef attributes) {
    return node(op, 1, {real({}, {rate}), integer({}, {count}), real({1}, {2}), real({1}, {3}), real({1}, {state})}, attributes,
                "ai.onnx.preview.training");
  }
};

// The rate becomes 1/8, the gradient 4, the state 25.
TEST_F(UpdateTest, adagrad_decays_and_regularizes) {
  expectReals(step("Adagrad", 0.5, 3, 9, "{decay_factor = 1.0 : f32, norm_coefficient = 0.5 : f32, epsilon = 0.0 : f32}"), {1.9});
}

// Only the first step takes the gradient, 4, as a whole.
TEST_F(UpdateTest, momentum_takes_the_first_gradient_whole) {
  constexpr llvm::StringLiteral attributes = R"({alpha = 0.5 : f32, beta = 0.25 : f32, norm_coefficient = 0.5 : f32, mode = "standard"})";
  expectReals(step("Momentum", 0.1, 0, 5, attributes), {1.35});
  expectReals(step("Momentum", 0.1, 1, 5, attributes), {1.65});
}

TEST_F(UpdateTest, no_state_of_another_shape) {
  node("Adagrad", 1, {real({}, {1}), integer({}, {0}), real({1}, {2}), real({1}, {3}), real({2}, {5, 7})}, "", "ai.onnx.preview.training");
  EXPECT_NE(message.find("expected tensors of one shape"), std::string::npos) << message;
}

} // namespace
