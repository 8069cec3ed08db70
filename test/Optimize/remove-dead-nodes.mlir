// Nodes and initializers that nothing uses go, chains of them too.
// RUN: bn-opt %s --bn-remove-dead-nodes | FileCheck %s

// CHECK-LABEL: func.func @dead
// CHECK-NEXT: return %arg0
func.func @dead(%x: tensor<2xf32>) -> tensor<2xf32> {
  %c = onnx.constant dense<1.0> : tensor<2xf32>
  %0 = onnx.add %x, %c {version = 14 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %1 = onnx.node "Neg"(%0) version 13 : (tensor<2xf32>) -> tensor<2xf32>
  return %x : tensor<2xf32>
}
