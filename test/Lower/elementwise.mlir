// Elementwise nodes become one linalg.generic with numpy broadcasting.
// RUN: bn-opt %s --bn-convert-to-kernel --canonicalize --cse | FileCheck %s

// CHECK: #[[CHANNEL:.*]] = affine_map<(d0, d1, d2) -> (d1)>

// Relu keeps NaN: it selects 0 only where the element is below it.
// CHECK-LABEL: func.func @relu
// CHECK: linalg.generic
// CHECK: %[[BELOW:.*]] = arith.cmpf olt, %[[X:.*]], %[[ZERO:.*]] : f32
// CHECK: arith.select %[[BELOW]], %[[ZERO]], %[[X]]
func.func @relu(%x: tensor<2x3x5x7xf32>) -> tensor<2x3x5x7xf32> {
  %y = onnx.relu %x {version = 14 : i64} : (tensor<2x3x5x7xf32>) -> tensor<2x3x5x7xf32>
  return %y : tensor<2x3x5x7xf32>
}

// A dimension of one that repeats is dropped and left out of the operand's map.
// CHECK-LABEL: func.func @broadcast
// CHECK: %[[B:.*]] = tensor.collapse_shape %arg1 {{.*}} into tensor<3xf32>
// CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[CHANNEL]], #{{.*}}]{{.*}} ins(%arg0, %[[B]]
// CHECK: arith.addf
func.func @broadcast(%x: tensor<2x3x5xf32>, %b: tensor<3x1xf32>) -> tensor<2x3x5xf32> {
  %y = onnx.add %x, %b {version = 14 : i64} : (tensor<2x3x5xf32>, tensor<3x1xf32>) -> tensor<2x3x5xf32>
  return %y : tensor<2x3x5xf32>
}

// Halves are computed in f32.
// CHECK-LABEL: func.func @half
// CHECK: arith.extf %{{.*}} : f16 to f32
// CHECK: math.exp %{{.*}} : f32
// CHECK: arith.truncf %{{.*}} : f32 to f16
func.func @half(%x: tensor<2x3xf16>) -> tensor<2x3xf16> {
  %y = onnx.node "Exp"(%x) version 13 : (tensor<2x3xf16>) -> tensor<2x3xf16>
  return %y : tensor<2x3xf16>
}

// Bool is i8 in tensors and i1 in bodies; unsigned integers lose their sign but not their order.
// CHECK-LABEL: func.func @unsigned_less
// CHECK-SAME: tensor<2x3xi8>, %{{.*}}: tensor<2x3xi8>) -> tensor<2x3xi8>
// CHECK: arith.cmpi ult
// CHECK: arith.extui %{{.*}} : i1 to i8
func.func @unsigned_less(%x: tensor<2x3xui8>, %y: tensor<2x3xui8>) -> tensor<2x3xi1> {
  %r = onnx.node "Less"(%x, %y) version 13 : (tensor<2x3xui8>, tensor<2x3xui8>) -> tensor<2x3xi1>
  return %r : tensor<2x3xi1>
}

// An absent limit does not limit.
// CHECK-LABEL: func.func @clip_without_minimum
// CHECK: linalg.generic
// CHECK: arith.cmpf
// CHECK-NEXT: arith.select
// CHECK-NEXT: linalg.yield
func.func @clip_without_minimum(%x: tensor<2x3xf32>, %max: tensor<f32>) -> tensor<2x3xf32> {
  %none = onnx.absent
  %y = onnx.node "Clip"(%x, %none, %max) version 13 : (tensor<2x3xf32>, none, tensor<f32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
