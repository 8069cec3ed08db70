// RUN: bn-opt %s --bn-use-bfloat16 --split-input-file | FileCheck %s
// RUN: bn-opt %s --bn-lower=bfloat16=true --split-input-file | FileCheck %s --check-prefix=PIPELINE
// RUN: bn-opt %s --bn-lower --split-input-file | FileCheck %s --check-prefix=DEFAULT
// PIPELINE: bf16
// DEFAULT-NOT: bf16

// Rounded to the nearest, a half to even: 1.01171875 lies between two, 2.625 is exact. Rows of input channels lie in pairs, and the last
// channel's partner is read, too. What comes behind the sums stays f32.
// CHECK-LABEL: func @conv
// CHECK: %[[W:.*]] = kernel.constant dense<{{\[\[\[\[\[\[}}1.015630e+00, 3.000000e+00, 2.625000e+00, 4.000000e+00]]]]]]> : tensor<1x1x1x1x1x4xbf16>
// CHECK: %[[H:.*]] = linalg.generic {{.*}} ins(%arg0 : tensor<1x1x5x7x2xf32>)
// CHECK: arith.truncf {{.*}} : f32 to bf16
// CHECK: kernel.conv %[[H]], %[[W]] bias %arg1 with(%arg2) {{.*}} channels 2
// CHECK-NEXT: ^bb0(%{{.*}}: f32, %{{.*}}: f32):
// CHECK: (tensor<1x1x5x7x2xbf16>, tensor<1x1x1x1x1x4xbf16>, tensor<1x2xf32>, tensor<1x1x5x7x2xf32>, tensor<1x1x5x7x2xf32>)
func.func @conv(%x: tensor<1x1x5x7x2xf32>, %b: tensor<1x2xf32>, %s: tensor<1x1x5x7x2xf32>) -> tensor<1x1x5x7x2xf32> {
  %w = kernel.constant dense<[[[[[[1.01171875, 2.625], [3.0, 4.0]]]]]]> : tensor<1x1x1x1x2x2xf32>
  %e = tensor.empty() : tensor<1x1x5x7x2xf32>
  %y = kernel.conv %x, %w bias %b with(%s) outs(%e) channels 1 epilogue {
  ^bb0(%acc: f32, %a: f32):
    %sum = arith.addf %acc, %a : f32
    kernel.yield %sum : f32
  } : (tensor<1x1x5x7x2xf32>, tensor<1x1x1x1x2x2xf32>, tensor<1x2xf32>, tensor<1x1x5x7x2xf32>, tensor<1x1x5x7x2xf32>) -> tensor<1x1x5x7x2xf32>
  return %y : tensor<1x1x5x7x2xf32>
}

// -----

// Three rows are two pairs, the last with a zero.
// CHECK-LABEL: func @matmul
// CHECK: %[[W:.*]] = kernel.constant dense<{{\[\[\[}}1.000000e+00, 3.000000e+00, 2.000000e+00, 4.000000e+00], [5.000000e+00, 0.000000e+00, 6.000000e+00, 0.000000e+00]]]> : tensor<1x2x4xbf16>
// CHECK: %[[P:.*]] = tensor.pad %{{.*}} low[0, 0] high[0, 1]
// CHECK: kernel.matmul %[[P]], %[[W]]
// CHECK-SAME: (tensor<5x4xbf16>, tensor<1x2x4xbf16>, tensor<5x2xf32>) -> tensor<5x2xf32>
func.func @matmul(%x: tensor<5x3xf32>) -> tensor<5x2xf32> {
  %w = kernel.constant dense<[[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]]> : tensor<1x3x2xf32>
  %e = tensor.empty() : tensor<5x2xf32>
  %y = kernel.matmul %x, %w outs(%e) {packed} : (tensor<5x3xf32>, tensor<1x3x2xf32>, tensor<5x2xf32>) -> tensor<5x2xf32>
  return %y : tensor<5x2xf32>
}

// -----

// PIPELINE-LABEL: func @no_unknown_weights
// CHECK-LABEL: func @no_unknown_weights
// CHECK-NOT: bf16
// CHECK: return
func.func @no_unknown_weights(%x: tensor<5x3xf32>, %w: tensor<1x3x2xf32>) -> tensor<5x2xf32> {
  %e = tensor.empty() : tensor<5x2xf32>
  %y = kernel.matmul %x, %w outs(%e) {packed} : (tensor<5x3xf32>, tensor<1x3x2xf32>, tensor<5x2xf32>) -> tensor<5x2xf32>
  return %y : tensor<5x2xf32>
}

// -----

// Channels in planes lie too far apart to be in one lane.
// CHECK-LABEL: func @no_planes
// CHECK-NOT: bf16
// CHECK: return
func.func @no_planes(%x: tensor<1x1x5x7xf32>) -> tensor<1x1x5x7x2xf32> {
  %w = kernel.constant dense<[[[[[[1.0, 2.0], [3.0, 4.0]]]]]]> : tensor<1x1x1x1x2x2xf32>
  %e = tensor.empty() : tensor<1x1x5x7x2xf32>
  %y = kernel.conv %x, %w outs(%e) channels 1
    : (tensor<1x1x5x7xf32>, tensor<1x1x1x1x2x2xf32>, tensor<1x1x5x7x2xf32>) -> tensor<1x1x5x7x2xf32>
  return %y : tensor<1x1x5x7x2xf32>
}

// -----

// Rounded, the weight would be infinite.
// CHECK-LABEL: func @no_huge_weight
// CHECK-NOT: bf16
// CHECK: return
func.func @no_huge_weight(%x: tensor<5x2xf32>) -> tensor<5x2xf32> {
  %w = kernel.constant dense<[[[1.0, 3.4e38], [3.0, 4.0]]]> : tensor<1x2x2xf32>
  %e = tensor.empty() : tensor<5x2xf32>
  %y = kernel.matmul %x, %w outs(%e) {packed} : (tensor<5x2xf32>, tensor<1x2x2xf32>, tensor<5x2xf32>) -> tensor<5x2xf32>
  return %y : tensor<5x2xf32>
}

// -----

// Winograd's products stay f32.
// CHECK-LABEL: func @no_matrix_for_each_position
// CHECK-NOT: bf16
// CHECK: return
func.func @no_matrix_for_each_position(%x: tensor<3x5x2xf32>) -> tensor<3x5x2xf32> {
  %w = kernel.constant dense<1.5> : tensor<3x1x2x2xf32>
  %e = tensor.empty() : tensor<3x5x2xf32>
  %y = kernel.matmul %x, %w outs(%e) {packed} : (tensor<3x5x2xf32>, tensor<3x1x2x2xf32>, tensor<3x5x2xf32>) -> tensor<3x5x2xf32>
  return %y : tensor<3x5x2xf32>
}
