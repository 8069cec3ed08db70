// Convolutions, matrix products and pooling without a kernel of their own.
// RUN: bn-opt %s --bn-convert-to-kernel=plain=true --canonicalize --cse | FileCheck %s

// The group is a loop; the padding covers just what the last window reads.
// CHECK-LABEL: func.func @grouped_1d
// CHECK: tensor.pad %arg0 low[0, 0, 1] high[0, 0, 0]
// CHECK: linalg.generic {{.*}}"parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]
// CHECK: arith.mulf
func.func @grouped_1d(%x: tensor<2x6x8xf32>, %w: tensor<4x3x3xf32>) -> tensor<2x4x4xf32> {
  %none = onnx.absent
  %y = onnx.conv %x, %w, %none {group = 2 : i64, strides = array<i64: 2>, pads = array<i64: 1, 1>, version = 11 : i64}
     : (tensor<2x6x8xf32>, tensor<4x3x3xf32>, none) -> tensor<2x4x4xf32>
  return %y : tensor<2x4x4xf32>
}

// A batch of one repeats: its dimension is dropped from the operand.
// CHECK-LABEL: func.func @matmul_broadcast
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %arg1 : tensor<5x7xf32>, tensor<3x7x11xf32>) outs(%{{.*}} : tensor<3x5x11xf32>)
func.func @matmul_broadcast(%a: tensor<1x5x7xf32>, %b: tensor<3x7x11xf32>) -> tensor<3x5x11xf32> {
  %y = onnx.mat_mul %a, %b {version = 13 : i64} : (tensor<1x5x7xf32>, tensor<3x7x11xf32>) -> tensor<3x5x11xf32>
  return %y : tensor<3x5x11xf32>
}

// Zeros between the elements, then a convolution with the mirrored filter.
// CHECK-LABEL: func.func @transposed
// CHECK: arith.remui
// CHECK: tensor.extract %arg0
// CHECK: arith.select
// CHECK: linalg.generic
func.func @transposed(%x: tensor<1x2x3x5xf32>, %w: tensor<2x4x2x2xf32>) -> tensor<1x4x6x10xf32> {
  %none = onnx.absent
  %y = onnx.conv_transpose %x, %w, %none {strides = array<i64: 2, 2>, version = 11 : i64}
     : (tensor<1x2x3x5xf32>, tensor<2x4x2x2xf32>, none) -> tensor<1x4x6x10xf32>
  return %y : tensor<1x4x6x10xf32>
}

// Counts that differ at the border are a table.
// CHECK-LABEL: func.func @average
// CHECK: dense<[2.000000e+00, 3.000000e+00, 3.000000e+00, 3.000000e+00, 2.000000e+00]>
// CHECK: arith.divf
func.func @average(%x: tensor<1x2x5xf32>) -> tensor<1x2x5xf32> {
  %y = onnx.average_pool %x {kernel_shape = array<i64: 3>, pads = array<i64: 1, 1>, version = 11 : i64} : (tensor<1x2x5xf32>) -> tensor<1x2x5xf32>
  return %y : tensor<1x2x5xf32>
}
