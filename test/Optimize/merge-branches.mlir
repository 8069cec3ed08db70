// Parallel linear branches that meet in a sum become one convolution or matrix product.
// RUN: bn-opt %s --bn-merge-branches --bn-remove-dead-nodes | FileCheck %s

// As in RepVGG: 3, 1, scaled identity and identity. The widest kernel keeps its name and takes that of the sum.
// CHECK-LABEL: func.func @kernels_and_identity
// CHECK-DAG: %[[W:.*]] = onnx.constant dense<{{\[\[\[}}1.000000e+00, 3.700000e+01, 3.000000e+00], [4.000000e+00, 2.500000e+01, 6.000000e+00]], {{\[\[}}7.000000e+00, 3.800000e+01, 9.000000e+00], [1.000000e+01, 9.200000e+01, 1.200000e+01]]]> : tensor<2x2x3xf32> {onnx.outputs = ["c3.weight"]}
// CHECK-DAG: %[[B:.*]] = onnx.constant dense<[1.150000e+02, 2.260000e+02]> : tensor<2xf32> {onnx.outputs = ["c3.bias"]}
// CHECK: %[[Y:.*]] = onnx.conv %arg0, %[[W]], %[[B]] {bn.branches = ["conv1"], bn.sources = ["bn3", "bn1", "bn0"], bn.weight_range = array<f64: 1.000000e+00, 1.200000e+01, 1.000000e+00, 9.200000e+01>, {{.*}}onnx.name = "conv3", onnx.outputs = ["y"], pads = array<i64: 1, 1>, version = 11 : i64}
// CHECK-NEXT: return %[[Y]]
func.func @kernels_and_identity(%x: tensor<?x2x?xf32>) -> tensor<?x2x?xf32> {
  %w3 = onnx.constant dense<[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[7.0, 8.0, 9.0], [10.0, 11.0, 12.0]]]> : tensor<2x2x3xf32> {onnx.outputs = ["c3.weight"]}
  %w1 = onnx.constant dense<[[[10.0], [20.0]], [[30.0], [40.0]]]> : tensor<2x2x1xf32> {onnx.outputs = ["c1.weight"]}
  %b1 = onnx.constant dense<[15.0, 26.0]> : tensor<2xf32> {onnx.outputs = ["c1.bias"]}
  %none = onnx.absent
  %1 = onnx.conv %x, %w1, %b1 {version = 11 : i64, bn.sources = ["bn1"], onnx.name = "conv1"} : (tensor<?x2x?xf32>, tensor<2x2x1xf32>, tensor<2xf32>) -> tensor<?x2x?xf32>
  %2 = onnx.conv %x, %w3, %none {version = 11 : i64, pads = array<i64: 1, 1>, bn.sources = ["bn3"], onnx.name = "conv3"} : (tensor<?x2x?xf32>, tensor<2x2x3xf32>, none) -> tensor<?x2x?xf32>
  %3 = bn.affine %x scale [24.0, 40.0] offset [100.0, 200.0] axis 1 {bn.sources = ["bn0"]} : tensor<?x2x?xf32>
  %4 = onnx.add %1, %2 {version = 14 : i64} : (tensor<?x2x?xf32>, tensor<?x2x?xf32>) -> tensor<?x2x?xf32>
  %5 = onnx.add %3, %x {version = 14 : i64} : (tensor<?x2x?xf32>, tensor<?x2x?xf32>) -> tensor<?x2x?xf32>
  %6 = onnx.add %4, %5 {version = 14 : i64, onnx.outputs = ["y"]} : (tensor<?x2x?xf32>, tensor<?x2x?xf32>) -> tensor<?x2x?xf32>
  return %6 : tensor<?x2x?xf32>
}

// As in ACNet: a row and a column fit into the square.
// CHECK-LABEL: func.func @row_and_column
// CHECK: onnx.constant dense<{{\[\[\[\[}}0.000000e+00, 1.000000e+01, 0.000000e+00], [1.000000e+00, 1.200000e+01, 3.000000e+00], [0.000000e+00, 3.000000e+01, 0.000000e+00]]]]> : tensor<1x1x3x3xf32>
// CHECK: onnx.conv
// CHECK-NEXT: return
func.func @row_and_column(%x: tensor<1x1x5x7xf32>) -> tensor<1x1x5x7xf32> {
  %square = onnx.constant dense<0.0> : tensor<1x1x3x3xf32>
  %row = onnx.constant dense<[[[[1.0, 2.0, 3.0]]]]> : tensor<1x1x1x3xf32>
  %column = onnx.constant dense<[[[[10.0], [10.0], [30.0]]]]> : tensor<1x1x3x1xf32>
  %none = onnx.absent
  %1 = onnx.conv %x, %row, %none {version = 11 : i64, pads = array<i64: 0, 1, 0, 1>} : (tensor<1x1x5x7xf32>, tensor<1x1x1x3xf32>, none) -> tensor<1x1x5x7xf32>
  %2 = onnx.conv %x, %square, %none {version = 11 : i64, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x1x5x7xf32>, tensor<1x1x3x3xf32>, none) -> tensor<1x1x5x7xf32>
  %3 = onnx.conv %x, %column, %none {version = 11 : i64, pads = array<i64: 1, 0, 1, 0>} : (tensor<1x1x5x7xf32>, tensor<1x1x3x1xf32>, none) -> tensor<1x1x5x7xf32>
  %4 = onnx.node "Sum"(%1, %2, %3) version 13 : (tensor<1x1x5x7xf32>, tensor<1x1x5x7xf32>, tensor<1x1x5x7xf32>) -> tensor<1x1x5x7xf32>
  return %4 : tensor<1x1x5x7xf32>
}

// What is subtracted counts negatively, and a difference of differences positively.
// CHECK-LABEL: func.func @differences
// CHECK-DAG: onnx.constant dense<9.300000e+01> : tensor<1x1x1xf64>
// CHECK-DAG: onnx.constant dense<-7.000000e+00> : tensor<1xf64>
// CHECK: onnx.conv
// CHECK-NEXT: return
func.func @differences(%x: tensor<1x1x4xf64>) -> tensor<1x1x4xf64> {
  %w1 = onnx.constant dense<2.0> : tensor<1x1x1xf64>
  %w2 = onnx.constant dense<5.0> : tensor<1x1x1xf64>
  %w3 = onnx.constant dense<1.0e2> : tensor<1x1x1xf64>
  %b = onnx.constant dense<7.0> : tensor<1xf64>
  %none = onnx.absent
  %1 = onnx.conv %x, %w1, %b {version = 11 : i64} : (tensor<1x1x4xf64>, tensor<1x1x1xf64>, tensor<1xf64>) -> tensor<1x1x4xf64>
  %2 = onnx.conv %x, %w2, %none {version = 11 : i64} : (tensor<1x1x4xf64>, tensor<1x1x1xf64>, none) -> tensor<1x1x4xf64>
  %3 = onnx.conv %x, %w3, %none {version = 11 : i64} : (tensor<1x1x4xf64>, tensor<1x1x1xf64>, none) -> tensor<1x1x4xf64>
  %4 = onnx.add %1, %2 {version = 14 : i64} : (tensor<1x1x4xf64>, tensor<1x1x4xf64>) -> tensor<1x1x4xf64>
  %5 = onnx.sub %3, %4 {version = 14 : i64} : (tensor<1x1x4xf64>, tensor<1x1x4xf64>) -> tensor<1x1x4xf64>
  return %5 : tensor<1x1x4xf64>
}

// What has another source stays a summand, under the names of the sum; here with the sign that it had.
// CHECK-LABEL: func.func @residual
// CHECK: %[[C:.*]] = onnx.conv %arg0
// CHECK-NEXT: onnx.sub %[[C]], %arg1 {onnx.name = "last", onnx.outputs = ["y"], version = 14 : i64}
// CHECK-NEXT: return
func.func @residual(%x: tensor<?x1x4xf32>, %r: tensor<?x1x4xf32>) -> tensor<?x1x4xf32> {
  %w1 = onnx.constant dense<2.0> : tensor<1x1x1xf32>
  %w2 = onnx.constant dense<5.0> : tensor<1x1x1xf32>
  %none = onnx.absent
  %1 = onnx.conv %x, %w1, %none {version = 11 : i64} : (tensor<?x1x4xf32>, tensor<1x1x1xf32>, none) -> tensor<?x1x4xf32>
  %2 = onnx.conv %x, %w2, %none {version = 11 : i64} : (tensor<?x1x4xf32>, tensor<1x1x1xf32>, none) -> tensor<?x1x4xf32>
  %3 = onnx.sub %1, %r {version = 14 : i64, onnx.name = "first"} : (tensor<?x1x4xf32>, tensor<?x1x4xf32>) -> tensor<?x1x4xf32>
  %4 = onnx.add %3, %2 {version = 14 : i64, onnx.name = "last", onnx.outputs = ["y"]} : (tensor<?x1x4xf32>, tensor<?x1x4xf32>) -> tensor<?x1x4xf32>
  return %4 : tensor<?x1x4xf32>
}

// CHECK-LABEL: func.func @rest_of_sum
// CHECK: %[[C:.*]] = onnx.conv %arg0
// CHECK-NEXT: onnx.node "Sum"(%[[C]], %arg1, %arg2)
func.func @rest_of_sum(%x: tensor<?x1x4xf32>, %r: tensor<?x1x4xf32>, %s: tensor<?x1x1xf32>) -> tensor<?x1x4xf32> {
  %w = onnx.constant dense<2.0> : tensor<1x1x1xf32>
  %none = onnx.absent
  %1 = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<?x1x4xf32>, tensor<1x1x1xf32>, none) -> tensor<?x1x4xf32>
  %2 = onnx.node "Sum"(%r, %1, %s, %x) version 13 : (tensor<?x1x4xf32>, tensor<?x1x4xf32>, tensor<?x1x1xf32>, tensor<?x1x4xf32>) -> tensor<?x1x4xf32>
  return %2 : tensor<?x1x4xf32>
}

// As in MobileOne: depthwise branches stay depthwise.
// CHECK-LABEL: func.func @depthwise
// CHECK: onnx.constant dense<{{\[\[\[}}1.000000e+00, 1.300000e+01, 3.000000e+00]], {{\[\[}}4.000000e+00, 2.600000e+01, 6.000000e+00]]]> : tensor<2x1x3xf32>
// CHECK: onnx.conv {{.*}}group = 2 : i64, pads = array<i64: 1, 1>
// CHECK-NEXT: return
func.func @depthwise(%x: tensor<1x2x5xf32>) -> tensor<1x2x5xf32> {
  %w3 = onnx.constant dense<[[[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]]]> : tensor<2x1x3xf32>
  %w1 = onnx.constant dense<[[[10.0]], [[20.0]]]> : tensor<2x1x1xf32>
  %none = onnx.absent
  %1 = onnx.conv %x, %w3, %none {version = 11 : i64, group = 2 : i64, pads = array<i64: 1, 1>} : (tensor<1x2x5xf32>, tensor<2x1x3xf32>, none) -> tensor<1x2x5xf32>
  %2 = onnx.conv %x, %w1, %none {version = 11 : i64, group = 2 : i64} : (tensor<1x2x5xf32>, tensor<2x1x1xf32>, none) -> tensor<1x2x5xf32>
  %3 = onnx.add %1, %2 {version = 14 : i64} : (tensor<1x2x5xf32>, tensor<1x2x5xf32>) -> tensor<1x2x5xf32>
  %4 = onnx.add %3, %x {version = 14 : i64} : (tensor<1x2x5xf32>, tensor<1x2x5xf32>) -> tensor<1x2x5xf32>
  return %4 : tensor<1x2x5xf32>
}

// A depthwise branch becomes the diagonal of a dense one; its weight is cloned where another node reads it.
// CHECK-LABEL: func.func @depthwise_into_dense
// CHECK-DAG: %[[W:.*]] = onnx.constant dense<{{\[\[\[}}1.100000e+01], [2.000000e+00]], {{\[\[}}3.000000e+00], [2.400000e+01]]]> : tensor<2x2x1xf32>
// CHECK-DAG: %[[OLD:.*]] = onnx.constant dense<{{\[\[\[}}1.000000e+01]], {{\[\[}}2.000000e+01]]]> : tensor<2x1x1xf32> {onnx.outputs = ["shared"]}
// CHECK: onnx.conv %arg0, %[[W]]
// CHECK: onnx.conv %arg1, %[[OLD]]
func.func @depthwise_into_dense(%x: tensor<1x2x5xf32>, %z: tensor<1x2x5xf32>) -> (tensor<1x2x5xf32>, tensor<1x2x5xf32>) {
  %w = onnx.constant dense<[[[1.0], [2.0]], [[3.0], [4.0]]]> : tensor<2x2x1xf32>
  %d = onnx.constant dense<[[[10.0]], [[20.0]]]> : tensor<2x1x1xf32> {onnx.outputs = ["shared"]}
  %none = onnx.absent
  %1 = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x2x5xf32>, tensor<2x2x1xf32>, none) -> tensor<1x2x5xf32>
  %2 = onnx.conv %x, %d, %none {version = 11 : i64, group = 2 : i64} : (tensor<1x2x5xf32>, tensor<2x1x1xf32>, none) -> tensor<1x2x5xf32>
  %3 = onnx.add %1, %2 {version = 14 : i64} : (tensor<1x2x5xf32>, tensor<1x2x5xf32>) -> tensor<1x2x5xf32>
  %4 = onnx.conv %z, %d, %none {version = 11 : i64, group = 2 : i64} : (tensor<1x2x5xf32>, tensor<2x1x1xf32>, none) -> tensor<1x2x5xf32>
  return %3, %4 : tensor<1x2x5xf32>, tensor<1x2x5xf32>
}

// An average pool is a kernel of equal weights; behind a convolution, it spreads that one's weights.
// CHECK-LABEL: func.func @average_pools
// CHECK: onnx.constant dense<{{\[\[\[}}1.500000e+00, 2.500000e+00], [3.000000e+00, 4.000000e+00]], {{\[\[}}5.000000e+00, 6.000000e+00], [7.500000e+00, 8.500000e+00]]]> : tensor<2x2x2xf32>
// CHECK: onnx.conv
// CHECK-NEXT: return
func.func @average_pools(%x: tensor<?x2x9xf32>) -> tensor<?x2x4xf32> {
  %w = onnx.constant dense<[[[0.0, 1.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]> : tensor<2x2x2xf32>
  %w1 = onnx.constant dense<[[[2.0], [0.0]], [[0.0], [0.0]]]> : tensor<2x2x1xf32>
  %none = onnx.absent
  %1 = onnx.conv %x, %w, %none {version = 11 : i64, strides = array<i64: 2>} : (tensor<?x2x9xf32>, tensor<2x2x2xf32>, none) -> tensor<?x2x4xf32>
  %2 = onnx.average_pool %x {version = 11 : i64, kernel_shape = array<i64: 2>, strides = array<i64: 2>} : (tensor<?x2x9xf32>) -> tensor<?x2x4xf32>
  %3 = onnx.conv %x, %w1, %none {version = 11 : i64} : (tensor<?x2x9xf32>, tensor<2x2x1xf32>, none) -> tensor<?x2x9xf32>
  %4 = onnx.average_pool %3 {version = 11 : i64, kernel_shape = array<i64: 2>, strides = array<i64: 2>} : (tensor<?x2x9xf32>) -> tensor<?x2x4xf32>
  %5 = onnx.add %1, %2 {version = 14 : i64} : (tensor<?x2x4xf32>, tensor<?x2x4xf32>) -> tensor<?x2x4xf32>
  %6 = onnx.add %5, %4 {version = 14 : i64} : (tensor<?x2x4xf32>, tensor<?x2x4xf32>) -> tensor<?x2x4xf32>
  return %6 : tensor<?x2x4xf32>
}

// Even kernels on both sides of the middle share one tap; automatic padding becomes explicit.
// CHECK-LABEL: func.func @windows_overlap
// CHECK: onnx.constant dense<{{\[\[\[}}1.000000e+00, 5.000000e+00, 4.000000e+00]]]> : tensor<1x1x3xf32>
// CHECK: onnx.conv {{.*}}kernel_shape = array<i64: 3>, pads = array<i64: 1, 1>
// CHECK-NOT: auto_pad
// CHECK: return
func.func @windows_overlap(%x: tensor<1x1x5xf32>) -> tensor<1x1x5xf32> {
  %a = onnx.constant dense<[[[1.0, 2.0]]]> : tensor<1x1x2xf32>
  %b = onnx.constant dense<[[[3.0, 4.0]]]> : tensor<1x1x2xf32>
  %none = onnx.absent
  %1 = onnx.conv %x, %a, %none {version = 11 : i64, auto_pad = "SAME_LOWER"} : (tensor<1x1x5xf32>, tensor<1x1x2xf32>, none) -> tensor<1x1x5xf32>
  %2 = onnx.conv %x, %b, %none {version = 11 : i64, auto_pad = "SAME_UPPER"} : (tensor<1x1x5xf32>, tensor<1x1x2xf32>, none) -> tensor<1x1x5xf32>
  %3 = onnx.add %1, %2 {version = 14 : i64} : (tensor<1x1x5xf32>, tensor<1x1x5xf32>) -> tensor<1x1x5xf32>
  return %3 : tensor<1x1x5xf32>
}

// Two sums, one inside of the other's convolution, each for itself; the inner result is an output as well.
// CHECK-LABEL: func.func @two_trees
// CHECK: %[[A:.*]] = onnx.conv %arg0
// CHECK-NEXT: %[[B:.*]] = onnx.conv %[[A]]
// CHECK-NEXT: return %[[A]], %[[B]]
func.func @two_trees(%x: tensor<1x1x4xf32>) -> (tensor<1x1x4xf32>, tensor<1x1x4xf32>) {
  %w = onnx.constant dense<2.0> : tensor<1x1x1xf32>
  %v = onnx.constant dense<3.0> : tensor<1x1x1xf32>
  %none = onnx.absent
  %1 = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x4xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x4xf32>
  %2 = onnx.add %1, %x {version = 14 : i64} : (tensor<1x1x4xf32>, tensor<1x1x4xf32>) -> tensor<1x1x4xf32>
  %3 = onnx.conv %2, %v, %none {version = 11 : i64} : (tensor<1x1x4xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x4xf32>
  %4 = onnx.add %2, %3 {version = 14 : i64} : (tensor<1x1x4xf32>, tensor<1x1x4xf32>) -> tensor<1x1x4xf32>
  return %2, %4 : tensor<1x1x4xf32>, tensor<1x1x4xf32>
}

//===----------------------------------------------------------------------===//
// What stays
//===----------------------------------------------------------------------===//

// Another node reads the branch, or it is an output of the graph; others merge without it.
// CHECK-LABEL: func.func @no_other_users
// CHECK: onnx.constant dense<3.000000e+00> : tensor<1x1x1xf32>
// CHECK: %[[K:.*]] = onnx.conv %arg0, {{.*}}bn.branch_reason = "producer-has-other-users"
// CHECK: %[[O:.*]] = onnx.conv %arg0, {{.*}}bn.branch_reason = "graph-output"
// CHECK: onnx.relu %[[K]]
// CHECK: %[[M:.*]] = onnx.conv %arg0
// CHECK: %[[S:.*]] = onnx.add %[[M]], %[[K]]
// CHECK: onnx.add %[[S]], %[[O]]
func.func @no_other_users(%x: tensor<1x1x4xf32>) -> (tensor<1x1x4xf32>, tensor<1x1x4xf32>, tensor<1x1x4xf32>) {
  %w = onnx.constant dense<2.0> : tensor<1x1x1xf32> {onnx.outputs = ["w"]}
  %u = onnx.constant dense<4.0> : tensor<1x1x1xf32> {onnx.outputs = ["u"]}
  %v = onnx.constant dense<8.0> : tensor<1x1x1xf32> {onnx.outputs = ["v"]}
  %none = onnx.absent
  %1 = onnx.conv %x, %u, %none {version = 11 : i64} : (tensor<1x1x4xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x4xf32>
  %2 = onnx.conv %x, %v, %none {version = 11 : i64} : (tensor<1x1x4xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x4xf32>
  %3 = onnx.relu %1 {version = 14 : i64} : (tensor<1x1x4xf32>) -> tensor<1x1x4xf32>
  %4 = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x4xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x4xf32>
  %5 = onnx.add %1, %2 {version = 14 : i64} : (tensor<1x1x4xf32>, tensor<1x1x4xf32>) -> tensor<1x1x4xf32>
  %6 = onnx.add %5, %4 {version = 14 : i64} : (tensor<1x1x4xf32>, tensor<1x1x4xf32>) -> tensor<1x1x4xf32>
  %7 = onnx.add %6, %x {version = 14 : i64} : (tensor<1x1x4xf32>, tensor<1x1x4xf32>) -> tensor<1x1x4xf32>
  return %7, %2, %3 : tensor<1x1x4xf32>, tensor<1x1x4xf32>, tensor<1x1x4xf32>
}

// CHECK-LABEL: func.func @no_strides_differ
// CHECK: onnx.conv {{.*}}bn.branch_reason = "strides-differ"
// CHECK: onnx.conv {{.*}}bn.branch_reason = "strides-differ"
// CHECK: onnx.add
func.func @no_strides_differ(%x: tensor<1x1x1xf32>) -> tensor<1x1x1xf32> {
  %w = onnx.constant dense<2.0> : tensor<1x1x1xf32>
  %v = onnx.constant dense<3.0> : tensor<1x1x1xf32>
  %none = onnx.absent
  %1 = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x1xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x1xf32>
  %2 = onnx.conv %x, %v, %none {version = 11 : i64, strides = array<i64: 2>} : (tensor<1x1x1xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x1xf32>
  %3 = onnx.add %1, %2 {version = 14 : i64} : (tensor<1x1x1xf32>, tensor<1x1x1xf32>) -> tensor<1x1x1xf32>
  return %3 : tensor<1x1x1xf32>
}

// One channel spread over two, and one position over all: an Add that broadcasts sees other values than a convolution.
// CHECK-LABEL: func.func @no_broadcast
// CHECK: onnx.conv {{.*}}bn.branch_reason = "shapes-differ"
// CHECK: onnx.conv {{.*}}bn.branch_reason = "padding-differs"
// CHECK: onnx.conv
// CHECK: onnx.add
// CHECK: onnx.add
func.func @no_broadcast(%x: tensor<1x1x?xf32>) -> tensor<1x2x?xf32> {
  %w = onnx.constant dense<2.0> : tensor<1x1x1xf32>
  %v = onnx.constant dense<3.0> : tensor<2x1x1xf32>
  %u = onnx.constant dense<3.0> : tensor<2x1x4xf32>
  %none = onnx.absent
  %1 = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x?xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x?xf32>
  %2 = onnx.conv %x, %v, %none {version = 11 : i64} : (tensor<1x1x?xf32>, tensor<2x1x1xf32>, none) -> tensor<1x2x?xf32>
  %3 = onnx.conv %x, %u, %none {version = 11 : i64} : (tensor<1x1x?xf32>, tensor<2x1x4xf32>, none) -> tensor<1x2x?xf32>
  %4 = onnx.add %1, %2 {version = 14 : i64} : (tensor<1x1x?xf32>, tensor<1x2x?xf32>) -> tensor<1x2x?xf32>
  %5 = onnx.add %3, %4 {version = 14 : i64} : (tensor<1x2x?xf32>, tensor<1x2x?xf32>) -> tensor<1x2x?xf32>
  return %5 : tensor<1x2x?xf32>
}

// SAME pads an input of unknown size nobody knows how where the stride is not 1.
// CHECK-LABEL: func.func @no_unknown_padding
// CHECK: onnx.conv {{.*}}bn.branch_reason = "padding-differs"
// CHECK: onnx.add
func.func @no_unknown_padding(%x: tensor<1x1x?xf32>) -> tensor<1x1x?xf32> {
  %w = onnx.constant dense<2.0> : tensor<1x1x3xf32>
  %v = onnx.constant dense<3.0> : tensor<1x1x1xf32>
  %none = onnx.absent
  %1 = onnx.conv %x, %w, %none {version = 11 : i64, auto_pad = "SAME_UPPER", strides = array<i64: 2>} : (tensor<1x1x?xf32>, tensor<1x1x3xf32>, none) -> tensor<1x1x?xf32>
  %2 = onnx.conv %x, %v, %none {version = 11 : i64, strides = array<i64: 2>} : (tensor<1x1x?xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x?xf32>
  %3 = onnx.add %1, %2 {version = 14 : i64} : (tensor<1x1x?xf32>, tensor<1x1x?xf32>) -> tensor<1x1x?xf32>
  return %3 : tensor<1x1x?xf32>
}

// The mean of what lies inside is no linear map with one kernel.
// CHECK-LABEL: func.func @no_pool_without_border
// CHECK: onnx.average_pool {{.*}}bn.branch_reason = "pool-skips-border"
// CHECK: onnx.add
func.func @no_pool_without_border(%x: tensor<1x1x5xf32>) -> tensor<1x1x5xf32> {
  %w = onnx.constant dense<2.0> : tensor<1x1x3xf32>
  %none = onnx.absent
  %1 = onnx.conv %x, %w, %none {version = 11 : i64, pads = array<i64: 1, 1>} : (tensor<1x1x5xf32>, tensor<1x1x3xf32>, none) -> tensor<1x1x5xf32>
  %2 = onnx.average_pool %x {version = 11 : i64, kernel_shape = array<i64: 3>, pads = array<i64: 1, 1>} : (tensor<1x1x5xf32>) -> tensor<1x1x5xf32>
  %3 = onnx.add %1, %2 {version = 14 : i64} : (tensor<1x1x5xf32>, tensor<1x1x5xf32>) -> tensor<1x1x5xf32>
  return %3 : tensor<1x1x5xf32>
}

// The pool averages zeros at the border, not the bias of the convolution before it.
// CHECK-LABEL: func.func @no_padding_between
// CHECK: onnx.average_pool {{.*}}bn.branch_reason = "padding-between"
// CHECK: onnx.add
func.func @no_padding_between(%x: tensor<1x1x5xf32>) -> tensor<1x1x5xf32> {
  %w = onnx.constant dense<2.0> : tensor<1x1x3xf32>
  %v = onnx.constant dense<3.0> : tensor<1x1x1xf32>
  %b = onnx.constant dense<4.0> : tensor<1xf32>
  %none = onnx.absent
  %1 = onnx.conv %x, %w, %none {version = 11 : i64, pads = array<i64: 1, 1>} : (tensor<1x1x5xf32>, tensor<1x1x3xf32>, none) -> tensor<1x1x5xf32>
  %2 = onnx.conv %x, %v, %b {version = 11 : i64} : (tensor<1x1x5xf32>, tensor<1x1x1xf32>, tensor<1xf32>) -> tensor<1x1x5xf32>
  %3 = onnx.average_pool %2 {version = 11 : i64, count_include_pad = 1 : i64, kernel_shape = array<i64: 3>, pads = array<i64: 1, 1>} : (tensor<1x1x5xf32>) -> tensor<1x1x5xf32>
  %4 = onnx.add %1, %3 {version = 14 : i64} : (tensor<1x1x5xf32>, tensor<1x1x5xf32>) -> tensor<1x1x5xf32>
  return %4 : tensor<1x1x5xf32>
}

// CHECK-LABEL: func.func @no_constant_weights
// CHECK: onnx.conv {{.*}}bn.branch_reason = "weights-not-constant"
// CHECK: onnx.add
func.func @no_constant_weights(%x: tensor<1x1x5xf32>, %v: tensor<1x1x1xf32>) -> tensor<1x1x5xf32> {
  %w = onnx.constant dense<2.0> : tensor<1x1x1xf32>
  %none = onnx.absent
  %1 = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x5xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x5xf32>
  %2 = onnx.conv %x, %v, %none {version = 11 : i64} : (tensor<1x1x5xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x5xf32>
  %3 = onnx.add %1, %2 {version = 14 : i64} : (tensor<1x1x5xf32>, tensor<1x1x5xf32>) -> tensor<1x1x5xf32>
  return %3 : tensor<1x1x5xf32>
}

// A row and a column without their square: nine multiplications where six were.
// CHECK-LABEL: func.func @no_square
// CHECK: onnx.conv {{.*}}bn.branch_reason = "cost-grows"
// CHECK: onnx.conv {{.*}}bn.branch_reason = "cost-grows"
// CHECK: onnx.add
func.func @no_square(%x: tensor<1x1x5x7xf32>) -> tensor<1x1x5x7xf32> {
  %row = onnx.constant dense<1.0> : tensor<1x1x1x3xf32>
  %column = onnx.constant dense<1.0> : tensor<1x1x3x1xf32>
  %none = onnx.absent
  %1 = onnx.conv %x, %row, %none {version = 11 : i64, pads = array<i64: 0, 1, 0, 1>} : (tensor<1x1x5x7xf32>, tensor<1x1x1x3xf32>, none) -> tensor<1x1x5x7xf32>
  %2 = onnx.conv %x, %column, %none {version = 11 : i64, pads = array<i64: 1, 0, 1, 0>} : (tensor<1x1x5x7xf32>, tensor<1x1x3x1xf32>, none) -> tensor<1x1x5x7xf32>
  %3 = onnx.add %1, %2 {version = 14 : i64} : (tensor<1x1x5x7xf32>, tensor<1x1x5x7xf32>) -> tensor<1x1x5x7xf32>
  return %3 : tensor<1x1x5x7xf32>
}

// A depthwise kernel beside a dense one of one tap.
// CHECK-LABEL: func.func @no_dense_for_depthwise
// CHECK: onnx.conv {{.*}}bn.branch_reason = "cost-grows"
// CHECK: onnx.conv {{.*}}bn.branch_reason = "cost-grows"
func.func @no_dense_for_depthwise(%x: tensor<1x3x5xf32>) -> tensor<1x3x5xf32> {
  %w = onnx.constant dense<1.0> : tensor<3x3x1xf32>
  %d = onnx.constant dense<1.0> : tensor<3x1x3xf32>
  %none = onnx.absent
  %1 = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x3x5xf32>, tensor<3x3x1xf32>, none) -> tensor<1x3x5xf32>
  %2 = onnx.conv %x, %d, %none {version = 11 : i64, group = 3 : i64, pads = array<i64: 1, 1>} : (tensor<1x3x5xf32>, tensor<3x1x3xf32>, none) -> tensor<1x3x5xf32>
  %3 = onnx.add %1, %2 {version = 14 : i64} : (tensor<1x3x5xf32>, tensor<1x3x5xf32>) -> tensor<1x3x5xf32>
  return %3 : tensor<1x3x5xf32>
}

// The wide weight stays for another node, so that a clone would make the file larger.
// CHECK-LABEL: func.func @no_more_bytes
// CHECK: onnx.conv {{.*}}bn.branch_reason = "bytes-grow"
// CHECK: onnx.add
func.func @no_more_bytes(%x: tensor<1x1x5xf32>, %z: tensor<1x1x5xf32>) -> (tensor<1x1x5xf32>, tensor<1x1x3xf32>) {
  %w = onnx.constant dense<1.0> : tensor<1x1x3xf32>
  %v = onnx.constant dense<1.0> : tensor<1x1x1xf32>
  %none = onnx.absent
  %1 = onnx.conv %x, %w, %none {version = 11 : i64, pads = array<i64: 1, 1>} : (tensor<1x1x5xf32>, tensor<1x1x3xf32>, none) -> tensor<1x1x5xf32>
  %2 = onnx.conv %x, %v, %none {version = 11 : i64} : (tensor<1x1x5xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x5xf32>
  %3 = onnx.add %1, %2 {version = 14 : i64} : (tensor<1x1x5xf32>, tensor<1x1x5xf32>) -> tensor<1x1x5xf32>
  %4 = onnx.conv %z, %w, %none {version = 11 : i64} : (tensor<1x1x5xf32>, tensor<1x1x3xf32>, none) -> tensor<1x1x3xf32>
  return %3, %4 : tensor<1x1x5xf32>, tensor<1x1x3xf32>
}

// CHECK-LABEL: func.func @no_overflow
// CHECK: onnx.constant dense<4.000000e+04> : tensor<1x1x1xf16>
// CHECK: onnx.conv {{.*}}bn.branch_reason = "overflow"
// CHECK: onnx.conv {{.*}}bn.branch_reason = "overflow"
func.func @no_overflow(%x: tensor<1x1x5xf16>) -> tensor<1x1x5xf16> {
  %w = onnx.constant dense<4.0e4> : tensor<1x1x1xf16>
  %v = onnx.constant dense<3.0e4> : tensor<1x1x1xf16>
  %none = onnx.absent
  %1 = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x5xf16>, tensor<1x1x1xf16>, none) -> tensor<1x1x5xf16>
  %2 = onnx.conv %x, %v, %none {version = 11 : i64} : (tensor<1x1x5xf16>, tensor<1x1x1xf16>, none) -> tensor<1x1x5xf16>
  %3 = onnx.add %1, %2 {version = 14 : i64} : (tensor<1x1x5xf16>, tensor<1x1x5xf16>) -> tensor<1x1x5xf16>
  return %3 : tensor<1x1x5xf16>
}

// Parallel products of one value, and the shift behind one of them: the Gemm takes all, in the order in which it stores its matrix.
// CHECK-LABEL: func.func @products
// CHECK-DAG: %[[B:.*]] = onnx.constant dense<[4.000000e+00, 1.000000e+00]> : tensor<2xf32>
// CHECK-DAG: %[[W:.*]] = onnx.constant dense<{{.}}[4.000000e+00, 4.000000e+00], [5.000000e+00, 5.000000e+00]{{.}}> : tensor<2x2xf32>
// CHECK: onnx.gemm %arg0, %[[W]], %[[B]] {{.*}}onnx.outputs = ["y"]
// CHECK-NEXT: return
func.func @products(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %a = onnx.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> {onnx.outputs = ["a"]}
  %b = onnx.constant dense<[[5.0, 7.0], [7.0, 9.0]]> : tensor<2x2xf32> {onnx.outputs = ["b"]}
  %c = onnx.constant dense<[5.0, 3.0]> : tensor<2xf32> {onnx.outputs = ["c"]}
  %0 = onnx.mat_mul %x, %a {version = 13 : i64} : (tensor<3x2xf32>, tensor<2x2xf32>) -> tensor<3x2xf32>
  %1 = bn.affine %0 scale [1.0, 1.0] offset [1.0, 2.0] axis 1 : tensor<3x2xf32>
  %2 = onnx.gemm %x, %b, %c {transB = 1 : i64, version = 13 : i64} : (tensor<3x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  %3 = onnx.sub %2, %1 {onnx.outputs = ["y"], version = 14 : i64} : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  return %3 : tensor<3x2xf32>
}

// MatMul takes no bias: one shift stays behind it. The other summand stays one.
// CHECK-LABEL: func.func @products_with_rest
// CHECK: %[[P:.*]] = onnx.mat_mul %arg0
// CHECK: %[[S:.*]] = bn.affine %[[P]] {{.*}} offset [2.000000e+00, 4.000000e+00] axis 2
// CHECK: onnx.add %[[S]], %arg1
// CHECK-NOT: onnx.mat_mul
// CHECK: return
func.func @products_with_rest(%x: tensor<3x5x2xf32>, %r: tensor<3x5x2xf32>) -> tensor<3x5x2xf32> {
  %a = onnx.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> {onnx.outputs = ["a"]}
  %b = onnx.constant dense<[[5.0, 7.0], [7.0, 9.0]]> : tensor<2x2xf32> {onnx.outputs = ["b"]}
  %0 = onnx.mat_mul %x, %a {version = 13 : i64} : (tensor<3x5x2xf32>, tensor<2x2xf32>) -> tensor<3x5x2xf32>
  %1 = bn.affine %0 scale [1.0, 1.0] offset [2.0, 4.0] axis 2 : tensor<3x5x2xf32>
  %2 = onnx.add %1, %r {version = 14 : i64} : (tensor<3x5x2xf32>, tensor<3x5x2xf32>) -> tensor<3x5x2xf32>
  %3 = onnx.mat_mul %x, %b {version = 13 : i64} : (tensor<3x5x2xf32>, tensor<2x2xf32>) -> tensor<3x5x2xf32>
  %4 = onnx.add %2, %3 {version = 14 : i64} : (tensor<3x5x2xf32>, tensor<3x5x2xf32>) -> tensor<3x5x2xf32>
  return %4 : tensor<3x5x2xf32>
}

// One of them reads the rows as columns.
// CHECK-LABEL: func.func @no_transposed_product
// CHECK-COUNT-2: onnx.gemm
func.func @no_transposed_product(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %a = onnx.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> {onnx.outputs = ["a"]}
  %b = onnx.constant dense<[[5.0, 7.0], [7.0, 9.0]]> : tensor<2x2xf32> {onnx.outputs = ["b"]}
  %none = onnx.absent
  %0 = onnx.gemm %x, %a, %none {transA = 1 : i64, version = 13 : i64} : (tensor<2x2xf32>, tensor<2x2xf32>, none) -> tensor<2x2xf32>
  %1 = onnx.gemm %x, %b, %none {version = 13 : i64} : (tensor<2x2xf32>, tensor<2x2xf32>, none) -> tensor<2x2xf32>
  %2 = onnx.add %0, %1 {version = 14 : i64} : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %2 : tensor<2x2xf32>
}
