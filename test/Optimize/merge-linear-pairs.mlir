// A linear node behind another one becomes one node, where that costs no more.
// RUN: bn-opt %s --bn-merge-linear-pairs --bn-remove-dead-nodes | FileCheck %s
// RUN: bn-opt %s --bn-raise-affine --bn-merge-linear-pairs | FileCheck %s --check-prefix=FINITE

// Two channels become one, then a kernel slides over it: w = w2·w1, bias = sum(w2)·b1 + b2. No border is in the way.
// CHECK-LABEL: func.func @pointwise_first
// CHECK-DAG: %[[W:.*]] = onnx.constant dense<{{\[\[\[}}1.000000e+01, 2.000000e+01], [3.000000e+01, 6.000000e+01]]]> : tensor<1x2x2xf32>
// CHECK-DAG: %[[B:.*]] = onnx.constant dense<1.600000e+01> : tensor<1xf32> {onnx.outputs = ["b2"]}
// CHECK: %[[Y:.*]] = onnx.conv %arg0, %[[W]], %[[B]] {bn.branches = ["conv1"], bn.sources = ["bn1"], {{.*}}onnx.name = "conv2", onnx.outputs = ["y"]
// CHECK-NEXT: return %[[Y]]
func.func @pointwise_first(%x: tensor<?x2x?xf32>) -> tensor<?x1x?xf32> {
  %w1 = onnx.constant dense<[[[1.0], [3.0]]]> : tensor<1x2x1xf32>
  %w2 = onnx.constant dense<[[[10.0, 20.0]]]> : tensor<1x1x2xf32>
  %b1 = onnx.constant dense<0.5> : tensor<1xf32>
  %b2 = onnx.constant dense<1.0> : tensor<1xf32> {onnx.outputs = ["b2"]}
  %1 = onnx.conv %x, %w1, %b1 {version = 11 : i64, onnx.name = "conv1", bn.sources = ["bn1"]} : (tensor<?x2x?xf32>, tensor<1x2x1xf32>, tensor<1xf32>) -> tensor<?x1x?xf32>
  %2 = onnx.conv %1, %w2, %b2 {version = 11 : i64, onnx.name = "conv2", onnx.outputs = ["y"]} : (tensor<?x1x?xf32>, tensor<1x1x2xf32>, tensor<1xf32>) -> tensor<?x1x?xf32>
  return %2 : tensor<?x1x?xf32>
}

// Strides multiply, and taps of the second node are as far apart as the first one strides.
// CHECK-LABEL: func.func @strides
// CHECK: onnx.constant dense<{{\[\[\[}}2.000000e+01, 4.000000e+01]]]> : tensor<1x1x2xf32>
// CHECK: onnx.conv %arg0, {{.*}}dilations = array<i64: 2>, kernel_shape = array<i64: 2>, pads = array<i64: 2, 0>, strides = array<i64: 6>
// CHECK-NEXT: return
func.func @strides(%x: tensor<1x1x?xf32>) -> tensor<1x1x?xf32> {
  %w1 = onnx.constant dense<2.0> : tensor<1x1x1xf32>
  %w2 = onnx.constant dense<[[[10.0, 20.0]]]> : tensor<1x1x2xf32>
  %none = onnx.absent
  %1 = onnx.conv %x, %w1, %none {version = 11 : i64, strides = array<i64: 2>} : (tensor<1x1x?xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x?xf32>
  %2 = onnx.conv %1, %w2, %none {version = 11 : i64, strides = array<i64: 3>, pads = array<i64: 1, 0>} : (tensor<1x1x?xf32>, tensor<1x1x2xf32>, none) -> tensor<1x1x?xf32>
  return %2 : tensor<1x1x?xf32>
}

// Depthwise, then a factor per channel: depthwise.
// CHECK-LABEL: func.func @depthwise
// CHECK: onnx.constant dense<{{\[\[\[}}1.000000e+01, 2.000000e+01]], {{\[\[}}6.000000e+01, 8.000000e+01]]]> : tensor<2x1x2xf32>
// CHECK: onnx.conv {{.*}}group = 2 : i64
// CHECK-NEXT: return
func.func @depthwise(%x: tensor<1x2x5xf32>) -> tensor<1x2x4xf32> {
  %w1 = onnx.constant dense<[[[1.0, 2.0]], [[3.0, 4.0]]]> : tensor<2x1x2xf32>
  %w2 = onnx.constant dense<[[[10.0]], [[20.0]]]> : tensor<2x1x1xf32>
  %none = onnx.absent
  %1 = onnx.conv %x, %w1, %none {version = 11 : i64, group = 2 : i64} : (tensor<1x2x5xf32>, tensor<2x1x2xf32>, none) -> tensor<1x2x4xf32>
  %2 = onnx.conv %1, %w2, %none {version = 11 : i64, group = 2 : i64} : (tensor<1x2x4xf32>, tensor<2x1x1xf32>, none) -> tensor<1x2x4xf32>
  return %2 : tensor<1x2x4xf32>
}

// alpha1·W1·alpha2·W2 is kept over alpha2, beta1·c1·alpha2·W2 + beta2·c2 without beta; the first data stays transposed.
// CHECK-LABEL: func.func @gemms
// CHECK-DAG: %[[W:.*]] = onnx.constant dense<{{\[}}[1.600000e+01], [3.800000e+01]]> : tensor<2x1xf32>
// CHECK-DAG: %[[B:.*]] = onnx.constant dense<1.090000e+02> : tensor<1xf32>
// CHECK: onnx.gemm %arg0, %[[W]], %[[B]] {alpha = 2.000000e+00 : f32, {{.*}}transA = 1 : i64, version = 13 : i64} : (tensor<2x3xf32>
// CHECK-NEXT: return
func.func @gemms(%x: tensor<2x3xf32>) -> tensor<3x1xf32> {
  %w1 = onnx.constant dense<[[2.0, 6.0], [4.0, 8.0]]> : tensor<2x2xf32>
  %c1 = onnx.constant dense<[4.0, 8.0]> : tensor<2xf32>
  %w2 = onnx.constant dense<[[6.0], [5.0]]> : tensor<2x1xf32>
  %c2 = onnx.constant dense<5.0> : tensor<f32>
  %1 = onnx.gemm %x, %w1, %c1 {alpha = 0.5 : f32, beta = 0.25 : f32, transA = 1 : i64, transB = 1 : i64, version = 13 : i64} : (tensor<2x3xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  %2 = onnx.gemm %1, %w2, %c2 {alpha = 2.0 : f32, beta = 15.4 : f32, version = 13 : i64} : (tensor<3x2xf32>, tensor<2x1xf32>, tensor<f32>) -> tensor<3x1xf32>
  return %2 : tensor<3x1xf32>
}

// The Gemm takes the product's work and its name, for it has the bias.
// CHECK-LABEL: func.func @gemm_then_product
// CHECK-DAG: %[[W:.*]] = onnx.constant dense<{{\[}}[1.300000e+01], [2.900000e+01]]> : tensor<2x1xf32>
// CHECK-DAG: %[[B:.*]] = onnx.constant dense<6.100000e+01> : tensor<1xf32>
// CHECK: onnx.gemm %arg0, %[[W]], %[[B]] {{.*}}onnx.outputs = ["y"]
// CHECK-NEXT: return
func.func @gemm_then_product(%x: tensor<5x2xf32>) -> tensor<5x1xf32> {
  %w1 = onnx.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %c1 = onnx.constant dense<[2.0, 11.0]> : tensor<2xf32>
  %w2 = onnx.constant dense<[[3.0], [5.0]]> : tensor<2x1xf32>
  %1 = onnx.gemm %x, %w1, %c1 {version = 13 : i64} : (tensor<5x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<5x2xf32>
  %2 = onnx.mat_mul %1, %w2 {version = 13 : i64, onnx.outputs = ["y"]} : (tensor<5x2xf32>, tensor<2x1xf32>) -> tensor<5x1xf32>
  return %2 : tensor<5x1xf32>
}

// CHECK-LABEL: func.func @products
// CHECK: onnx.constant dense<{{\[}}[1.300000e+01], [2.900000e+01]]> : tensor<2x1xf32>
// CHECK: onnx.mat_mul %arg0, {{.*}} : (tensor<7x5x2xf32>, tensor<2x1xf32>) -> tensor<7x5x1xf32>
// CHECK-NEXT: return
func.func @products(%x: tensor<7x5x2xf32>) -> tensor<7x5x1xf32> {
  %w1 = onnx.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %w2 = onnx.constant dense<[[3.0], [5.0]]> : tensor<2x1xf32>
  %1 = onnx.mat_mul %x, %w1 {version = 13 : i64} : (tensor<7x5x2xf32>, tensor<2x2xf32>) -> tensor<7x5x2xf32>
  %2 = onnx.mat_mul %1, %w2 {version = 13 : i64} : (tensor<7x5x2xf32>, tensor<2x1xf32>) -> tensor<7x5x1xf32>
  return %2 : tensor<7x5x1xf32>
}

// CHECK-LABEL: func.func @products_on_the_left
// CHECK: onnx.constant dense<{{\[}}[1.800000e+01, 2.600000e+01]]> : tensor<1x2xf32>
// CHECK: onnx.mat_mul {{.*}}, %arg0 {{.*}} : (tensor<1x2xf32>, tensor<2x5xf32>) -> tensor<1x5xf32>
// CHECK-NEXT: return
func.func @products_on_the_left(%x: tensor<2x5xf32>) -> tensor<1x5xf32> {
  %w1 = onnx.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %w2 = onnx.constant dense<[[3.0, 5.0]]> : tensor<1x2xf32>
  %1 = onnx.mat_mul %w1, %x {version = 13 : i64} : (tensor<2x2xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  %2 = onnx.mat_mul %w2, %1 {version = 13 : i64} : (tensor<1x2xf32>, tensor<2x5xf32>) -> tensor<1x5xf32>
  return %2 : tensor<1x5xf32>
}

// The border of the second convolution is zero, not the bias of the first; nor what the first one computes behind its edge.
// CHECK-LABEL: func.func @no_padding_between
// CHECK-COUNT-4: onnx.conv
func.func @no_padding_between(%x: tensor<1x1x5xf32>) -> (tensor<1x1x5xf32>, tensor<1x1x5xf32>) {
  %w1 = onnx.constant dense<2.0> : tensor<1x1x1xf32>
  %b1 = onnx.constant dense<3.0> : tensor<1xf32>
  %w3 = onnx.constant dense<4.0> : tensor<1x1x3xf32>
  %none = onnx.absent
  %1 = onnx.conv %x, %w1, %b1 {version = 11 : i64} : (tensor<1x1x5xf32>, tensor<1x1x1xf32>, tensor<1xf32>) -> tensor<1x1x5xf32>
  %2 = onnx.conv %1, %w3, %none {version = 11 : i64, pads = array<i64: 1, 1>} : (tensor<1x1x5xf32>, tensor<1x1x3xf32>, none) -> tensor<1x1x5xf32>
  %3 = onnx.conv %x, %w3, %none {version = 11 : i64, pads = array<i64: 1, 1>} : (tensor<1x1x5xf32>, tensor<1x1x3xf32>, none) -> tensor<1x1x5xf32>
  %4 = onnx.conv %3, %w1, %none {version = 11 : i64, pads = array<i64: 1, 1>, strides = array<i64: 2>} : (tensor<1x1x5xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x5xf32>
  return %2, %4 : tensor<1x1x5xf32>, tensor<1x1x5xf32>
}

// A bottleneck: two products of 2·1 are cheaper than one of 2·2 and more. As in MobileNetV2.
// CHECK-LABEL: func.func @no_bottleneck
// CHECK-COUNT-2: onnx.conv
// CHECK-COUNT-2: onnx.mat_mul
func.func @no_bottleneck(%x: tensor<1x3x5xf32>, %z: tensor<2x3xf32>) -> (tensor<1x3x5xf32>, tensor<2x3xf32>) {
  %w1 = onnx.constant dense<2.0> : tensor<1x3x1xf32>
  %w2 = onnx.constant dense<2.0> : tensor<3x1x1xf32>
  %m1 = onnx.constant dense<2.0> : tensor<3x1xf32>
  %m2 = onnx.constant dense<2.0> : tensor<1x3xf32>
  %none = onnx.absent
  %1 = onnx.conv %x, %w1, %none {version = 11 : i64} : (tensor<1x3x5xf32>, tensor<1x3x1xf32>, none) -> tensor<1x1x5xf32>
  %2 = onnx.conv %1, %w2, %none {version = 11 : i64} : (tensor<1x1x5xf32>, tensor<3x1x1xf32>, none) -> tensor<1x3x5xf32>
  %3 = onnx.mat_mul %z, %m1 {version = 13 : i64} : (tensor<2x3xf32>, tensor<3x1xf32>) -> tensor<2x1xf32>
  %4 = onnx.mat_mul %3, %m2 {version = 13 : i64} : (tensor<2x1xf32>, tensor<1x3xf32>) -> tensor<2x3xf32>
  return %2, %4 : tensor<1x3x5xf32>, tensor<2x3xf32>
}

// The first result is an output, or another node reads it.
// CHECK-LABEL: func.func @no_other_users
// CHECK-COUNT-2: onnx.conv
// CHECK-COUNT-2: onnx.mat_mul
func.func @no_other_users(%x: tensor<1x1x5xf32>, %z: tensor<2x1xf32>) -> (tensor<1x1x5xf32>, tensor<1x1x5xf32>, tensor<2x1xf32>, tensor<2x1xf32>) {
  %w1 = onnx.constant dense<2.0> : tensor<1x1x1xf32>
  %m1 = onnx.constant dense<2.0> : tensor<1x1xf32>
  %none = onnx.absent
  %1 = onnx.conv %x, %w1, %none {version = 11 : i64} : (tensor<1x1x5xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x5xf32>
  %2 = onnx.conv %1, %w1, %none {version = 11 : i64} : (tensor<1x1x5xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x5xf32>
  %3 = onnx.mat_mul %z, %m1 {version = 13 : i64} : (tensor<2x1xf32>, tensor<1x1xf32>) -> tensor<2x1xf32>
  %4 = onnx.mat_mul %3, %m1 {version = 13 : i64} : (tensor<2x1xf32>, tensor<1x1xf32>) -> tensor<2x1xf32>
  %5 = onnx.relu %3 {version = 14 : i64} : (tensor<2x1xf32>) -> tensor<2x1xf32>
  return %1, %2, %4, %5 : tensor<1x1x5xf32>, tensor<1x1x5xf32>, tensor<2x1xf32>, tensor<2x1xf32>
}

// A bias of rows is none per channel; a product of the data's other side is no matrix of the same place.
// CHECK-LABEL: func.func @no_other_sides
// CHECK-COUNT-2: onnx.gemm
// CHECK-COUNT-2: onnx.mat_mul
func.func @no_other_sides(%x: tensor<2x2xf32>) -> (tensor<2x1xf32>, tensor<2x2xf32>) {
  %w1 = onnx.constant dense<2.0> : tensor<2x2xf32>
  %c1 = onnx.constant dense<[[1.0], [2.0]]> : tensor<2x1xf32>
  %w2 = onnx.constant dense<2.0> : tensor<2x1xf32>
  %none = onnx.absent
  %1 = onnx.gemm %x, %w1, %c1 {version = 13 : i64} : (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x2xf32>
  %2 = onnx.gemm %1, %w2, %none {version = 13 : i64} : (tensor<2x2xf32>, tensor<2x1xf32>, none) -> tensor<2x1xf32>
  %3 = onnx.mat_mul %x, %w1 {version = 13 : i64} : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %4 = onnx.mat_mul %w1, %3 {version = 13 : i64} : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %2, %4 : tensor<2x1xf32>, tensor<2x2xf32>
}

// CHECK-LABEL: func.func @no_overflow
// CHECK-COUNT-2: onnx.mat_mul
func.func @no_overflow(%x: tensor<2x1xf16>) -> tensor<2x1xf16> {
  %w1 = onnx.constant dense<3.0e2> : tensor<1x1xf16>
  %w2 = onnx.constant dense<4.0e2> : tensor<1x1xf16>
  %1 = onnx.mat_mul %x, %w1 {version = 13 : i64} : (tensor<2x1xf16>, tensor<1x1xf16>) -> tensor<2x1xf16>
  %2 = onnx.mat_mul %1, %w2 {version = 13 : i64} : (tensor<2x1xf16>, tensor<1x1xf16>) -> tensor<2x1xf16>
  return %2 : tensor<2x1xf16>
}

// The first Gemm reads infinities, of which a sum may be no number: the product of both weights would see other sums.
// FINITE-LABEL: func.func @no_pair_behind_infinities
// FINITE: bn.inference {{.*}}bn.reason = "variance-not-positive"
// FINITE: onnx.mat_mul
// FINITE: onnx.mat_mul
func.func @no_pair_behind_infinities(%x: tensor<5x2xf32>) -> tensor<5x2xf32> {
  %p = onnx.constant dense<1.0> : tensor<2xf32>
  %v = onnx.constant dense<[-1.0, 1.0]> : tensor<2xf32>
  %w = onnx.constant dense<[[1.0, 2.0], [-3.0, 4.0]]> : tensor<2x2xf32>
  %b = bn.inference %x scale %p offset %p mean %p variance %v axes [1] epsilon 1.0 : (tensor<5x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<5x2xf32>
  %1 = onnx.mat_mul %b, %w {version = 13 : i64} : (tensor<5x2xf32>, tensor<2x2xf32>) -> tensor<5x2xf32>
  %2 = onnx.mat_mul %1, %w {version = 13 : i64} : (tensor<5x2xf32>, tensor<2x2xf32>) -> tensor<5x2xf32>
  return %2 : tensor<5x2xf32>
}

// (x·W + b)·V is x·WV + bV: the shift goes behind both.
// CHECK-LABEL: func.func @shift_between
// CHECK-DAG: %[[W:.*]] = onnx.constant dense<{{.*}}1.900000e+01{{.*}}> : tensor<2x2xf32>
// CHECK: %[[P:.*]] = onnx.mat_mul %arg0, %[[W]]
// CHECK-NEXT: bn.affine %[[P]] scale [1.000000e+00, 1.000000e+00] offset [2.600000e+01, 3.000000e+01] axis 2 {onnx.outputs = ["y_shifted"]}
func.func @shift_between(%x: tensor<3x5x2xf32>) -> tensor<3x5x2xf32> {
  %w = onnx.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> {onnx.outputs = ["w"]}
  %v = onnx.constant dense<[[5.0, 6.0], [7.0, 8.0]]> : tensor<2x2xf32> {onnx.outputs = ["v"]}
  %0 = onnx.mat_mul %x, %w {version = 13 : i64} : (tensor<3x5x2xf32>, tensor<2x2xf32>) -> tensor<3x5x2xf32>
  %1 = bn.affine %0 scale [1.0, 1.0] offset [1.0, 3.0] axis 2 : tensor<3x5x2xf32>
  %2 = onnx.mat_mul %1, %v {onnx.outputs = ["y"], version = 13 : i64} : (tensor<3x5x2xf32>, tensor<2x2xf32>) -> tensor<3x5x2xf32>
  return %2 : tensor<3x5x2xf32>
}

// One product would have 25 weights where two have 10.
// CHECK-LABEL: func.func @no_narrow_shift_between
// CHECK: onnx.mat_mul
// CHECK-NEXT: bn.affine
// CHECK-NEXT: onnx.mat_mul
func.func @no_narrow_shift_between(%x: tensor<3x2x5xf32>) -> tensor<3x2x5xf32> {
  %w = onnx.constant dense<2.0> : tensor<5x1xf32> {onnx.outputs = ["w"]}
  %v = onnx.constant dense<3.0> : tensor<1x5xf32> {onnx.outputs = ["v"]}
  %0 = onnx.mat_mul %x, %w {version = 13 : i64} : (tensor<3x2x5xf32>, tensor<5x1xf32>) -> tensor<3x2x1xf32>
  %1 = bn.affine %0 scale [1.0] offset [1.0] axis 2 : tensor<3x2x1xf32>
  %2 = onnx.mat_mul %1, %v {version = 13 : i64} : (tensor<3x2x1xf32>, tensor<1x5xf32>) -> tensor<3x2x5xf32>
  return %2 : tensor<3x2x5xf32>
}
