// An affine goes into the scales of quantized weights; the integers stay.
// RUN: bn-opt %s --bn-scale-quantized --bn-remove-dead-nodes | FileCheck %s

// The one scale becomes one for each channel, and so does the zero point; the negative channel is mirrored at it: 2·1 − 3 = −1.
// CHECK-LABEL: func.func @per_tensor
// CHECK-DAG: %[[Q:.*]] = onnx.constant dense<{{\[}}{{\[}}[3], [-4]], {{\[}}[-1], [6]]]> : tensor<2x2x1xi8> {onnx.outputs = ["q"]}
// CHECK-DAG: %[[S:.*]] = onnx.constant dense<{{\[}}1.000000e+00, 1.500000e+00]> : tensor<2xf32> {onnx.outputs = ["s"]}
// CHECK-DAG: %[[Z:.*]] = onnx.constant dense<1> : tensor<2xi8> {onnx.outputs = ["z"]}
// CHECK: %[[W:.*]] = onnx.node "DequantizeLinear"(%[[Q]], %[[S]], %[[Z]]) version 13 {axis = 0 : i64}
// CHECK: %[[B:.*]] = onnx.constant dense<{{\[}}2.500000e-01, 1.000000e+00]> : tensor<2xf32> {onnx.outputs = ["q_bias"]}
// CHECK: %[[C:.*]] = onnx.conv %arg0, %[[W]], %[[B]] {bn.sources = ["norm"], bn.weights_error = 0.000000e+00 : f64, onnx.outputs = ["y"]
// CHECK-NEXT: return %[[C]]
func.func @per_tensor(%x: tensor<?x2x5xf32>) -> tensor<?x2x5xf32> {
  %q = onnx.constant dense<[[[3], [-4]], [[3], [-4]]]> : tensor<2x2x1xi8> {onnx.outputs = ["q"]}
  %s = onnx.constant dense<0.5> : tensor<f32> {onnx.outputs = ["s"]}
  %z = onnx.constant dense<1> : tensor<i8> {onnx.outputs = ["z"]}
  %none = onnx.absent
  %w = onnx.node "DequantizeLinear"(%q, %s, %z) version 13 : (tensor<2x2x1xi8>, tensor<f32>, tensor<i8>) -> tensor<2x2x1xf32>
  %0 = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<?x2x5xf32>, tensor<2x2x1xf32>, none) -> tensor<?x2x5xf32>
  %1 = bn.affine %0 scale [2.0, -3.0] offset [0.25, 1.0] axis 1 {onnx.outputs = ["y"], bn.sources = ["norm"]} : tensor<?x2x5xf32>
  return %1 : tensor<?x2x5xf32>
}

// A zero point of one element is spread as well.
// CHECK-LABEL: func.func @zero_point_in_a_list
// CHECK-DAG: onnx.constant dense<{{\[}}1.000000e+00, 1.500000e+00]> : tensor<2xf32> {onnx.outputs = ["s"]}
// CHECK-DAG: onnx.constant dense<1> : tensor<2xi8> {onnx.outputs = ["z"]}
func.func @zero_point_in_a_list(%x: tensor<?x2x5xf32>) -> tensor<?x2x5xf32> {
  %q = onnx.constant dense<[[[3], [-4]], [[3], [-4]]]> : tensor<2x2x1xi8> {onnx.outputs = ["q"]}
  %s = onnx.constant dense<0.5> : tensor<1xf32> {onnx.outputs = ["s"]}
  %z = onnx.constant dense<1> : tensor<1xi8> {onnx.outputs = ["z"]}
  %none = onnx.absent
  %w = onnx.node "DequantizeLinear"(%q, %s, %z) version 13 : (tensor<2x2x1xi8>, tensor<1xf32>, tensor<1xi8>) -> tensor<2x2x1xf32>
  %0 = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<?x2x5xf32>, tensor<2x2x1xf32>, none) -> tensor<?x2x5xf32>
  %1 = bn.affine %0 scale [2.0, 3.0] offset [0.0, 0.0] axis 1 : tensor<?x2x5xf32>
  return %1 : tensor<?x2x5xf32>
}

// One channel needs no axis, which DequantizeLinear before version 13 does not have.
// CHECK-LABEL: func.func @one_channel
// CHECK: onnx.node "DequantizeLinear"({{.*}}) version 10 :
// CHECK-NOT: bn.affine
func.func @one_channel(%x: tensor<?x2x5xf32>) -> tensor<?x1x5xf32> {
  %q = onnx.constant dense<[[[3], [-4]]]> : tensor<1x2x1xi8> {onnx.outputs = ["q"]}
  %s = onnx.constant dense<0.5> : tensor<1xf32> {onnx.outputs = ["s"]}
  %none = onnx.absent
  %w = onnx.node "DequantizeLinear"(%q, %s) version 10 : (tensor<1x2x1xi8>, tensor<1xf32>) -> tensor<1x2x1xf32>
  %0 = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<?x2x5xf32>, tensor<1x2x1xf32>, none) -> tensor<?x1x5xf32>
  %1 = bn.affine %0 scale [2.0] offset [0.0] axis 1 : tensor<?x1x5xf32>
  return %1 : tensor<?x1x5xf32>
}

// A quantized bias becomes a float: 4·2·0.5 + 1, and 6·2·0.5 + 1. One scale is enough where the affine has one.
// CHECK-LABEL: func.func @quantized_bias
// CHECK-DAG: onnx.constant dense<1.000000e+00> : tensor<f32> {onnx.outputs = ["s"]}
// CHECK: onnx.node "DequantizeLinear"({{.*}}) version 10 :
// CHECK: onnx.constant dense<{{\[}}5.000000e+00, 7.000000e+00]> : tensor<2xf32>
// CHECK-NOT: DequantizeLinear
// CHECK-NOT: bn.affine
func.func @quantized_bias(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %q = onnx.constant dense<[[3, -4], [5, 6]]> : tensor<2x2xi8> {onnx.outputs = ["q"]}
  %s = onnx.constant dense<0.5> : tensor<f32> {onnx.outputs = ["s"]}
  %p = onnx.constant dense<[4, 6]> : tensor<2xi32> {onnx.outputs = ["p"]}
  %t = onnx.constant dense<0.5> : tensor<f32> {onnx.outputs = ["t"]}
  %w = onnx.node "DequantizeLinear"(%q, %s) version 10 : (tensor<2x2xi8>, tensor<f32>) -> tensor<2x2xf32>
  %b = onnx.node "DequantizeLinear"(%p, %t) version 10 : (tensor<2xi32>, tensor<f32>) -> tensor<2xf32>
  %0 = onnx.gemm %x, %w, %b {version = 11 : i64} : (tensor<3x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  %1 = bn.affine %0 scale [2.0, 2.0] offset [1.0, 1.0] axis 1 : tensor<3x2xf32>
  return %1 : tensor<3x2xf32>
}

// −128 has no mirror image.
// CHECK-LABEL: func.func @no_mirror
// CHECK: bn.affine {{.*}}bn.reason = "quantized"
func.func @no_mirror(%x: tensor<?x1x5xf32>) -> tensor<?x2x5xf32> {
  %q = onnx.constant dense<[[[3]], [[-128]]]> : tensor<2x1x1xi8>
  %s = onnx.constant dense<0.5> : tensor<f32>
  %none = onnx.absent
  %w = onnx.node "DequantizeLinear"(%q, %s) version 13 : (tensor<2x1x1xi8>, tensor<f32>) -> tensor<2x1x1xf32>
  %0 = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<?x1x5xf32>, tensor<2x1x1xf32>, none) -> tensor<?x2x5xf32>
  %1 = bn.affine %0 scale [2.0, -3.0] offset [0.0, 0.0] axis 1 : tensor<?x2x5xf32>
  return %1 : tensor<?x2x5xf32>
}

// Before version 13 all weights share a scale.
// CHECK-LABEL: func.func @no_axis_yet
// CHECK: bn.affine {{.*}}bn.reason = "quantized"
func.func @no_axis_yet(%x: tensor<?x1x5xf32>) -> tensor<?x2x5xf32> {
  %q = onnx.constant dense<[[[3]], [[4]]]> : tensor<2x1x1xi8>
  %s = onnx.constant dense<0.5> : tensor<f32>
  %none = onnx.absent
  %w = onnx.node "DequantizeLinear"(%q, %s) version 10 : (tensor<2x1x1xi8>, tensor<f32>) -> tensor<2x1x1xf32>
  %0 = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<?x1x5xf32>, tensor<2x1x1xf32>, none) -> tensor<?x2x5xf32>
  %1 = bn.affine %0 scale [2.0, 3.0] offset [0.0, 0.0] axis 1 : tensor<?x2x5xf32>
  return %1 : tensor<?x2x5xf32>
}

// CHECK-LABEL: func.func @no_scales_along_inputs
// CHECK: bn.affine {{.*}}bn.reason = "quantized"
func.func @no_scales_along_inputs(%x: tensor<?x2x5xf32>) -> tensor<?x2x5xf32> {
  %q = onnx.constant dense<3> : tensor<2x2x1xi8>
  %s = onnx.constant dense<[0.5, 0.25]> : tensor<2xf32>
  %none = onnx.absent
  %w = onnx.node "DequantizeLinear"(%q, %s) version 13 {axis = 1 : i64} : (tensor<2x2x1xi8>, tensor<2xf32>) -> tensor<2x2x1xf32>
  %0 = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<?x2x5xf32>, tensor<2x2x1xf32>, none) -> tensor<?x2x5xf32>
  %1 = bn.affine %0 scale [2.0, 3.0] offset [0.0, 0.0] axis 1 : tensor<?x2x5xf32>
  return %1 : tensor<?x2x5xf32>
}

// CHECK-LABEL: func.func @no_other_readers
// CHECK: bn.affine {{.*}}bn.reason = "weights-shared"
// CHECK: bn.affine {{.*}}bn.reason = "weights-shared"
func.func @no_other_readers(%x: tensor<?x2x5xf32>) -> tensor<?x2x5xf32> {
  %q = onnx.constant dense<3> : tensor<2x2x1xi8>
  %s = onnx.constant dense<0.5> : tensor<f32>
  %none = onnx.absent
  %w = onnx.node "DequantizeLinear"(%q, %s) version 13 : (tensor<2x2x1xi8>, tensor<f32>) -> tensor<2x2x1xf32>
  %0 = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<?x2x5xf32>, tensor<2x2x1xf32>, none) -> tensor<?x2x5xf32>
  %1 = bn.affine %0 scale [2.0, 3.0] offset [0.0, 0.0] axis 1 : tensor<?x2x5xf32>
  %2 = onnx.conv %1, %w, %none {version = 11 : i64} : (tensor<?x2x5xf32>, tensor<2x2x1xf32>, none) -> tensor<?x2x5xf32>
  %3 = bn.affine %2 scale [2.0, 3.0] offset [0.0, 0.0] axis 1 : tensor<?x2x5xf32>
  return %3 : tensor<?x2x5xf32>
}
