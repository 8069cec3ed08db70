// Inputs and outputs become buffers of the caller.
// RUN: bn-opt --bn-bind-arguments -split-input-file -verify-diagnostics %s | FileCheck %s

// An input is read in place, a result is written where the caller wants it.
// CHECK: module attributes {kernel.inputs = 1 : i64, kernel.outputs = 1 : i64}
// CHECK-LABEL: func.func @model(%arg0: memref<2x3xf32>, %arg1: memref<3x2xf32>)
// CHECK: %[[X:.*]] = bufferization.to_tensor %arg0 restrict
// CHECK: %[[Y:.*]] = linalg.transpose ins(%[[X]]
// CHECK: bufferization.materialize_in_destination %[[Y]] in restrict writable %arg1
// CHECK: return{{$}}
func.func @transpose(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
  %empty = tensor.empty() : tensor<3x2xf32>
  %y = linalg.transpose ins(%x : tensor<2x3xf32>) outs(%empty : tensor<3x2xf32>) permutation = [1, 0]
  return %y : tensor<3x2xf32>
}

// -----

// What computes a result in another shape writes through a view of the caller's buffer.
// CHECK-LABEL: func.func @model(%arg0: memref<2x3xf32>, %arg1: memref<6xf32>, %arg2: memref<3x1x2xf32>)
// CHECK-DAG: %[[FLAT:.*]] = memref.expand_shape %arg1 {{.*}} output_shape [3, 2]
// CHECK-DAG: %[[LONG:.*]] = memref.collapse_shape %arg2
// CHECK: %[[Y:.*]] = linalg.transpose
// CHECK: bufferization.materialize_in_destination %[[Y]] in restrict writable %[[FLAT]]
// CHECK: bufferization.materialize_in_destination %[[Y]] in restrict writable %[[LONG]]
func.func @reshaped(%x: tensor<2x3xf32>) -> (tensor<6xf32>, tensor<3x1x2xf32>) {
  %empty = tensor.empty() : tensor<3x2xf32>
  %y = linalg.transpose ins(%x : tensor<2x3xf32>) outs(%empty : tensor<3x2xf32>) permutation = [1, 0]
  %flat = tensor.collapse_shape %y [[0, 1]] : tensor<3x2xf32> into tensor<6xf32>
  %long = tensor.expand_shape %y [[0, 1], [2]] output_shape [3, 1, 2] : tensor<3x2xf32> into tensor<3x1x2xf32>
  return %flat, %long : tensor<6xf32>, tensor<3x1x2xf32>
}

// -----

// expected-error@+1 {{expected tensors of static shape, got 'tensor<?xf32>'}}
func.func @no_dynamic_shape(%x: tensor<?xf32>) -> tensor<?xf32> {
  return %x : tensor<?xf32>
}
