// A clipped affine is a HardSigmoid where its range goes to the readers, and x·HardSigmoid(x) a HardSwish.
// RUN: bn-opt %s --bn-recognize-activations --bn-remove-dead-nodes -split-input-file | FileCheck %s

module attributes {onnx.opset_imports = {ai.onnx = 12 : i64}} {
// The spelling of Paddle: x·clip(x + 3, 0, 6)/6.
// CHECK-LABEL: func.func @hard_swish_before_opset_14
// CHECK-NEXT: %[[H:.*]] = onnx.node "HardSigmoid"(%arg0) version 6 {alpha = 0.166666672 : f32, beta = 5.000000e-01 : f32} attributes {onnx.name = "clip", onnx.outputs = ["c"]}
// CHECK-NEXT: %[[M:.*]] = onnx.mul %arg0, %[[H]]
// CHECK-NEXT: bn.affine %[[M]] scale [1.000000e+00, 1.000000e+00] offset [0.000000e+00, 0.000000e+00]
func.func @hard_swish_before_opset_14(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %zero = onnx.constant dense<0.0> : tensor<f32>
  %six = onnx.constant dense<6.0> : tensor<f32>
  %a = bn.affine %x scale [1.0, 1.0] offset [3.0, 3.0] axis 1 : tensor<1x2xf32>
  %c = onnx.node "Clip"(%a, %zero, %six) version 12 attributes {onnx.name = "clip", onnx.outputs = ["c"]} : (tensor<1x2xf32>, tensor<f32>, tensor<f32>) -> tensor<1x2xf32>
  %m = onnx.mul %x, %c {version = 7 : i64} : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  %y = bn.affine %m scale [0.16666666666666666, 0.16666666666666666] offset [0.0, 0.0] axis 1 : tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// Any slope and bounds that leave the reader one node: low goes into its shift.
// CHECK-LABEL: func.func @other_bounds
// CHECK-NEXT: %[[H:.*]] = onnx.node "HardSigmoid"(%arg0) version 6 {alpha = 5.000000e-01 : f32, beta = 2.500000e-01 : f32}
// CHECK-NEXT: bn.affine %[[H]] scale [1.200000e+01, 2.000000e+01] offset [-2.000000e+00, 7.000000e+00]
func.func @other_bounds(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %low = onnx.constant dense<-1.0> : tensor<f32>
  %high = onnx.constant dense<3.0> : tensor<f32>
  %a = bn.affine %x scale [2.0, 2.0] offset [0.0, 0.0] axis 1 : tensor<1x2xf32>
  %c = onnx.node "Clip"(%a, %low, %high) version 12 : (tensor<1x2xf32>, tensor<f32>, tensor<f32>) -> tensor<1x2xf32>
  %y = bn.affine %c scale [3.0, 5.0] offset [1.0, 12.0] axis 1 : tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// The readers would need a node for the range.
// CHECK-LABEL: func.func @no_gain
// CHECK: onnx.node "Clip"
func.func @no_gain(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %zero = onnx.constant dense<0.0> : tensor<f32>
  %six = onnx.constant dense<6.0> : tensor<f32>
  %a = bn.affine %x scale [1.0, 1.0] offset [3.0, 3.0] axis 1 : tensor<1x2xf32>
  %c = onnx.node "Clip"(%a, %zero, %six) version 12 : (tensor<1x2xf32>, tensor<f32>, tensor<f32>) -> tensor<1x2xf32>
  %y = onnx.node "Exp"(%c) version 6 : (tensor<1x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// HardSigmoid has one slope for all channels, and one bound does not make it.
// CHECK-LABEL: func.func @no_channels
// CHECK-COUNT-2: onnx.node "Clip"
func.func @no_channels(%x: tensor<1x2xf32>) -> (tensor<1x2xf32>, tensor<1x2xf32>) {
  %zero = onnx.constant dense<0.0> : tensor<f32>
  %six = onnx.constant dense<6.0> : tensor<f32>
  %none = onnx.absent
  %a = bn.affine %x scale [1.0, 2.0] offset [3.0, 3.0] axis 1 : tensor<1x2xf32>
  %c = onnx.node "Clip"(%a, %zero, %six) version 12 : (tensor<1x2xf32>, tensor<f32>, tensor<f32>) -> tensor<1x2xf32>
  %y = bn.affine %c scale [3.0, 5.0] offset [1.0, 12.0] axis 1 : tensor<1x2xf32>
  %b = bn.affine %x scale [1.0, 1.0] offset [3.0, 3.0] axis 1 : tensor<1x2xf32>
  %d = onnx.node "Clip"(%b, %zero, %none) version 12 : (tensor<1x2xf32>, tensor<f32>, none) -> tensor<1x2xf32>
  %z = bn.affine %d scale [3.0, 5.0] offset [1.0, 12.0] axis 1 : tensor<1x2xf32>
  return %y, %z : tensor<1x2xf32>, tensor<1x2xf32>
}

// Runtimes have no HardSigmoid of double precision.
// CHECK-LABEL: func.func @no_double
// CHECK: onnx.node "Clip"
func.func @no_double(%x: tensor<1x2xf64>) -> tensor<1x2xf64> {
  %zero = onnx.constant dense<0.0> : tensor<f64>
  %six = onnx.constant dense<6.0> : tensor<f64>
  %a = bn.affine %x scale [1.0, 1.0] offset [3.0, 3.0] axis 1 : tensor<1x2xf64>
  %c = onnx.node "Clip"(%a, %zero, %six) version 12 : (tensor<1x2xf64>, tensor<f64>, tensor<f64>) -> tensor<1x2xf64>
  %y = bn.affine %c scale [3.0, 5.0] offset [1.0, 12.0] axis 1 : tensor<1x2xf64>
  return %y : tensor<1x2xf64>
}

// CHECK-LABEL: func.func @no_hard_swish_yet
// CHECK: onnx.mul
func.func @no_hard_swish_yet(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %h = onnx.node "HardSigmoid"(%x) version 6 {alpha = 0.166666672 : f32, beta = 5.000000e-01 : f32} : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %y = onnx.mul %x, %h {version = 7 : i64} : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}
}

// -----

module attributes {onnx.opset_imports = {ai.onnx = 17 : i64}} {
// CHECK-LABEL: func.func @hard_swish
// CHECK-NEXT: onnx.node "HardSwish"(%arg0) version 14 attributes {onnx.name = "mul", onnx.outputs = ["y"]}
func.func @hard_swish(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %h = onnx.node "HardSigmoid"(%x) version 6 {alpha = 0.166666672 : f32, beta = 5.000000e-01 : f32} : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %y = onnx.mul %h, %x {onnx.name = "mul", onnx.outputs = ["y"], version = 14 : i64} : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// The slope of Keras is another one; and another value is no x.
// CHECK-LABEL: func.func @no_other_slope
// CHECK-COUNT-2: onnx.mul
func.func @no_other_slope(%x: tensor<1x2xf32>, %z: tensor<1x2xf32>) -> (tensor<1x2xf32>, tensor<1x2xf32>) {
  %h = onnx.node "HardSigmoid"(%x) version 6 {alpha = 0.200000003 : f32, beta = 5.000000e-01 : f32} : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %y = onnx.mul %h, %x {version = 14 : i64} : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  %g = onnx.node "HardSigmoid"(%x) version 6 {alpha = 0.166666672 : f32, beta = 5.000000e-01 : f32} : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %w = onnx.mul %g, %z {version = 14 : i64} : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  return %y, %w : tensor<1x2xf32>, tensor<1x2xf32>
}
}
