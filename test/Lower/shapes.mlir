// Operators that move elements.
// RUN: bn-opt %s --bn-convert-to-kernel --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func.func @slice_backwards
// CHECK: tensor.extract_slice %{{.*}}[4, 0] [1, 7] [1, 1]
// CHECK: tensor.extract_slice %{{.*}}[2, 0]
// CHECK: tensor.extract_slice %{{.*}}[0, 0]
// CHECK: tensor.concat dim(0)
// CHECK: tensor.extract_slice %{{.*}}[0, 1] [3, 2] [1, 3]
func.func @slice_backwards(%x: tensor<5x7xf32>) -> tensor<3x2xf32> {
  %starts = onnx.constant dense<[-1, 1]> : tensor<2xi64>
  %ends = onnx.constant dense<[-9, 7]> : tensor<2xi64>
  %axes = onnx.constant dense<[0, 1]> : tensor<2xi64>
  %steps = onnx.constant dense<[-2, 3]> : tensor<2xi64>
  %y = onnx.slice %x, %starts, %ends, %axes, %steps {version = 13 : i64}
     : (tensor<5x7xf32>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>) -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// CHECK-LABEL: func.func @pad_reflect
// CHECK: %[[LEFT:.*]] = tensor.extract_slice %[[X:.*]][0, 2] [3, 1]
// CHECK: %[[NEXT:.*]] = tensor.extract_slice %[[X]][0, 1] [3, 1]
// CHECK: %[[RIGHT:.*]] = tensor.extract_slice %[[X]][0, 3] [3, 1]
// CHECK: tensor.concat dim(1) %[[LEFT]], %[[NEXT]], %[[X]], %[[RIGHT]]
func.func @pad_reflect(%x: tensor<3x5xf32>) -> tensor<3x8xf32> {
  %pads = onnx.constant dense<[0, 2, 0, 1]> : tensor<4xi64>
  %none = onnx.absent
  %y = onnx.pad %x, %pads, %none, %none {mode = "reflect", version = 18 : i64} : (tensor<3x5xf32>, tensor<4xi64>, none, none) -> tensor<3x8xf32>
  return %y : tensor<3x8xf32>
}

// Upsampling by an integer is a broadcast.
// CHECK-LABEL: func.func @upsample_nearest
// CHECK-NOT: kernel.constant
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<1x2x3x2x5xf32>)
// CHECK-NOT: tensor.extract
// CHECK: return
func.func @upsample_nearest(%x: tensor<1x2x3x5xf32>) -> tensor<1x2x6x10xf32> {
  %none = onnx.absent
  %scales = onnx.constant dense<[1.0, 1.0, 2.0, 2.0]> : tensor<4xf32>
  %y = onnx.node "Resize"(%x, %none, %scales) version 13 {coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"}
     : (tensor<1x2x3x5xf32>, none, tensor<4xf32>) -> tensor<1x2x6x10xf32>
  return %y : tensor<1x2x6x10xf32>
}

// A known index is a slice.
// CHECK-LABEL: func.func @gather_one
// CHECK: tensor.extract_slice %arg0[0, 4] [3, 1] [1, 1]
func.func @gather_one(%x: tensor<3x5xf32>) -> tensor<3xf32> {
  %i = onnx.constant dense<-1> : tensor<i64>
  %y = onnx.node "Gather"(%x, %i) version 13 {axis = 1 : i64} : (tensor<3x5xf32>, tensor<i64>) -> tensor<3xf32>
  return %y : tensor<3xf32>
}
