// shape.cpp - operators that move data: versions, borders and refusals.
// SPDX-License-Identifier: Apache-2.0

#include "InterpreterTest.h"

#include <numeric>

using namespace mlir;
using namespace bn::reference;

namespace {

/// The numbers 0, 1, 2, … in a shape.
class ShapeTest : public InterpreterTest {
protected:
  Tensor iota(ArrayRef<int64_t> shape) {
    int64_t count = 1;
    for (int64_t size : shape)
      count *= size;
    std::vector<int64_t> values(count);
    std::iota(values.begin(), values.end(), 0);
    return integer(shape, values);
  }
};

TEST_F(ShapeTest, reshapeCopiesAndInfers) {
  auto y = run(R"(func.func @f(%x: tensor<2x3x5xi64>) -> tensor<*xi64> {
    %s = onnx.constant dense<[0, -1]> : tensor<2xi64>
    %y = onnx.reshape %x, %s {version = 14 : i64} : (tensor<2x3x5xi64>, tensor<2xi64>) -> tensor<*xi64>
    return %y : tensor<*xi64>
  })",
               iota({2, 3, 5}));
  ASSERT_EQ(y.size(), 1u);
  EXPECT_EQ(y[0].shape, ArrayRef<int64_t>({2, 15}));
}

TEST_F(ShapeTest, no_reshape_of_other_count) {
  run(R"(func.func @f(%x: tensor<2x3xi64>) -> tensor<*xi64> {
    %s = onnx.constant dense<[4, -1]> : tensor<2xi64>
    %y = onnx.reshape %x, %s {version = 14 : i64} : (tensor<2x3xi64>, tensor<2xi64>) -> tensor<*xi64> loc("r")
    return %y : tensor<*xi64>
  })",
      iota({2, 3}));
  EXPECT_EQ(message, "node 'r' (Reshape): expected a shape of 6 elements, got 4");
}

TEST_F(ShapeTest, transposeOfThree) {
  auto y = run(R"(func.func @f(%x: tensor<2x3x1xi64>) -> tensor<*xi64> {
    %y = onnx.transpose %x {perm = array<i64: 1, 2, 0>, version = 13 : i64} : (tensor<2x3x1xi64>) -> tensor<*xi64>
    return %y : tensor<*xi64>
  })",
               iota({2, 3, 1}));
  EXPECT_EQ(y[0].shape, ArrayRef<int64_t>({3, 1, 2}));
  expectIntegers(y[0], {0, 3, 1, 4, 2, 5});
}

// Axes were an attribute before version 13.
TEST_F(ShapeTest, unsqueezeAndSqueezeByAttribute) {
  auto y = run(R"(func.func @f(%x: tensor<2x3xi64>) -> (tensor<*xi64>, tensor<*xi64>) {
    %none = onnx.absent
    %u = onnx.unsqueeze %x, %none {axes = array<i64: 0, -1>, version = 11 : i64} : (tensor<2x3xi64>, none) -> tensor<*xi64>
    %s = onnx.squeeze %u, %none {version = 11 : i64} : (tensor<*xi64>, none) -> tensor<*xi64>
    return %u, %s : tensor<*xi64>, tensor<*xi64>
  })",
               iota({2, 3}));
  EXPECT_EQ(y[0].shape, ArrayRef<int64_t>({1, 2, 3, 1}));
  EXPECT_EQ(y[1].shape, ArrayRef<int64_t>({2, 3}));
}

TEST_F(ShapeTest, sliceBackwards) {
  auto y = run(R"(func.func @f(%x: tensor<2x5xi64>) -> tensor<*xi64> {
    %start = onnx.constant dense<-1> : tensor<1xi64>
    %end = onnx.constant dense<-9223372036854775808> : tensor<1xi64>
    %axis = onnx.constant dense<1> : tensor<1xi64>
    %step = onnx.constant dense<-2> : tensor<1xi64>
    %y = onnx.slice %x, %start, %end, %axis, %step {version = 13 : i64}
       : (tensor<2x5xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
    return %y : tensor<*xi64>
  })",
               iota({2, 5}));
  EXPECT_EQ(y[0].shape, ArrayRef<int64_t>({2, 3}));
  expectIntegers(y[0], {4, 2, 0, 9, 7, 5});
}

// A start before the first element is the first one, where NumPy takes nothing; an empty axis stays empty.
TEST_F(ShapeTest, sliceBackwardsFromBefore) {
  for (int64_t size : {5, 0}) {
    std::string type = "tensor<" + std::to_string(size) + "xi64>";
    auto y = run("func.func @f(%x: " + type + R"() -> tensor<*xi64> {
      %start = onnx.constant dense<-8> : tensor<1xi64>
      %end = onnx.constant dense<-9223372036854775808> : tensor<1xi64>
      %axis = onnx.constant dense<0> : tensor<1xi64>
      %step = onnx.constant dense<-2> : tensor<1xi64>
      %y = onnx.slice %x, %start, %end, %axis, %step {version = 13 : i64}
         : ()" + type + R"(, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
      return %y : tensor<*xi64>
    })",
                 iota({size}));
    EXPECT_EQ(y[0].shape, ArrayRef<int64_t>({size ? 1 : 0}));
  }
}

// A step beyond the input takes the first element.
TEST_F(ShapeTest, sliceByLargestStep) {
  auto y = run(R"(func.func @f(%x: tensor<5xi64>) -> tensor<*xi64> {
    %start = onnx.constant dense<1> : tensor<1xi64>
    %end = onnx.constant dense<9223372036854775807> : tensor<1xi64>
    %axis = onnx.constant dense<0> : tensor<1xi64>
    %y = onnx.slice %x, %start, %end, %axis, %end {version = 13 : i64}
       : (tensor<5xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
    return %y : tensor<*xi64>
  })",
               iota({5}));
  expectIntegers(y[0], {1});
}

TEST_F(ShapeTest, splitAndConcatAreInverse) {
  auto y = run(R"(func.func @f(%x: tensor<2x5xi64>) -> (tensor<*xi64>, tensor<*xi64>) {
    %none = onnx.absent
    %a, %b = onnx.split %x, %none {axis = 1 : i64, split = array<i64: 2, 3>, version = 11 : i64}
           : (tensor<2x5xi64>, none) -> (tensor<*xi64>, tensor<*xi64>)
    %y = onnx.concat %a, %b {axis = 1 : i64, version = 13 : i64} : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
    return %b, %y : tensor<*xi64>, tensor<*xi64>
  })",
               iota({2, 5}));
  expectIntegers(y[0], {2, 3, 4, 7, 8, 9});
  expectIntegers(y[1], {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
}

TEST_F(ShapeTest, no_axis_out_of_range) {
  run(R"(func.func @f(%x: tensor<2x5xi64>) -> tensor<*xi64> {
    %y = onnx.concat %x, %x {axis = 2 : i64, version = 13 : i64} : (tensor<2x5xi64>, tensor<2x5xi64>) -> tensor<*xi64> loc("c")
    return %y : tensor<*xi64>
  })",
      iota({2, 5}));
  EXPECT_EQ(message, "node 'c' (Concat): expected an axis between -2 and 1, got 2");
}

} // namespace
