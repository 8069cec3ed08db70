// Weights of every float type, parameters of another one, and what half precision cannot hold.
// RUN: bn-opt %s --bn-raise-affine --bn-absorb-affine --bn-restore-affine --bn-remove-dead-nodes | FileCheck %s

// 2/√(3+1) = 1 and 6/√(8+1) = 2; the offset in the type of the weight.
// CHECK-LABEL: func.func @half_with_single_parameters
// CHECK: onnx.constant dense<{{\[}}{{\[}}[5.000000e-01]], {{\[}}[1.000000e+00]]]> : tensor<2x1x1xf16> {onnx.outputs = ["w"]}
// CHECK: onnx.constant dense<{{\[}}1.000000e+00, 1.500000e+00]> : tensor<2xf16> {onnx.outputs = ["w_bias"]}
// CHECK-NOT: = bn.inference
func.func @half_with_single_parameters(%x: tensor<?x1x5xf16>) -> tensor<?x2x5xf16> {
  %w = onnx.constant dense<0.5> : tensor<2x1x1xf16> {onnx.outputs = ["w"]}
  %none = onnx.absent
  %g = onnx.constant dense<[2.0, 6.0]> : tensor<2xf32>
  %b = onnx.constant dense<[1.0, 1.5]> : tensor<2xf32>
  %m = onnx.constant dense<0.0> : tensor<2xf32>
  %v = onnx.constant dense<[3.0, 8.0]> : tensor<2xf32>
  %0 = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<?x1x5xf16>, tensor<2x1x1xf16>, none) -> tensor<?x2x5xf16>
  %y = bn.inference %0 scale %g offset %b mean %m variance %v axes [1] epsilon 1.0
     : (tensor<?x2x5xf16>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2x5xf16>
  return %y : tensor<?x2x5xf16>
}

// No half can be as large as this variance, but the scale is small all the same.
// CHECK-LABEL: func.func @variance_beyond_half
// CHECK: onnx.constant dense<{{.*}}> : tensor<2x1x1xf16>
// CHECK-NOT: = bn.inference
func.func @variance_beyond_half(%x: tensor<?x1x5xf16>) -> tensor<?x2x5xf16> {
  %w = onnx.constant dense<0.5> : tensor<2x1x1xf16> {onnx.outputs = ["w"]}
  %none = onnx.absent
  %m = onnx.constant dense<1.0> : tensor<2xf32>
  %v = onnx.constant dense<[1.0e+6, 4.0]> : tensor<2xf32>
  %0 = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<?x1x5xf16>, tensor<2x1x1xf16>, none) -> tensor<?x2x5xf16>
  %y = bn.inference %0 mean %m variance %v axes [1] epsilon 0.0 : (tensor<?x2x5xf16>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2x5xf16>
  return %y : tensor<?x2x5xf16>
}

// CHECK-LABEL: func.func @brain_float
// CHECK: onnx.constant dense<1.000000e+00> : tensor<2x1x1xbf16>
// CHECK-NOT: = bn.inference
func.func @brain_float(%x: tensor<?x1x5xbf16>) -> tensor<?x2x5xbf16> {
  %w = onnx.constant dense<0.5> : tensor<2x1x1xbf16> {onnx.outputs = ["w"]}
  %none = onnx.absent
  %m = onnx.constant dense<1.0> : tensor<2xbf16>
  %v = onnx.constant dense<0.25> : tensor<2xbf16>
  %0 = onnx.conv %x, %w, %none {version = 22 : i64} : (tensor<?x1x5xbf16>, tensor<2x1x1xbf16>, none) -> tensor<?x2x5xbf16>
  %y = bn.inference %0 mean %m variance %v axes [1] epsilon 0.0 : (tensor<?x2x5xbf16>, tensor<2xbf16>, tensor<2xbf16>) -> tensor<?x2x5xbf16>
  return %y : tensor<?x2x5xbf16>
}

// CHECK-LABEL: func.func @double
// CHECK: onnx.constant dense<1.000000e+00> : tensor<2x1x1xf64>
// CHECK-NOT: = bn.inference
func.func @double(%x: tensor<?x1x5xf64>) -> tensor<?x2x5xf64> {
  %w = onnx.constant dense<0.5> : tensor<2x1x1xf64> {onnx.outputs = ["w"]}
  %none = onnx.absent
  %m = onnx.constant dense<1.0> : tensor<2xf64>
  %v = onnx.constant dense<0.25> : tensor<2xf64>
  %0 = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<?x1x5xf64>, tensor<2x1x1xf64>, none) -> tensor<?x2x5xf64>
  %y = bn.inference %0 mean %m variance %v axes [1] epsilon 0.0 : (tensor<?x2x5xf64>, tensor<2xf64>, tensor<2xf64>) -> tensor<?x2x5xf64>
  return %y : tensor<?x2x5xf64>
}

// A weight of 1000·100 is no half.
// CHECK-LABEL: func.func @no_overflow
// CHECK: bn.inference {{.*}}bn.reason = "overflow"
func.func @no_overflow(%x: tensor<?x1x5xf16>) -> tensor<?x2x5xf16> {
  %w = onnx.constant dense<1000.0> : tensor<2x1x1xf16> {onnx.outputs = ["w"]}
  %none = onnx.absent
  %m = onnx.constant dense<0.0> : tensor<2xf16>
  %v = onnx.constant dense<1.0e-4> : tensor<2xf16>
  %0 = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<?x1x5xf16>, tensor<2x1x1xf16>, none) -> tensor<?x2x5xf16>
  %y = bn.inference %0 mean %m variance %v axes [1] epsilon 0.0 : (tensor<?x2x5xf16>, tensor<2xf16>, tensor<2xf16>) -> tensor<?x2x5xf16>
  return %y : tensor<?x2x5xf16>
}

// A variance above 65504 that was stored as half has become infinite.
// CHECK-LABEL: func.func @no_infinite_variance
// CHECK: bn.inference {{.*}}bn.reason = "non-finite"
func.func @no_infinite_variance(%x: tensor<?x1x5xf16>) -> tensor<?x2x5xf16> {
  %w = onnx.constant dense<1.0> : tensor<2x1x1xf16> {onnx.outputs = ["w"]}
  %none = onnx.absent
  %m = onnx.constant dense<0.0> : tensor<2xf16>
  %v = onnx.constant dense<[1.0, 0x7C00]> : tensor<2xf16>
  %0 = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<?x1x5xf16>, tensor<2x1x1xf16>, none) -> tensor<?x2x5xf16>
  %y = bn.inference %0 mean %m variance %v axes [1] epsilon 0.0 : (tensor<?x2x5xf16>, tensor<2xf16>, tensor<2xf16>) -> tensor<?x2x5xf16>
  return %y : tensor<?x2x5xf16>
}
