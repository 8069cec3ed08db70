// Reductions drop their axes and put them back as ones.
// RUN: bn-opt %s --bn-convert-to-kernel --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func.func @mean
// CHECK: linalg.generic {{.*}}"parallel", "parallel", "reduction"]{{.*}} outs(%{{.*}} : tensor<2x5xf32>)
// CHECK: arith.divf %{{.*}}, %{{.*}} : f32
// CHECK: tensor.expand_shape %{{.*}} into tensor<2x1x5xf32>
func.func @mean(%x: tensor<2x3x5xf32>) -> tensor<2x1x5xf32> {
  %none = onnx.absent
  %y = onnx.reduce_mean %x, %none {axes = array<i64: -2>, version = 13 : i64} : (tensor<2x3x5xf32>, none) -> tensor<2x1x5xf32>
  return %y : tensor<2x1x5xf32>
}

// Before version 13 softmax works along all axes from `axis` on.
// CHECK-LABEL: func.func @softmax_11
// CHECK: linalg.generic {{.*}}"parallel", "reduction", "reduction"]
// CHECK: arith.maximumf
// CHECK: math.exp
func.func @softmax_11(%x: tensor<2x3x5xf32>) -> tensor<2x3x5xf32> {
  %y = onnx.node "Softmax"(%x) version 11 : (tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
  return %y : tensor<2x3x5xf32>
}

// Whole rows are one kernel.
// CHECK-LABEL: func.func @softmax_of_rows
// CHECK: tensor.collapse_shape %arg0 {{\[\[}}0, 1], [2]]
// CHECK: kernel.softmax {{.*}} (tensor<6x49xf32>, tensor<6x49xf32>) -> tensor<6x49xf32>
func.func @softmax_of_rows(%x: tensor<2x3x49xf32>) -> tensor<2x3x49xf32> {
  %y = onnx.node "Softmax"(%x) version 13 {axis = -1 : i64} : (tensor<2x3x49xf32>) -> tensor<2x3x49xf32>
  return %y : tensor<2x3x49xf32>
}

// Their elements are not side by side.
// CHECK-LABEL: func.func @no_rows_across_memory
// CHECK-NOT: kernel.softmax
// CHECK: return
func.func @no_rows_across_memory(%x: tensor<2x49x3xf32>) -> tensor<2x49x3xf32> {
  %y = onnx.node "Softmax"(%x) version 13 {axis = 1 : i64} : (tensor<2x49x3xf32>) -> tensor<2x49x3xf32>
  return %y : tensor<2x49x3xf32>
}

// Parameters that are known now become two constants.
// CHECK-LABEL: func.func @known_batch_normalization
// CHECK-DAG: %[[A:.*]] = kernel.constant dense<[5.000000e-01, 1.000000e+00, 2.000000e+00]> : tensor<3xf32>
// CHECK-DAG: %[[B:.*]] = kernel.constant dense<[-5.000000e-01, -2.000000e+00, -6.000000e+00]> : tensor<3xf32>
// CHECK: linalg.generic {{.*}} ins(%arg0, %[[A]], %[[B]] : tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
func.func @known_batch_normalization(%x: tensor<2x3x5xf32>) -> tensor<2x3x5xf32> {
  %m = onnx.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %v = onnx.constant dense<[3.0, 0.0, -0.75]> : tensor<3xf32>
  %y = bn.inference %x mean %m variance %v axes [1] epsilon 1.0 : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
  return %y : tensor<2x3x5xf32>
}

// The parameters, which are few, are combined in double.
// CHECK-LABEL: func.func @batch_normalization
// CHECK: arith.addf %{{.*}} : f64
// CHECK: math.sqrt %{{.*}} : f64
// CHECK: arith.truncf %{{.*}} : f64 to f32
// CHECK: linalg.generic {{.*}} ins(%arg0, %{{.*}}, %{{.*}} : tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
func.func @batch_normalization(%x: tensor<2x3x5xf32>, %m: tensor<3xf32>, %v: tensor<3xf32>) -> tensor<2x3x5xf32> {
  %y = bn.inference %x mean %m variance %v axes [1] epsilon 1.0e-5 : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
  return %y : tensor<2x3x5xf32>
}

// Nothing is left to run along: every dimension is reduced.
// CHECK-LABEL: func.func @max_of_all
// CHECK: linalg.generic {{.*}}"reduction", "reduction"]
// CHECK-SAME: outs(%{{.*}} : tensor<f32>)
func.func @max_of_all(%x: tensor<2x3xf32>) -> tensor<1x1xf32> {
  %y = onnx.node "ReduceMax"(%x) version 13 : (tensor<2x3xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// The first of equal elements: a minimum over candidates, which vectors can take.
// CHECK-LABEL: func.func @arg_max
// CHECK: %[[LAST:.*]] = arith.constant 4 : i32
// CHECK: arith.maximumf
// CHECK: %[[BEST:.*]] = arith.ori
// CHECK: %[[CANDIDATE:.*]] = arith.select %[[BEST]], %{{.*}}, %[[LAST]] : i32
// CHECK: arith.minsi %[[CANDIDATE]], %out : i32
func.func @arg_max(%x: tensor<3x5xf32>) -> tensor<3xi64> {
  %y = onnx.node "ArgMax"(%x) version 13 {axis = 1 : i64, keepdims = 0 : i64} : (tensor<3x5xf32>) -> tensor<3xi64>
  return %y : tensor<3xi64>
}
