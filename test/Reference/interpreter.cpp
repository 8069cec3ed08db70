// interpreter.cpp - the interpreter runs functions, and says what it cannot do.
// SPDX-License-Identifier: Apache-2.0

#include "InterpreterTest.h"

using namespace bn::reference;

namespace {

TEST_F(InterpreterTest, runsOpsInOrder) {
  auto results = run(R"(func.func @f(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
    %c = onnx.constant dense<[0.5, 2.0]> : tensor<2xf32>
    %s = onnx.add %x, %c {version = 14 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    %y = onnx.node "Neg"(%s) version 13 : (tensor<2xf32>) -> tensor<2xf32>
    return %y, %x : tensor<2xf32>, tensor<2xf32>
  })",
                     real({2}, {1, -1}));
  ASSERT_EQ(results.size(), 2u);
  expectReals(results[0], {-1.5, -1});
  expectReals(results[1], {1, -1});
}

// The body reads %x from around it, the sum goes around, every step's sum is stacked.
TEST_F(InterpreterTest, loopSeesValuesAroundIt) {
  auto results = run(R"(func.func @f(%x: tensor<f32>) -> (tensor<f32>, tensor<3xf32>) {
    %trips = onnx.constant dense<3> : tensor<i64>
    %none = onnx.absent
    %y:2 = onnx.node "Loop"(%trips, %none, %x) version 16 graphs [{attribute = "body", inputs = ["i", "c", "s"], proto = ""}] {
    ^bb0(%i: tensor<i64>, %c: tensor<i1>, %s: tensor<f32>):
      %t = onnx.add %s, %x {version = 14 : i64} : (tensor<f32>, tensor<f32>) -> tensor<f32>
      onnx.yield %c, %t, %t : tensor<i1>, tensor<f32>, tensor<f32>
    } : (tensor<i64>, none, tensor<f32>) -> (tensor<f32>, tensor<3xf32>)
    return %y#0, %y#1 : tensor<f32>, tensor<3xf32>
  })",
                     real({}, {2}));
  ASSERT_EQ(results.size(), 2u) << message;
  expectReals(results[0], {8});
  expectReals(results[1], {4, 6, 8});
}

// Backwards through as many slices as each sample has; the rest stays 0.
TEST_F(InterpreterTest, scanOfVersion8RunsEverySample) {
  std::vector<Tensor> results = run(R"(
  func.func @f(%lengths: tensor<2xi64>, %s: tensor<2x1xf32>, %x: tensor<2x3x1xf32>) -> (!onnx.any, !onnx.any) {
    %y:2 = onnx.node "Scan"(%lengths, %s, %x) version 8 {num_scan_inputs = 1 : i64, directions = array<i64: 1>}
        graphs [{attribute = "body", inputs = ["s", "x"], proto = ""}] {
    ^bb0(%state: tensor<1xf32>, %slice: tensor<1xf32>):
      %sum = onnx.add %state, %slice {version = 7 : i64} : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
      onnx.yield %sum, %sum : tensor<1xf32>, tensor<1xf32>
    } : (tensor<2xi64>, tensor<2x1xf32>, tensor<2x3x1xf32>) -> (!onnx.any, !onnx.any)
    return %y#0, %y#1 : !onnx.any, !onnx.any
  })",
                                    {integer({2}, {1, 2}), real({2, 1}, {100, 200}), real({2, 3, 1}, {2, 3, 5, 7, 11, 13})});
  ASSERT_EQ(results.size(), 2u) << message;
  expectReals(results[0], {102, 218});
  EXPECT_EQ(results[1].shape, (llvm::SmallVector<int64_t>{2, 3, 1}));
  expectReals(results[1], {102, 0, 0, 211, 218, 0});
}

TEST_F(InterpreterTest, no_branch_that_yields_too_little) {
  EXPECT_TRUE(run(R"(func.func @f(%c: tensor<i1>) -> tensor<i1> {
    %y = onnx.node "If"(%c) version 16 graphs [{attribute = "then_branch", inputs = [], proto = ""}] {
      onnx.yield
    } : (tensor<i1>) -> tensor<i1> loc("i")
    return %y : tensor<i1>
  })",
                  Tensor{mlir::IntegerType::get(&context, 1), {}, std::vector<int64_t>{1}})
                  .empty());
  EXPECT_EQ(message, "node 'i' (If): expected a body with 1 outputs, got 0");
}

TEST_F(InterpreterTest, no_unknown_operator) {
  EXPECT_TRUE(run(R"(func.func @f() -> tensor<2xf32> {
    %y = onnx.node "Mystery"() domain "com.acme" version 1 : () -> tensor<2xf32> loc("m1")
    return %y : tensor<2xf32>
  })")
                  .empty());
  EXPECT_EQ(message, "the interpreter does not support Mystery of domain 'com.acme'");
}

TEST_F(InterpreterTest, no_wrong_input_count) {
  EXPECT_TRUE(run("func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> { return %x : tensor<2xf32> }").empty());
  EXPECT_EQ(message, "expected 1 inputs, got 0");
}

TEST_F(InterpreterTest, no_integer_where_real_is_expected) {
  EXPECT_TRUE(run(R"(func.func @f(%x: !onnx.any) -> !onnx.any {
    %y = onnx.node "Sin"(%x) version 7 : (!onnx.any) -> !onnx.any loc("s")
    return %y : !onnx.any
  })",
                  integer({1}, {3}))
                  .empty());
  EXPECT_EQ(message, "node 's' (Sin): expected input 0 to be real, got 'i64'");
}

TEST_F(InterpreterTest, no_missing_operand) {
  EXPECT_TRUE(run(R"(func.func @f(%x: !onnx.any) -> !onnx.any {
    %y = onnx.node "Where"(%x) version 16 : (!onnx.any) -> !onnx.any loc("w")
    return %y : !onnx.any
  })",
                  integer({1}, {3}))
                  .empty());
  EXPECT_EQ(message, "node 'w' (Where): expected an input 1, got none");
}

// 2^40 elements would take the machine down.
TEST_F(InterpreterTest, no_absurd_size) {
  EXPECT_TRUE(run(R"(func.func @f() -> !onnx.any {
    %s = onnx.constant dense<[1048576, 1048576]> : tensor<2xi64>
    %y = onnx.node "ConstantOfShape"(%s) version 9 : (tensor<2xi64>) -> !onnx.any loc("c")
    return %y : !onnx.any
  })")
                  .empty());
  EXPECT_EQ(message, "node 'c' (ConstantOfShape): expected a result of at most 268435456 elements, got more");
}

} // namespace
