// Before version 7 a new elementwise node says how it broadcasts.
// RUN: bn-opt %s --bn-restore-affine | FileCheck %s

module attributes {onnx.opset_imports = {ai.onnx = 6 : i64}} {
// CHECK-LABEL: func.func @vector
// CHECK: onnx.add %arg0, {{.*}} {axis = 1 : i64, broadcast = 1 : i64, version = 6 : i64} : (tensor<3x2x5xf32>, tensor<2xf32>)
func.func @vector(%x: tensor<3x2x5xf32>) -> tensor<3x2x5xf32> {
  %y = bn.affine %x scale [1.0, 1.0] offset [2.0, 3.0] axis 1 : tensor<3x2x5xf32>
  return %y : tensor<3x2x5xf32>
}

// CHECK-LABEL: func.func @scalar
// CHECK: onnx.mul %arg0, {{.*}} {broadcast = 1 : i64, version = 6 : i64} : (tensor<3x2x5xf32>, tensor<f32>)
func.func @scalar(%x: tensor<3x2x5xf32>) -> tensor<3x2x5xf32> {
  %y = bn.affine %x scale [2.0, 2.0] offset [0.0, 0.0] axis 1 : tensor<3x2x5xf32>
  return %y : tensor<3x2x5xf32>
}
}
