// A BatchNormalization of which one part is absorbed becomes the Add or Mul of the other, unless its tensor is an image.
// RUN: bn-opt %s --bn-raise-affine --bn-absorb-affine --bn-restore-affine --bn-remove-dead-nodes | FileCheck %s

// The scale passes the ReLU into the weight, the shift does not.
// CHECK-LABEL: func.func @add
// CHECK: %[[R:.*]] = onnx.relu
// CHECK: onnx.add %[[R]], {{.*}}bn.sources = ["bn"], onnx.name = "bn"
func.func @add(%x: tensor<2x3x5xf32>) -> tensor<2x3x5xf32> {
  %k = onnx.constant dense<0.5> : tensor<3x3x1xf32>
  %p = onnx.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %none = onnx.absent
  %c = onnx.conv %x, %k, %none {version = 11 : i64} : (tensor<2x3x5xf32>, tensor<3x3x1xf32>, none) -> tensor<2x3x5xf32>
  %r = onnx.relu %c {version = 14 : i64} : (tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
  %y = bn.inference %r scale %p offset %p mean %p variance %p axes [1] epsilon 1.0e-5 {onnx.name = "bn"} : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
  return %y : tensor<2x3x5xf32>
}

// The scale could pass the ReLU to the convolution behind, the shift would stay: an Add before a ReLU would leave the blocked layout.
// CHECK-LABEL: func.func @no_image
// CHECK: bn.inference {{.*}}bn.reason = "no-producer"
// CHECK-NOT: onnx.add
func.func @no_image(%x: tensor<2x3x5x7xf32>) -> tensor<2x4x5x7xf32> {
  %k = onnx.constant dense<0.5> : tensor<4x3x1x1xf32>
  %p = onnx.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %none = onnx.absent
  %b = bn.inference %x scale %p offset %p mean %p variance %p axes [1] epsilon 1.0e-5 : (tensor<2x3x5x7xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5x7xf32>
  %r = onnx.relu %b {version = 14 : i64} : (tensor<2x3x5x7xf32>) -> tensor<2x3x5x7xf32>
  %y = onnx.conv %r, %k, %none {version = 11 : i64} : (tensor<2x3x5x7xf32>, tensor<4x3x1x1xf32>, none) -> tensor<2x4x5x7xf32>
  return %y : tensor<2x4x5x7xf32>
}
