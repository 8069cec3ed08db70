// RUN: bn-opt %s --bn-convert-to-kernel --split-input-file | FileCheck %s

// The number of the first check that fails is one more result.
// CHECK: kernel.checks = ["node 'onnx.node' (Gather): expected indices between -5 and 4, got others"]
// CHECK-LABEL: func.func @gather
// CHECK-SAME: -> (tensor<2xf32>, tensor<i64>)
func.func @gather(%x: tensor<5xf32>, %i: tensor<2xi64>) -> tensor<2xf32> {
  %y = onnx.node "Gather"(%x, %i) version 13 : (tensor<5xf32>, tensor<2xi64>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

// Indices that are known are checked now.
// CHECK-NOT: kernel.checks
// CHECK-LABEL: func.func @no_check_of_known_indices
// CHECK-SAME: -> tensor<2xf32>
func.func @no_check_of_known_indices(%x: tensor<5xf32>) -> tensor<2xf32> {
  %i = onnx.constant dense<[-5, 4]> : tensor<2xi64>
  %y = onnx.node "Gather"(%x, %i) version 13 : (tensor<5xf32>, tensor<2xi64>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

// CHECK-NOT: kernel.checks
// CHECK-LABEL: func.func @no_check_of_known_divisors
// CHECK-NOT: select
func.func @no_check_of_known_divisors(%x: tensor<5xi32>) -> tensor<5xi32> {
  %d = onnx.constant dense<[2]> : tensor<1xi32>
  %y = onnx.div %x, %d {version = 14 : i64} : (tensor<5xi32>, tensor<1xi32>) -> tensor<5xi32>
  return %y : tensor<5xi32>
}
