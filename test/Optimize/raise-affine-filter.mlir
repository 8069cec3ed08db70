// Nodes that the user names stay as they are.
// RUN: bn-opt %s --bn-raise-affine="skip-nodes=^head" | FileCheck %s
// RUN: bn-opt %s --bn-raise-affine="only-nodes=tail" | FileCheck %s
// RUN: not bn-opt %s --bn-raise-affine="only-nodes=(" 2>&1 | FileCheck %s --check-prefix=ERROR
// ERROR: expected 'only-nodes' to be a regular expression, got '('

// CHECK-LABEL: func.func @names
// CHECK: %[[HEAD:.*]] = bn.inference {{.*}}bn.reason = "skipped-by-user", onnx.name = "head.bn"
// CHECK: bn.affine %[[HEAD]]
func.func @names(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %p = onnx.constant dense<1.0> : tensor<2xf32>
  %0 = bn.inference %x mean %p variance %p axes [1] epsilon 0.0 {onnx.name = "head.bn"} : (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  %1 = bn.inference %0 mean %p variance %p axes [1] epsilon 0.0 {onnx.name = "tail.bn"} : (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  return %1 : tensor<4x2xf32>
}
