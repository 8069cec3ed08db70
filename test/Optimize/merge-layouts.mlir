// Nodes that rearrange a tensor one after the other become one, or none.
// RUN: bn-opt %s --bn-merge-layouts --bn-remove-dead-nodes | FileCheck %s

// CHECK-LABEL: func.func @there_and_back
// CHECK-NEXT: onnx.relu %arg0
func.func @there_and_back(%x: tensor<2x3x5xf32>) -> tensor<2x3x5xf32> {
  %s = onnx.constant dense<[2, 3, -1]> : tensor<3xi64>
  %f = onnx.flatten %x {axis = 2 : i64, version = 13 : i64} : (tensor<2x3x5xf32>) -> tensor<6x5xf32>
  %r = onnx.reshape %f, %s {version = 14 : i64} : (tensor<6x5xf32>, tensor<3xi64>) -> tensor<2x3x5xf32>
  %y = onnx.relu %r {version = 14 : i64} : (tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
  return %y : tensor<2x3x5xf32>
}

// CHECK-LABEL: func.func @last_shape
// CHECK: %[[S:.*]] = onnx.constant dense<[3, 2, -1]>
// CHECK-NEXT: onnx.reshape %arg0, %[[S]]
func.func @last_shape(%x: tensor<2x?x5xf32>) -> tensor<3x2x?xf32> {
  %a = onnx.constant dense<0> : tensor<1xi64>
  %s = onnx.constant dense<[3, 2, -1]> : tensor<3xi64>
  %u = onnx.unsqueeze %x, %a {version = 13 : i64} : (tensor<2x?x5xf32>, tensor<1xi64>) -> tensor<1x2x?x5xf32>
  %r = onnx.reshape %u, %s {version = 14 : i64} : (tensor<1x2x?x5xf32>, tensor<3xi64>) -> tensor<3x2x?xf32>
  return %r : tensor<3x2x?xf32>
}

// CHECK-LABEL: func.func @permutations
// CHECK-NEXT: onnx.transpose %arg0 {perm = array<i64: 1, 0, 2>
func.func @permutations(%x: tensor<2x3x5xf32>) -> tensor<3x2x5xf32> {
  %a = onnx.transpose %x {perm = array<i64: 1, 2, 0>, version = 13 : i64} : (tensor<2x3x5xf32>) -> tensor<3x5x2xf32>
  %b = onnx.transpose %a {perm = array<i64: 0, 2, 1>, version = 13 : i64} : (tensor<3x5x2xf32>) -> tensor<3x2x5xf32>
  return %b : tensor<3x2x5xf32>
}

// CHECK-LABEL: func.func @permutation_and_back
// CHECK-NEXT: onnx.relu %arg0
func.func @permutation_and_back(%x: tensor<?x3x5xf32>) -> tensor<?x3x5xf32> {
  %a = onnx.transpose %x {perm = array<i64: 1, 2, 0>, version = 13 : i64} : (tensor<?x3x5xf32>) -> tensor<3x5x?xf32>
  %b = onnx.transpose %a {perm = array<i64: 2, 0, 1>, version = 13 : i64} : (tensor<3x5x?xf32>) -> tensor<?x3x5xf32>
  %y = onnx.relu %b {version = 14 : i64} : (tensor<?x3x5xf32>) -> tensor<?x3x5xf32>
  return %y : tensor<?x3x5xf32>
}

// A zero copies what the shape before has there.
// CHECK-LABEL: func.func @no_copied_dimension
// CHECK: onnx.flatten
// CHECK: onnx.reshape
func.func @no_copied_dimension(%x: tensor<2x3x5xf32>) -> tensor<6x5x1xf32> {
  %s = onnx.constant dense<[0, 5, 1]> : tensor<3xi64>
  %f = onnx.flatten %x {axis = 2 : i64, version = 13 : i64} : (tensor<2x3x5xf32>) -> tensor<6x5xf32>
  %r = onnx.reshape %f, %s {version = 14 : i64} : (tensor<6x5xf32>, tensor<3xi64>) -> tensor<6x5x1xf32>
  return %r : tensor<6x5x1xf32>
}

// CHECK-LABEL: func.func @no_other_reader
// CHECK: onnx.flatten
// CHECK: onnx.reshape
func.func @no_other_reader(%x: tensor<2x3x5xf32>) -> (tensor<6x5xf32>, tensor<5x6xf32>) {
  %s = onnx.constant dense<[5, 6]> : tensor<2xi64>
  %f = onnx.flatten %x {axis = 2 : i64, version = 13 : i64} : (tensor<2x3x5xf32>) -> tensor<6x5xf32>
  %r = onnx.reshape %f, %s {version = 14 : i64} : (tensor<6x5xf32>, tensor<2xi64>) -> tensor<5x6xf32>
  return %f, %r : tensor<6x5xf32>, tensor<5x6xf32>
}

// An input cannot take the name of an output; and two unknown sizes need not be equal.
// CHECK-LABEL: func.func @no_output_of_input
// CHECK: onnx.transpose %arg0 {perm = array<i64: 0, 1>
func.func @no_output_of_input(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %a = onnx.transpose %x {perm = array<i64: 1, 0>, version = 13 : i64} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %b = onnx.transpose %a {perm = array<i64: 1, 0>, version = 13 : i64} : (tensor<3x2xf32>) -> tensor<2x3xf32>
  return %b : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @no_unknown_sizes
// CHECK: onnx.flatten
// CHECK: onnx.unsqueeze
func.func @no_unknown_sizes(%x: tensor<1x?x?xf32>) -> tensor<1x?x?xf32> {
  %a = onnx.constant dense<0> : tensor<1xi64>
  %f = onnx.flatten %x {axis = 2 : i64, version = 13 : i64} : (tensor<1x?x?xf32>) -> tensor<?x?xf32>
  %r = onnx.unsqueeze %f, %a {version = 13 : i64} : (tensor<?x?xf32>, tensor<1xi64>) -> tensor<1x?x?xf32>
  %y = onnx.relu %r {version = 14 : i64} : (tensor<1x?x?xf32>) -> tensor<1x?x?xf32>
  return %y : tensor<1x?x?xf32>
}

// CHECK-LABEL: func.func @reshape_at_once
// CHECK: %[[S:.*]] = onnx.constant dense<[-1, 15, 2, 1]>
// CHECK-NEXT: onnx.reshape %arg0, %[[S]] {{.*}} -> tensor<?x15x2x1xf32>
func.func @reshape_at_once(%x: tensor<?x3x5x2xf32>) -> tensor<?x15x2x1xf32> {
  %s = onnx.constant dense<[0, 15, -1]> : tensor<3xi64>
  %a = onnx.constant dense<3> : tensor<1xi64>
  %r = onnx.reshape %x, %s {version = 14 : i64} : (tensor<?x3x5x2xf32>, tensor<3xi64>) -> tensor<?x15x2xf32>
  %u = onnx.unsqueeze %r, %a {version = 13 : i64} : (tensor<?x15x2xf32>, tensor<1xi64>) -> tensor<?x15x2x1xf32>
  return %u : tensor<?x15x2x1xf32>
}

// Two axes, one step each; the ends count from the back.
// CHECK-LABEL: func.func @slices
// CHECK-DAG: %[[S:.*]] = onnx.constant dense<[1, 0]>
// CHECK-DAG: %[[E:.*]] = onnx.constant dense<[-1, 4]>
// CHECK-DAG: %[[A:.*]] = onnx.constant dense<[1, 2]>
// CHECK-DAG: %[[T:.*]] = onnx.constant dense<[1, 2]>
// CHECK: onnx.node "Slice"(%arg0, %[[S]], %[[E]], %{{.*}}, %{{.*}}) version 13
// CHECK-NOT: "Slice"
func.func @slices(%x: tensor<?x7x5xf32>) -> tensor<?x5x2xf32> attributes {bn.bytes_before = 2000 : i64} {
  %0 = onnx.constant dense<0> : tensor<1xi64>
  %1 = onnx.constant dense<1> : tensor<1xi64>
  %2 = onnx.constant dense<2> : tensor<1xi64>
  %4 = onnx.constant dense<4> : tensor<1xi64>
  %m = onnx.constant dense<-1> : tensor<1xi64>
  %a = onnx.node "Slice"(%x, %1, %m, %1) version 13 : (tensor<?x7x5xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x5x5xf32>
  %b = onnx.node "Slice"(%a, %0, %4, %m, %2) version 13 : (tensor<?x5x5xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x5x2xf32>
  return %b : tensor<?x5x2xf32>
}

// A part of a part, and a part that another node reads.
// CHECK-LABEL: func.func @no_slices
// CHECK-COUNT-4: "Slice"
func.func @no_slices(%x: tensor<9x7xf32>) -> (tensor<2x7xf32>, tensor<9x2xf32>, tensor<4x5xf32>) attributes {bn.bytes_before = 2000 : i64} {
  %0 = onnx.constant dense<0> : tensor<1xi64>
  %1 = onnx.constant dense<1> : tensor<1xi64>
  %2 = onnx.constant dense<2> : tensor<1xi64>
  %4 = onnx.constant dense<4> : tensor<1xi64>
  %7 = onnx.constant dense<7> : tensor<1xi64>
  %a = onnx.node "Slice"(%x, %0, %4, %0) version 13 : (tensor<9x7xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4x7xf32>
  %b = onnx.node "Slice"(%a, %0, %2, %0) version 13 : (tensor<4x7xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x7xf32>
  %c = onnx.node "Slice"(%x, %0, %2, %1) version 13 : (tensor<9x7xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<9x2xf32>
  %d = onnx.node "Slice"(%a, %2, %7, %1) version 13 : (tensor<4x7xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4x5xf32>
  return %b, %c, %d : tensor<2x7xf32>, tensor<9x2xf32>, tensor<4x5xf32>
}

// The quarters of an image, columns before rows: the weights follow SpaceToDepth's order, rows before columns.
// CHECK-LABEL: func.func @quarters
// CHECK: %[[P:.*]] = onnx.node "SpaceToDepth"(%arg0) version 1 {blocksize = 2 : i64}
// CHECK: %[[W:.*]] = onnx.constant
// CHECK-SAME: [1.000000e+00{{.*}}[3.000000e+00{{.*}}[2.000000e+00{{.*}}[4.000000e+00
// CHECK-NEXT: onnx.conv %[[P]], %[[W]]
func.func @quarters(%x: tensor<?x1x6x4xf32>) -> tensor<?x1x3x2xf32> {
  %none = onnx.absent
  %w = onnx.constant dense<[[[[1.0]], [[2.0]], [[3.0]], [[4.0]]]]> : tensor<1x4x1x1xf32>
  %0 = onnx.constant dense<0> : tensor<1xi64>
  %1 = onnx.constant dense<1> : tensor<1xi64>
  %2 = onnx.constant dense<2> : tensor<1xi64>
  %3 = onnx.constant dense<3> : tensor<1xi64>
  %end = onnx.constant dense<9223372036854775807> : tensor<1xi64>
  %even = onnx.node "Slice"(%x, %0, %end, %2, %2) version 13 : (tensor<?x1x6x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x1x3x4xf32>
  %odd = onnx.node "Slice"(%x, %1, %end, %2, %2) version 13 : (tensor<?x1x6x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x1x3x4xf32>
  %a = onnx.node "Slice"(%even, %0, %end, %3, %2) version 13 : (tensor<?x1x3x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x1x3x2xf32>
  %b = onnx.node "Slice"(%odd, %0, %end, %3, %2) version 13 : (tensor<?x1x3x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x1x3x2xf32>
  %c = onnx.node "Slice"(%even, %1, %end, %3, %2) version 13 : (tensor<?x1x3x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x1x3x2xf32>
  %d = onnx.node "Slice"(%odd, %1, %end, %3, %2) version 13 : (tensor<?x1x3x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x1x3x2xf32>
  %p = onnx.concat %a, %b, %c, %d {axis = 1 : i64, version = 13 : i64} : (tensor<?x1x3x2xf32>, tensor<?x1x3x2xf32>, tensor<?x1x3x2xf32>, tensor<?x1x3x2xf32>) -> tensor<?x4x3x2xf32>
  %y = onnx.conv %p, %w, %none {version = 11 : i64} : (tensor<?x4x3x2xf32>, tensor<1x4x1x1xf32>, none) -> tensor<?x1x3x2xf32>
  return %y : tensor<?x1x3x2xf32>
}
