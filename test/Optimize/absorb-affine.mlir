// An affine goes into the weights of the linear node before it: w' = a·w, bias' = a·bias + b, per output channel.
// RUN: bn-opt %s --bn-absorb-affine --bn-remove-dead-nodes | FileCheck %s

// No bias before, one after, named after the weight; the node keeps its name and takes the name of the result.
// CHECK-LABEL: func.func @conv
// CHECK: %[[W:.*]] = onnx.constant dense<{{\[\[\[}}2.000000e+00, 4.000000e+00]], {{\[\[}}9.000000e+00, 1.200000e+01]]]> : tensor<2x1x2xf32> {onnx.outputs = ["c.weight"]}
// CHECK: %[[B:.*]] = onnx.constant dense<[1.000000e-01, 0.000000e+00]> : tensor<2xf32> {onnx.outputs = ["c.bias"]}
// CHECK: onnx.conv %arg0, %[[W]], %[[B]] {bn.sources = ["bn1"], bn.weight_range = array<f64: 1.000000e+00, 4.000000e+00, 2.000000e+00, 1.200000e+01>, bn.weights_error = 1.4901161138336505E-9 : f64, onnx.name = "conv1", onnx.outputs = ["y"]
func.func @conv(%x: tensor<?x1x5xf32>) -> tensor<?x2x4xf32> {
  %w = onnx.constant dense<[[[1.0, 2.0]], [[3.0, 4.0]]]> : tensor<2x1x2xf32> {onnx.outputs = ["c.weight"]}
  %none = onnx.absent
  %c = onnx.conv %x, %w, %none {version = 11 : i64, onnx.name = "conv1", onnx.outputs = ["c"]} : (tensor<?x1x5xf32>, tensor<2x1x2xf32>, none) -> tensor<?x2x4xf32>
  %y = bn.affine %c scale [2.0, 3.0] offset [0.1, 0.0] axis 1 {bn.sources = ["bn1"], onnx.outputs = ["y"]} : tensor<?x2x4xf32>
  return %y : tensor<?x2x4xf32>
}

// Depthwise, with a bias: each group is one channel.
// CHECK-LABEL: func.func @depthwise
// CHECK: onnx.constant dense<{{\[\[\[\[}}2.000000e+00]]], {{\[\[\[}}-6.000000e+00]]]]> : tensor<2x1x1x1xf64>
// CHECK: onnx.constant dense<[2.500000e+01, -5.900000e+01]> : tensor<2xf64> {onnx.outputs = ["b"]}
func.func @depthwise(%x: tensor<1x2x3x5xf64>) -> tensor<1x2x3x5xf64> {
  %w = onnx.constant dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf64>
  %b = onnx.constant dense<[10.0, 20.0]> : tensor<2xf64> {onnx.outputs = ["b"]}
  %c = onnx.conv %x, %w, %b {group = 2 : i64, version = 11 : i64} : (tensor<1x2x3x5xf64>, tensor<2x1x1x1xf64>, tensor<2xf64>) -> tensor<1x2x3x5xf64>
  %y = bn.affine %c scale [2.0, -3.0] offset [5.0, 1.0] axis 1 : tensor<1x2x3x5xf64>
  return %y : tensor<1x2x3x5xf64>
}

// The weight has another reader: it is copied, under a new name. It may come through an Identity node.
// CHECK-LABEL: func.func @shared_weight
// CHECK-DAG: %[[OLD:.*]] = onnx.constant dense<1.000000e+00> : tensor<1x1x1xf32> {onnx.outputs = ["w"]}
// CHECK-DAG: %[[NEW:.*]] = onnx.constant dense<2.000000e+00> : tensor<1x1x1xf32> {bn.version_of = "w", onnx.outputs = ["w_folded"]}
// CHECK: onnx.conv %arg0, %[[OLD]]
// CHECK: onnx.conv %arg0, %[[NEW]]
func.func @shared_weight(%x: tensor<1x1x3xf32>) -> (tensor<1x1x3xf32>, tensor<1x1x3xf32>) {
  %w = onnx.constant dense<1.0> : tensor<1x1x1xf32> {onnx.outputs = ["w"]}
  %same = onnx.identity %w {version = 14 : i64} : (tensor<1x1x1xf32>) -> tensor<1x1x1xf32>
  %none = onnx.absent
  %a = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x3xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x3xf32>
  %c = onnx.conv %x, %same, %none {version = 11 : i64} : (tensor<1x1x3xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x3xf32>
  %y = bn.affine %c scale [2.0] offset [0.0] axis 1 : tensor<1x1x3xf32>
  return %a, %y : tensor<1x1x3xf32>, tensor<1x1x3xf32>
}

// A second copy of the shared weight would take more than the affine does.
// CHECK-LABEL: func.func @no_shared_large_weight
// CHECK: bn.affine {{.*}} {bn.reason = "weights-shared"
func.func @no_shared_large_weight(%x: tensor<1x53x3xf32>) -> (tensor<1x2x3xf32>, tensor<1x2x3xf32>) {
  %w = onnx.constant dense<1.0> : tensor<2x53x1xf32>
  %none = onnx.absent
  %a = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x53x3xf32>, tensor<2x53x1xf32>, none) -> tensor<1x2x3xf32>
  %c = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x53x3xf32>, tensor<2x53x1xf32>, none) -> tensor<1x2x3xf32>
  %y = bn.affine %c scale [2.0, 3.0] offset [0.0, 0.0] axis 1 : tensor<1x2x3xf32>
  return %a, %y : tensor<1x2x3xf32>, tensor<1x2x3xf32>
}

// A shift alone leaves the weight untouched.
// CHECK-LABEL: func.func @shift
// CHECK: onnx.constant dense<3.000000e+00> : tensor<1x1x1xf32> {onnx.outputs = ["w"]}
// CHECK: onnx.constant dense<7.000000e+00> : tensor<1xf32> {onnx.outputs = ["w_bias"]}
func.func @shift(%x: tensor<1x1x3xf32>) -> tensor<1x1x3xf32> {
  %w = onnx.constant dense<3.0> : tensor<1x1x1xf32> {onnx.outputs = ["w"]}
  %none = onnx.absent
  %c = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x3xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x3xf32>
  %y = bn.affine %c scale [1.0] offset [7.0] axis 1 : tensor<1x1x3xf32>
  return %y : tensor<1x1x3xf32>
}

// Two groups of one input and two output channels each: the channels count on from group to group.
// CHECK-LABEL: func.func @conv_transpose
// CHECK: onnx.constant dense<{{\[\[\[}}1.000000e+01], [2.000000e+02]], {{\[\[}}3.000000e+03], [4.000000e+04]]]> : tensor<2x2x1xf32>
// CHECK: onnx.constant dense<[1.000000e+00, 2.000000e+00, 3.000000e+00, 4.000000e+00]> : tensor<4xf32>
func.func @conv_transpose(%x: tensor<1x2x3xf32>) -> tensor<1x4x3xf32> {
  %w = onnx.constant dense<[[[1.0], [2.0]], [[3.0], [4.0]]]> : tensor<2x2x1xf32>
  %none = onnx.absent
  %c = onnx.conv_transpose %x, %w, %none {group = 2 : i64, version = 11 : i64} : (tensor<1x2x3xf32>, tensor<2x2x1xf32>, none) -> tensor<1x4x3xf32>
  %y = bn.affine %c scale [1.0e1, 1.0e2, 1.0e3, 1.0e4] offset [1.0, 2.0, 3.0, 4.0] axis 1 : tensor<1x4x3xf32>
  return %y : tensor<1x4x3xf32>
}

// alpha stays with the weight, beta goes into the bias.
// CHECK-LABEL: func.func @gemm
// CHECK: onnx.constant dense<{{\[}}[1.000000e+01, 2.000000e+02], [3.000000e+01, 4.000000e+02]]> : tensor<2x2xf32>
// CHECK: onnx.constant dense<[3.100000e+01, 8.020000e+02]> : tensor<2xf32>
// CHECK: onnx.gemm {{.*}} {alpha = 5.000000e-01 : f32, bn.weight_range
func.func @gemm(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %w = onnx.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %b = onnx.constant dense<[6.0, 16.0]> : tensor<2xf32>
  %c = onnx.gemm %x, %w, %b {alpha = 0.5 : f32, beta = 0.5 : f32, version = 13 : i64} : (tensor<3x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  %y = bn.affine %c scale [1.0e1, 1.0e2] offset [1.0, 2.0] axis 1 : tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// Transposed weight; a bias of one number becomes a vector, one of rows keeps its shape.
// CHECK-LABEL: func.func @gemm_transposed
// CHECK: onnx.constant dense<{{\[}}[1.000000e+01, 2.000000e+01], [3.000000e+02, 4.000000e+02]]> : tensor<2x2xf32>
// CHECK: onnx.constant dense<[2.100000e+01, 2.020000e+02]> : tensor<2xf32>
func.func @gemm_transposed(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %w = onnx.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %b = onnx.constant dense<2.0> : tensor<f32>
  %c = onnx.gemm %x, %w, %b {transB = 1 : i64, version = 13 : i64} : (tensor<3x2xf32>, tensor<2x2xf32>, tensor<f32>) -> tensor<3x2xf32>
  %y = bn.affine %c scale [1.0e1, 1.0e2] offset [1.0, 2.0] axis 1 : tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// CHECK-LABEL: func.func @gemm_bias_rows
// CHECK: onnx.constant dense<{{\[}}[1.100000e+01, 2.020000e+02], [3.100000e+01, 4.020000e+02]]> : tensor<2x2xf32>
func.func @gemm_bias_rows(%x: tensor<2x1xf32>) -> tensor<2x2xf32> {
  %w = onnx.constant dense<1.0> : tensor<1x2xf32>
  %b = onnx.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %c = onnx.gemm %x, %w, %b {version = 13 : i64} : (tensor<2x1xf32>, tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %y = bn.affine %c scale [1.0e1, 1.0e2] offset [1.0, 2.0] axis 1 : tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// A MatMul has no bias: the shift stays behind it.
// CHECK-LABEL: func.func @mat_mul
// CHECK: %[[W:.*]] = onnx.constant dense<{{\[}}[1.000000e+01, 2.000000e+02], [3.000000e+01, 4.000000e+02]]> : tensor<2x2xf32>
// CHECK: %[[P:.*]] = onnx.mat_mul %arg0, %[[W]] {bn.sources = ["bn1"], {{.*}}onnx.outputs = ["p"]
// CHECK: bn.affine %[[P]] scale [1.000000e+00, 1.000000e+00] offset [1.000000e+00, 2.000000e+00] axis 2 {bn.reason = "no-bias", {{.*}}bn.sources = ["bn1"], onnx.outputs = ["y"]}
func.func @mat_mul(%x: tensor<5x3x2xf32>) -> tensor<5x3x2xf32> {
  %w = onnx.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %c = onnx.mat_mul %x, %w {version = 13 : i64, onnx.outputs = ["p"]} : (tensor<5x3x2xf32>, tensor<2x2xf32>) -> tensor<5x3x2xf32>
  %y = bn.affine %c scale [1.0e1, 1.0e2] offset [1.0, 2.0] axis 2 {bn.sources = ["bn1"], onnx.outputs = ["y"]} : tensor<5x3x2xf32>
  return %y : tensor<5x3x2xf32>
}

// The constant on the left rules the rows of the result.
// CHECK-LABEL: func.func @mat_mul_left
// CHECK: onnx.constant dense<{{\[}}[1.000000e+01, 2.000000e+01], [3.000000e+02, 4.000000e+02]]> : tensor<2x2xf32>
// CHECK-NOT: bn.affine
func.func @mat_mul_left(%x: tensor<5x2x3xf32>) -> tensor<5x2x3xf32> {
  %w = onnx.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %c = onnx.mat_mul %w, %x {version = 13 : i64} : (tensor<2x2xf32>, tensor<5x2x3xf32>) -> tensor<5x2x3xf32>
  %y = bn.affine %c scale [1.0e1, 1.0e2] offset [0.0, 0.0] axis 1 : tensor<5x2x3xf32>
  return %y : tensor<5x2x3xf32>
}

// Inside a subgraph, with weights of the graph around it.
// CHECK-LABEL: func.func @subgraph
// CHECK: onnx.node "If"
// CHECK-NEXT: %[[C:.*]] = onnx.conv
// CHECK-NEXT: onnx.yield %[[C]]
func.func @subgraph(%x: tensor<1x1x3xf32>, %p: tensor<i1>) -> tensor<1x1x3xf32> {
  %w = onnx.constant dense<3.0> : tensor<1x1x1xf32>
  %none = onnx.absent
  %y = onnx.node "If"(%p) version 16 graphs [{attribute = "then_branch", inputs = [], proto = ""}, {attribute = "else_branch", inputs = [], proto = ""}] {
    %c = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x3xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x3xf32>
    %a = bn.affine %c scale [2.0] offset [7.0] axis 1 : tensor<1x1x3xf32>
    onnx.yield %a : tensor<1x1x3xf32>
  }, {
    onnx.yield %x : tensor<1x1x3xf32>
  } : (tensor<i1>) -> tensor<1x1x3xf32>
  return %y : tensor<1x1x3xf32>
}

// CHECK-LABEL: func.func @no_other_user
// CHECK: bn.affine {{.*}}bn.reason = "producer-has-other-users"
func.func @no_other_user(%x: tensor<1x1x3xf32>) -> tensor<1x1x3xf32> {
  %w = onnx.constant dense<3.0> : tensor<1x1x1xf32>
  %none = onnx.absent
  %c = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x3xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x3xf32>
  %a = bn.affine %c scale [2.0] offset [7.0] axis 1 : tensor<1x1x3xf32>
  %y = onnx.add %a, %c {version = 14 : i64} : (tensor<1x1x3xf32>, tensor<1x1x3xf32>) -> tensor<1x1x3xf32>
  return %y : tensor<1x1x3xf32>
}

// CHECK-LABEL: func.func @no_graph_output
// CHECK: bn.affine {{.*}}bn.reason = "graph-output"
func.func @no_graph_output(%x: tensor<1x1x3xf32>) -> (tensor<1x1x3xf32>, tensor<1x1x3xf32>) {
  %w = onnx.constant dense<3.0> : tensor<1x1x1xf32>
  %none = onnx.absent
  %c = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x3xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x3xf32>
  %a = bn.affine %c scale [2.0] offset [7.0] axis 1 : tensor<1x1x3xf32>
  return %c, %a : tensor<1x1x3xf32>, tensor<1x1x3xf32>
}

// CHECK-LABEL: func.func @no_constant_weight
// CHECK: bn.affine {{.*}}bn.reason = "weights-not-constant"
func.func @no_constant_weight(%x: tensor<1x1x3xf32>, %w: tensor<1x1x1xf32>) -> tensor<1x1x3xf32> {
  %none = onnx.absent
  %c = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x3xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x3xf32>
  %a = bn.affine %c scale [2.0] offset [7.0] axis 1 : tensor<1x1x3xf32>
  return %a : tensor<1x1x3xf32>
}

// One number becomes a bias of 53: that is more than its Add takes.
// CHECK-LABEL: func.func @no_large_new_bias
// CHECK: bn.affine {{.*}}bn.reason = "bytes-grow"
func.func @no_large_new_bias(%x: tensor<1x1x3xf32>) -> tensor<1x53x3xf32> {
  %w = onnx.constant dense<3.0> : tensor<53x1x1xf32> {onnx.outputs = ["w"]}
  %none = onnx.absent
  %c = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x3xf32>, tensor<53x1x1xf32>, none) -> tensor<1x53x3xf32>
  %a = bn.affine %c scale [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0] offset [7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0] axis 1 : tensor<1x53x3xf32>
  return %a : tensor<1x53x3xf32>
}

// CHECK-LABEL: func.func @no_constant_bias
// CHECK: bn.affine {{.*}}bn.reason = "bias-not-per-channel"
func.func @no_constant_bias(%x: tensor<1x1x3xf32>, %b: tensor<1xf32>) -> tensor<1x1x3xf32> {
  %w = onnx.constant dense<3.0> : tensor<1x1x1xf32>
  %c = onnx.conv %x, %w, %b {version = 11 : i64} : (tensor<1x1x3xf32>, tensor<1x1x1xf32>, tensor<1xf32>) -> tensor<1x1x3xf32>
  %a = bn.affine %c scale [2.0] offset [7.0] axis 1 : tensor<1x1x3xf32>
  return %a : tensor<1x1x3xf32>
}

// A bias by row becomes one by element, where that is no larger than the affine.
// CHECK-LABEL: func.func @gemm_bias_column
// CHECK: onnx.constant dense<{{\[\[}}1.100000e+01, 1.020000e+02], [2.100000e+01, 2.020000e+02], [3.100000e+01, 3.020000e+02]]>
// CHECK-NOT: bn.affine
func.func @gemm_bias_column(%x: tensor<3x1xf32>) -> tensor<3x2xf32> {
  %w = onnx.constant dense<1.0> : tensor<1x2xf32>
  %b = onnx.constant dense<[[1.0], [2.0], [3.0]]> : tensor<3x1xf32>
  %c = onnx.gemm %x, %w, %b {version = 13 : i64} : (tensor<3x1xf32>, tensor<1x2xf32>, tensor<3x1xf32>) -> tensor<3x2xf32>
  %a = bn.affine %c scale [1.0e1, 1.0e2] offset [1.0, 2.0] axis 1 : tensor<3x2xf32>
  return %a : tensor<3x2xf32>
}

// CHECK-LABEL: func.func @no_long_gemm_bias_column
// CHECK: bn.affine {{.*}}bn.reason = "bytes-grow"
func.func @no_long_gemm_bias_column(%x: tensor<53x1xf32>) -> tensor<53x2xf32> {
  %w = onnx.constant dense<1.0> : tensor<1x2xf32>
  %b = onnx.constant dense<1.0> : tensor<53x1xf32>
  %c = onnx.gemm %x, %w, %b {version = 13 : i64} : (tensor<53x1xf32>, tensor<1x2xf32>, tensor<53x1xf32>) -> tensor<53x2xf32>
  %a = bn.affine %c scale [1.0e1, 1.0e2] offset [1.0, 2.0] axis 1 : tensor<53x2xf32>
  return %a : tensor<53x2xf32>
}

// The right side comes from a convolution: it takes the scale of the columns, the bias of the product the rest.
// CHECK-LABEL: func.func @gemm_of_values
// CHECK-DAG: onnx.constant dense<{{\[\[\[}}2.000000e+00]], {{\[\[}}4.000000e+00]], {{\[\[}}8.000000e+00]]]>
// CHECK-DAG: onnx.constant dense<[3.000000e+00, 9.000000e+00, 2.700000e+01]> : tensor<3xf32>
// CHECK-NOT: bn.affine
func.func @gemm_of_values(%x: tensor<5x1x1xf32>) -> tensor<2x3xf32> {
  %k = onnx.constant dense<1.0> : tensor<3x1x1xf32>
  %none = onnx.absent
  %c = onnx.conv %x, %k, %none {version = 11 : i64} : (tensor<5x1x1xf32>, tensor<3x1x1xf32>, none) -> tensor<5x3x1xf32>
  %f = onnx.node "Flatten"(%c) version 13 attributes {axis = 1 : i64} : (tensor<5x3x1xf32>) -> tensor<5x3xf32>
  %w = onnx.constant dense<1.0> : tensor<2x5xf32>
  %b = onnx.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %g = onnx.gemm %w, %f, %b {version = 13 : i64} : (tensor<2x5xf32>, tensor<5x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %a = bn.affine %g scale [2.0, 4.0, 8.0] offset [1.0, 1.0, 3.0] axis 1 : tensor<2x3xf32>
  return %a : tensor<2x3xf32>
}

// The parameters vary along the width, the weights along the channels.
// CHECK-LABEL: func.func @no_other_axis
// CHECK: bn.affine {{.*}}bn.reason = "axis-mismatch"
func.func @no_other_axis(%x: tensor<1x1x3xf32>) -> tensor<1x1x3xf32> {
  %w = onnx.constant dense<3.0> : tensor<1x1x1xf32>
  %none = onnx.absent
  %c = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x3xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x3xf32>
  %a = bn.affine %c scale [2.0, 3.0, 4.0] offset [7.0, 7.0, 7.0] axis 2 : tensor<1x1x3xf32>
  return %a : tensor<1x1x3xf32>
}

// 60000·2 is no half.
// CHECK-LABEL: func.func @no_overflow
// CHECK: bn.affine {{.*}}bn.reason = "overflow"
func.func @no_overflow(%x: tensor<1x1x3xf16>) -> tensor<1x1x3xf16> {
  %w = onnx.constant dense<60000.0> : tensor<1x1x1xf16>
  %none = onnx.absent
  %c = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x3xf16>, tensor<1x1x1xf16>, none) -> tensor<1x1x3xf16>
  %a = bn.affine %c scale [2.0] offset [7.0] axis 1 : tensor<1x1x3xf16>
  return %a : tensor<1x1x3xf16>
}

// What is averaged may have been as large as a half can be.
// CHECK-LABEL: func.func @no_half_average
// CHECK: bn.affine {{.*}}bn.reason = "overflow"
func.func @no_half_average(%x: tensor<1x1x3xf16>) -> tensor<1x1x1xf16> {
  %w = onnx.constant dense<3.0> : tensor<1x1x1xf16>
  %none = onnx.absent
  %c = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x3xf16>, tensor<1x1x1xf16>, none) -> tensor<1x1x3xf16>
  %m = onnx.node "GlobalAveragePool"(%c) version 1 : (tensor<1x1x3xf16>) -> tensor<1x1x1xf16>
  %a = bn.affine %m scale [2.0] offset [7.0] axis 1 : tensor<1x1x1xf16>
  return %a : tensor<1x1x1xf16>
}

// A scale up to 1 makes nothing larger.
// CHECK-LABEL: func.func @half_average
// CHECK-NOT: bn.affine
func.func @half_average(%x: tensor<1x1x3xf16>) -> tensor<1x1x1xf16> {
  %w = onnx.constant dense<3.0> : tensor<1x1x1xf16>
  %none = onnx.absent
  %c = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x3xf16>, tensor<1x1x1xf16>, none) -> tensor<1x1x3xf16>
  %m = onnx.node "GlobalAveragePool"(%c) version 1 : (tensor<1x1x3xf16>) -> tensor<1x1x1xf16>
  %a = bn.affine %m scale [0.5] offset [7.0] axis 1 : tensor<1x1x1xf16>
  return %a : tensor<1x1x1xf16>
}

// The product with y would be of numbers that the scale made small before.
// CHECK-LABEL: func.func @no_half_product
// CHECK: bn.affine {{.*}}bn.reason_behind = "overflow"
func.func @no_half_product(%x: tensor<1x1x3xf16>, %y: tensor<1x1x3xf16>) -> tensor<1x1x3xf16> {
  %w = onnx.constant dense<3.0> : tensor<1x1x1xf16>
  %none = onnx.absent
  %a = bn.affine %x scale [0.5] offset [0.0] axis 1 : tensor<1x1x3xf16>
  %p = onnx.mul %a, %y {version = 14 : i64} : (tensor<1x1x3xf16>, tensor<1x1x3xf16>) -> tensor<1x1x3xf16>
  %c = onnx.conv %p, %w, %none {version = 11 : i64} : (tensor<1x1x3xf16>, tensor<1x1x1xf16>, none) -> tensor<1x1x3xf16>
  return %c : tensor<1x1x3xf16>
}

// CHECK-LABEL: func.func @no_relu_between
// CHECK: bn.affine {{.*}}bn.reason = "nonlinear-between"
func.func @no_relu_between(%x: tensor<1x1x3xf32>) -> tensor<1x1x3xf32> {
  %w = onnx.constant dense<3.0> : tensor<1x1x1xf32>
  %none = onnx.absent
  %c = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x3xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x3xf32>
  %r = onnx.relu %c {version = 14 : i64} : (tensor<1x1x3xf32>) -> tensor<1x1x3xf32>
  %a = bn.affine %r scale [2.0] offset [7.0] axis 1 : tensor<1x1x3xf32>
  return %a : tensor<1x1x3xf32>
}

// CHECK-LABEL: func.func @no_producer
// CHECK: bn.affine {{.*}}bn.reason = "no-producer"
func.func @no_producer(%x: tensor<1x1x3xf32>) -> tensor<1x1x3xf32> {
  %a = bn.affine %x scale [2.0] offset [7.0] axis 1 : tensor<1x1x3xf32>
  return %a : tensor<1x1x3xf32>
}

// Two versions of the weights do not fit where one was, and a scale alone is not worth it.
// CHECK-LABEL: func.func @no_room_for_shared_weights
// CHECK: onnx.conv %arg0, %[[W:[a-z0-9_]+]],
// CHECK: bn.affine
// CHECK: onnx.conv %arg0, %[[W]],
func.func @no_room_for_shared_weights(%x: tensor<1x2x9xf32>) -> (tensor<1x2x5xf32>, tensor<1x2x5xf32>) attributes {bn.bytes_before = 40 : i64} {
  %w = onnx.constant dense<0.5> : tensor<2x2x5xf32> {onnx.outputs = ["w"]}
  %none = onnx.absent
  %0 = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x2x9xf32>, tensor<2x2x5xf32>, none) -> tensor<1x2x5xf32>
  %1 = bn.affine %0 scale [2.0, 3.0] offset [0.0, 0.0] axis 1 : tensor<1x2x5xf32>
  %2 = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x2x9xf32>, tensor<2x2x5xf32>, none) -> tensor<1x2x5xf32>
  return %1, %2 : tensor<1x2x5xf32>, tensor<1x2x5xf32>
}

// A dense block. Both parts of what the BatchNormalization reads have another reader, which wants them as they are, so that nothing
// before it can take it; the ReLU lets a scale pass that is not negative, but no shift. Something has to add the shifts of
// eight channels here, and no node does less than one: as many nodes as this are the fewest.
// CHECK-LABEL: func.func @no_dense_block
// CHECK: bn.affine {{.*}} {bn.reason = "producer-has-other-users", bn.reason_behind = "nonlinear-between"}
func.func @no_dense_block(%x: tensor<1x4x3x3xf32>, %y: tensor<1x4x3x3xf32>) -> (tensor<1x4x3x3xf32>, tensor<1x8x3x3xf32>) {
  %w = onnx.constant dense<1.0> : tensor<4x4x1x1xf32>
  %v = onnx.constant dense<1.0> : tensor<4x8x1x1xf32>
  %none = onnx.absent
  %p = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x4x3x3xf32>, tensor<4x4x1x1xf32>, none) -> tensor<1x4x3x3xf32>
  %q = onnx.conv %y, %w, %none {version = 11 : i64} : (tensor<1x4x3x3xf32>, tensor<4x4x1x1xf32>, none) -> tensor<1x4x3x3xf32>
  %c = onnx.concat %p, %q {axis = 1 : i64, version = 13 : i64} : (tensor<1x4x3x3xf32>, tensor<1x4x3x3xf32>) -> tensor<1x8x3x3xf32>
  %a = bn.affine %c scale [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0] offset [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0] axis 1 : tensor<1x8x3x3xf32>
  %r = onnx.relu %a {version = 14 : i64} : (tensor<1x8x3x3xf32>) -> tensor<1x8x3x3xf32>
  %z = onnx.conv %r, %v, %none {version = 11 : i64, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x8x3x3xf32>, tensor<4x8x1x1xf32>, none) -> tensor<1x4x3x3xf32>
  %next = onnx.concat %p, %q {axis = 1 : i64, version = 13 : i64} : (tensor<1x4x3x3xf32>, tensor<1x4x3x3xf32>) -> tensor<1x8x3x3xf32>
  return %z, %next : tensor<1x4x3x3xf32>, tensor<1x8x3x3xf32>
}

// The shift would become the convolution's bias and leave a Mul for the scale, whose node has the name of the BatchNormalization.
// CHECK-LABEL: func.func @no_room_for_name
// CHECK: bn.affine {{.*}} standing_for
func.func @no_room_for_name(%x: tensor<1x2x9xf32>) -> (tensor<1x2x5xf32>, tensor<1x2x5xf32>) attributes {bn.bytes_before = 280 : i64} {
  %w = onnx.constant dense<0.5> : tensor<2x2x5xf32> {onnx.outputs = ["w"]}
  %p = onnx.constant dense<[1.0, 2.0]> : tensor<2xf32> {onnx.outputs = ["p"]}
  %none = onnx.absent
  %0 = onnx.conv %x, %w, %none {onnx.outputs = ["a"], version = 11 : i64} : (tensor<1x2x9xf32>, tensor<2x2x5xf32>, none) -> tensor<1x2x5xf32>
  %1 = bn.affine %0 scale [2.0, 3.0] offset [1.0, 2.0] axis 1 standing_for {
  ^bb0(%y: tensor<1x2x5xf32>):
    %3 = bn.inference %y scale %p offset %p mean %p variance %p axes [1] epsilon 1.0e-5 {onnx.name = "a long and telling name", onnx.outputs = ["b"]} : (tensor<1x2x5xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x5xf32>
    onnx.yield %3 : tensor<1x2x5xf32>
  } {onnx.outputs = ["b"]} : tensor<1x2x5xf32>
  %2 = onnx.conv %x, %w, %p {onnx.outputs = ["c"], version = 11 : i64} : (tensor<1x2x9xf32>, tensor<2x2x5xf32>, tensor<2xf32>) -> tensor<1x2x5xf32>
  return %1, %2 : tensor<1x2x5xf32>, tensor<1x2x5xf32>
}

// A network that runs on two images: both fold the same, and there is one new weight and one bias for both.
// CHECK-LABEL: func.func @twins
// CHECK-NOT: bn.affine
// CHECK: onnx.conv %arg0, %[[W:[a-z0-9_]+]], %[[B:[a-z0-9_]+]]
// CHECK: onnx.conv %arg1, %[[W]], %[[B]]
func.func @twins(%x: tensor<1x2x9xf32>, %y: tensor<1x2x9xf32>) -> (tensor<1x2x5xf32>, tensor<1x2x5xf32>) attributes {bn.bytes_before = 40 : i64} {
  %w = onnx.constant dense<0.5> : tensor<2x2x5xf32> {onnx.outputs = ["w"]}
  %none = onnx.absent
  %0 = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x2x9xf32>, tensor<2x2x5xf32>, none) -> tensor<1x2x5xf32>
  %1 = bn.affine %0 scale [2.0, 3.0] offset [1.0, 2.0] axis 1 : tensor<1x2x5xf32>
  %2 = onnx.conv %y, %w, %none {version = 11 : i64} : (tensor<1x2x9xf32>, tensor<2x2x5xf32>, none) -> tensor<1x2x5xf32>
  %3 = bn.affine %2 scale [2.0, 3.0] offset [1.0, 2.0] axis 1 : tensor<1x2x5xf32>
  return %1, %3 : tensor<1x2x5xf32>, tensor<1x2x5xf32>
}

// The weight is the bias as well: each node counts once.
// CHECK-LABEL: func.func @twins_with_one_constant
// CHECK-NOT: bn.affine
// CHECK: onnx.gemm %arg0, %[[W:[a-z0-9_]+]], %[[B:[a-z0-9_]+]]
// CHECK: onnx.gemm %arg1, %[[W]], %[[B]]
func.func @twins_with_one_constant(%x: tensor<3x1xf32>, %y: tensor<3x1xf32>) -> (tensor<3x2xf32>, tensor<3x2xf32>) attributes {bn.bytes_before = 80 : i64} {
  %w = onnx.constant dense<[[0.5, 0.25]]> : tensor<1x2xf32> {onnx.outputs = ["w"]}
  %0 = onnx.gemm %x, %w, %w {version = 13 : i64} : (tensor<3x1xf32>, tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<3x2xf32>
  %1 = bn.affine %0 scale [2.0, 3.0] offset [1.0, 2.0] axis 1 : tensor<3x2xf32>
  %2 = onnx.gemm %y, %w, %w {version = 13 : i64} : (tensor<3x1xf32>, tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<3x2xf32>
  %3 = bn.affine %2 scale [2.0, 3.0] offset [1.0, 2.0] axis 1 : tensor<3x2xf32>
  return %1, %3 : tensor<3x2xf32>, tensor<3x2xf32>
}

// Here the second one folds something else.
// CHECK-LABEL: func.func @no_twins
// CHECK-COUNT-2: bn.affine
func.func @no_twins(%x: tensor<1x2x9xf32>, %y: tensor<1x2x9xf32>) -> (tensor<1x2x5xf32>, tensor<1x2x5xf32>) attributes {bn.bytes_before = 40 : i64} {
  %w = onnx.constant dense<0.5> : tensor<2x2x5xf32> {onnx.outputs = ["w"]}
  %none = onnx.absent
  %0 = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x2x9xf32>, tensor<2x2x5xf32>, none) -> tensor<1x2x5xf32>
  %1 = bn.affine %0 scale [2.0, 3.0] offset [0.0, 0.0] axis 1 : tensor<1x2x5xf32>
  %2 = onnx.conv %y, %w, %none {version = 11 : i64} : (tensor<1x2x9xf32>, tensor<2x2x5xf32>, none) -> tensor<1x2x5xf32>
  %3 = bn.affine %2 scale [2.0, 4.0] offset [0.0, 0.0] axis 1 : tensor<1x2x5xf32>
  return %1, %3 : tensor<1x2x5xf32>, tensor<1x2x5xf32>
}

// The other reader takes the inverse of the scale, so that the first convolution can take the scale itself.
// CHECK-LABEL: func.func @inverse_for_other_reader
// CHECK-DAG: onnx.constant dense<6.000000e+00> : tensor<1x1x1xf32>
// CHECK-DAG: onnx.constant dense<2.500000e+00> : tensor<1x1x1xf32>
// CHECK-NOT: bn.affine
func.func @inverse_for_other_reader(%x: tensor<1x1x3xf32>) -> (tensor<1x1x3xf32>, tensor<1x1x3xf32>) {
  %w = onnx.constant dense<3.0> : tensor<1x1x1xf32>
  %v = onnx.constant dense<5.0> : tensor<1x1x1xf32>
  %none = onnx.absent
  %c = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x3xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x3xf32>
  %a = bn.affine %c scale [2.0] offset [0.0] axis 1 : tensor<1x1x3xf32>
  %r = onnx.relu %a {version = 14 : i64} : (tensor<1x1x3xf32>) -> tensor<1x1x3xf32>
  %d = onnx.conv %c, %v, %none {version = 11 : i64} : (tensor<1x1x3xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x3xf32>
  return %r, %d : tensor<1x1x3xf32>, tensor<1x1x3xf32>
}

// An inverse shift would cancel digits, and a zero has no inverse.
// CHECK-LABEL: func.func @no_inverse
// CHECK: bn.affine {{.*}}bn.reason = "producer-has-other-users"
func.func @no_inverse(%x: tensor<1x1x3xf32>) -> (tensor<1x1x3xf32>, tensor<1x1x3xf32>) {
  %w = onnx.constant dense<3.0> : tensor<1x1x1xf32>
  %v = onnx.constant dense<5.0> : tensor<1x1x1xf32>
  %none = onnx.absent
  %c = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x3xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x3xf32>
  %a = bn.affine %c scale [0.0] offset [7.0] axis 1 : tensor<1x1x3xf32>
  %r = onnx.relu %a {version = 14 : i64} : (tensor<1x1x3xf32>) -> tensor<1x1x3xf32>
  %d = onnx.conv %c, %v, %none {version = 11 : i64} : (tensor<1x1x3xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x3xf32>
  return %r, %d : tensor<1x1x3xf32>, tensor<1x1x3xf32>
}

// Both branches yield the same affine of an outer value, which the convolution outside takes.
// CHECK-LABEL: func.func @equal_in_branches
// CHECK: %[[C:.*]] = onnx.conv {{.*}}bn.sources = ["then_norm", "else_norm"]
// CHECK-NOT: bn.affine
// CHECK: onnx.yield %[[C]]
// CHECK: onnx.yield %[[C]]
func.func @equal_in_branches(%x: tensor<1x1x3xf32>, %p: tensor<i1>) -> tensor<1x1x3xf32> {
  %w = onnx.constant dense<3.0> : tensor<1x1x1xf32>
  %none = onnx.absent
  %c = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x3xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x3xf32>
  %y = onnx.node "If"(%p) version 16 graphs [{attribute = "then_branch", inputs = [], proto = ""}, {attribute = "else_branch", inputs = [], proto = ""}] {
    %1 = bn.affine %c scale [2.0] offset [7.0] axis 1 {bn.sources = ["then_norm"]} : tensor<1x1x3xf32>
    onnx.yield %1 : tensor<1x1x3xf32>
  }, {
    %1 = bn.affine %c scale [2.0] offset [7.0] axis 1 {bn.sources = ["else_norm"]} : tensor<1x1x3xf32>
    onnx.yield %1 : tensor<1x1x3xf32>
  } : (tensor<i1>) -> tensor<1x1x3xf32>
  return %y : tensor<1x1x3xf32>
}

// Another reader takes the inverse, the equal affines take none: they go.
// CHECK-LABEL: func.func @equal_beside_other_reader
// CHECK-DAG: onnx.constant dense<6.000000e+00> : tensor<1x1x1xf32>
// CHECK-DAG: onnx.constant dense<2.500000e+00> : tensor<1x1x1xf32>
// CHECK: %[[C:.*]] = onnx.conv %arg0
// CHECK-NOT: bn.affine
// CHECK: onnx.yield %[[C]]
// CHECK: onnx.yield %[[C]]
func.func @equal_beside_other_reader(%x: tensor<1x1x3xf32>, %p: tensor<i1>) -> (tensor<1x1x3xf32>, tensor<1x1x3xf32>) {
  %w = onnx.constant dense<3.0> : tensor<1x1x1xf32>
  %v = onnx.constant dense<5.0> : tensor<1x1x1xf32>
  %none = onnx.absent
  %c = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x3xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x3xf32>
  %d = onnx.conv %c, %v, %none {version = 11 : i64} : (tensor<1x1x3xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x3xf32>
  %y = onnx.node "If"(%p) version 16 graphs [{attribute = "then_branch", inputs = [], proto = ""}, {attribute = "else_branch", inputs = [], proto = ""}] {
    %1 = bn.affine %c scale [2.0] offset [0.0] axis 1 : tensor<1x1x3xf32>
    onnx.yield %1 : tensor<1x1x3xf32>
  }, {
    %1 = bn.affine %c scale [2.0] offset [0.0] axis 1 : tensor<1x1x3xf32>
    onnx.yield %1 : tensor<1x1x3xf32>
  } : (tensor<i1>) -> tensor<1x1x3xf32>
  return %y, %d : tensor<1x1x3xf32>, tensor<1x1x3xf32>
}
