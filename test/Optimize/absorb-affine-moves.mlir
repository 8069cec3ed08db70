// An affine moves through what lies between it and the weights, with names and accounts; otherwise it says what is in the way.
// RUN: bn-opt %s --bn-absorb-affine --bn-remove-dead-nodes | FileCheck %s

// The last node takes the name of the result, the linear one accounts for the BatchNormalization.
// CHECK-LABEL: func.func @transpose
// CHECK: onnx.constant dense<6.000000e+00>
// CHECK: %[[C:.*]] = onnx.conv {{.*}}bn.sources = ["bn1"]{{.*}}onnx.outputs = ["c"]
// CHECK: %[[T:.*]] = onnx.transpose %[[C]] {onnx.outputs = ["y"]
// CHECK: return %[[T]]
func.func @transpose(%x: tensor<?x1x3xf32>) -> tensor<?x3x1xf32> {
  %w = onnx.constant dense<3.0> : tensor<1x1x1xf32>
  %none = onnx.absent
  %c = onnx.conv %x, %w, %none {onnx.outputs = ["c"], version = 11 : i64} : (tensor<?x1x3xf32>, tensor<1x1x1xf32>, none) -> tensor<?x1x3xf32>
  %t = onnx.transpose %c {onnx.outputs = ["t"], perm = array<i64: 0, 2, 1>, version = 13 : i64} : (tensor<?x1x3xf32>) -> tensor<?x3x1xf32>
  %a = bn.affine %t scale [2.0] offset [7.0] axis 2 {bn.sources = ["bn1"], onnx.outputs = ["y"]} : tensor<?x3x1xf32>
  return %a : tensor<?x3x1xf32>
}

// A shift that the product cannot take stays right behind it, under the BatchNormalization's name.
// CHECK-LABEL: func.func @mat_mul_flatten
// CHECK: %[[P:.*]] = onnx.mat_mul
// CHECK: %[[S:.*]] = bn.affine %[[P]] scale [1.000000e+00, 1.000000e+00] offset [1.000000e+00, 2.000000e+00] axis 2 {{.*}}bn.sources = ["bn1"], onnx.name = "bn1", onnx.outputs = ["p_shifted"]
// CHECK: onnx.flatten %[[S]] {{.*}}onnx.outputs = ["y"]
func.func @mat_mul_flatten(%x: tensor<5x3x2xf32>) -> tensor<15x2xf32> {
  %w = onnx.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %c = onnx.mat_mul %x, %w {version = 13 : i64, onnx.outputs = ["p"]} : (tensor<5x3x2xf32>, tensor<2x2xf32>) -> tensor<5x3x2xf32>
  %f = onnx.flatten %c {axis = 2 : i64, onnx.outputs = ["f"], version = 13 : i64} : (tensor<5x3x2xf32>) -> tensor<15x2xf32>
  %y = bn.affine %f scale [1.0e1, 1.0e2] offset [1.0, 2.0] axis 1 {bn.sources = ["bn1"], onnx.name = "bn1", onnx.outputs = ["y"]} : tensor<15x2xf32>
  return %y : tensor<15x2xf32>
}

// A node that reads the shape alone is no reader of the numbers.
// CHECK-LABEL: func.func @shape
// CHECK-NOT: bn.affine
func.func @shape(%x: tensor<?x1x3xf32>) -> (tensor<?x1x3xf32>, tensor<3xi64>) {
  %w = onnx.constant dense<3.0> : tensor<1x1x1xf32>
  %none = onnx.absent
  %c = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<?x1x3xf32>, tensor<1x1x1xf32>, none) -> tensor<?x1x3xf32>
  %s = onnx.node "Shape"(%c) version 15 : (tensor<?x1x3xf32>) -> tensor<3xi64>
  %a = bn.affine %c scale [2.0] offset [7.0] axis 1 : tensor<?x1x3xf32>
  return %a, %s : tensor<?x1x3xf32>, tensor<3xi64>
}

// The weight has another reader, which keeps the old one.
// CHECK-LABEL: func.func @shared_weight_behind
// CHECK-DAG: %[[OLD:.*]] = onnx.constant dense<3.000000e+00>
// CHECK-DAG: %[[NEW:.*]] = onnx.constant dense<6.000000e+00>
// CHECK-DAG: onnx.conv %arg0, %[[NEW]]
// CHECK-DAG: onnx.conv %arg0, %[[OLD]]
func.func @shared_weight_behind(%x: tensor<1x1x3xf32>) -> (tensor<1x1x3xf32>, tensor<1x1x3xf32>) {
  %w = onnx.constant dense<3.0> : tensor<1x1x1xf32> {onnx.outputs = ["w"]}
  %none = onnx.absent
  %a = bn.affine %x scale [2.0] offset [0.0] axis 1 : tensor<1x1x3xf32>
  %c = onnx.conv %a, %w, %none {version = 11 : i64} : (tensor<1x1x3xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x3xf32>
  %d = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x3xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x3xf32>
  return %c, %d : tensor<1x1x3xf32>, tensor<1x1x3xf32>
}

// x·1 + 0 goes, even if the nodes that it stands for are known.
// CHECK-LABEL: func.func @identity
// CHECK-NEXT: %[[R:.*]] = onnx.relu %arg0 {onnx.outputs = ["y"]
// CHECK-NEXT: return %[[R]]
func.func @identity(%x: tensor<1x1x3xf32>) -> tensor<1x1x3xf32> {
  %r = onnx.relu %x {onnx.outputs = ["r"], version = 14 : i64} : (tensor<1x1x3xf32>) -> tensor<1x1x3xf32>
  %a = bn.affine %r scale [1.0] offset [0.0] axis 1 {onnx.outputs = ["y"]} : tensor<1x1x3xf32>
  return %a : tensor<1x1x3xf32>
}

// An input cannot take the name of an output.
// CHECK-LABEL: func.func @no_identity_of_input
// CHECK: bn.affine
func.func @no_identity_of_input(%x: tensor<1x1x3xf32>) -> tensor<1x1x3xf32> {
  %a = bn.affine %x scale [1.0] offset [0.0] axis 1 {onnx.outputs = ["y"]} : tensor<1x1x3xf32>
  return %a : tensor<1x1x3xf32>
}

// CHECK-LABEL: func.func @no_other_user_between
// CHECK: bn.affine {{.*}}bn.reason = "producer-has-other-users"
func.func @no_other_user_between(%x: tensor<1x2x3xf32>) -> tensor<1x3x2xf32> {
  %w = onnx.constant dense<3.0> : tensor<2x2x1xf32>
  %none = onnx.absent
  %c = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x2x3xf32>, tensor<2x2x1xf32>, none) -> tensor<1x2x3xf32>
  %t = onnx.transpose %c {perm = array<i64: 0, 2, 1>, version = 13 : i64} : (tensor<1x2x3xf32>) -> tensor<1x3x2xf32>
  %a = bn.affine %t scale [2.0, 3.0] offset [7.0, 0.0] axis 2 : tensor<1x3x2xf32>
  %y = onnx.mul %t, %a {version = 14 : i64} : (tensor<1x3x2xf32>, tensor<1x3x2xf32>) -> tensor<1x3x2xf32>
  return %y : tensor<1x3x2xf32>
}

// What becomes of a channel is unknown where batch and length are.
// CHECK-LABEL: func.func @no_axis_lost
// CHECK: bn.affine {{.*}}bn.reason = "channel-axis-lost"
func.func @no_axis_lost(%x: tensor<?x2x?xf32>) -> tensor<3x?xf32> {
  %w = onnx.constant dense<3.0> : tensor<3x2x1xf32>
  %none = onnx.absent
  %s = onnx.constant dense<[3, -1]> : tensor<2xi64>
  %c = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<?x2x?xf32>, tensor<3x2x1xf32>, none) -> tensor<?x3x?xf32>
  %r = onnx.reshape %c, %s {version = 14 : i64} : (tensor<?x3x?xf32>, tensor<2xi64>) -> tensor<3x?xf32>
  %a = bn.affine %r scale [2.0, 3.0, 4.0] offset [7.0, 0.0, 1.0] axis 0 : tensor<3x?xf32>
  return %a : tensor<3x?xf32>
}

// CHECK-LABEL: func.func @no_softmax
// CHECK: bn.affine {{.*}}bn.reason = "nonlinear-between"
func.func @no_softmax(%x: tensor<1x1x3xf32>) -> tensor<1x1x3xf32> {
  %w = onnx.constant dense<3.0> : tensor<1x1x1xf32>
  %none = onnx.absent
  %c = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x3xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x3xf32>
  %s = onnx.node "Softmax"(%c) version 13 {axis = -1 : i64} : (tensor<1x1x3xf32>) -> tensor<1x1x3xf32>
  %a = bn.affine %s scale [2.0] offset [0.0] axis 1 : tensor<1x1x3xf32>
  return %a : tensor<1x1x3xf32>
}

// CHECK-LABEL: func.func @no_negative_scale
// CHECK: bn.affine {{.*}}bn.reason = "negative-scale"
func.func @no_negative_scale(%x: tensor<1x1x3xf32>) -> tensor<1x1x3xf32> {
  %w = onnx.constant dense<3.0> : tensor<1x1x1xf32>
  %none = onnx.absent
  %c = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x3xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x3xf32>
  %r = onnx.relu %c {version = 14 : i64} : (tensor<1x1x3xf32>) -> tensor<1x1x3xf32>
  %a = bn.affine %r scale [-2.0] offset [0.0] axis 1 : tensor<1x1x3xf32>
  return %a : tensor<1x1x3xf32>
}

// CHECK-LABEL: func.func @no_zero_padding
// CHECK: bn.affine {{.*}}bn.reason = "zero-padding"
func.func @no_zero_padding(%x: tensor<1x2x3xf32>) -> tensor<1x2x5xf32> {
  %w = onnx.constant dense<3.0> : tensor<2x2x1xf32>
  %none = onnx.absent
  %p = onnx.constant dense<[0, 0, 1, 0, 0, 1]> : tensor<6xi64>
  %c = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x2x3xf32>, tensor<2x2x1xf32>, none) -> tensor<1x2x3xf32>
  %r = onnx.pad %c, %p, %none, %none {version = 18 : i64} : (tensor<1x2x3xf32>, tensor<6xi64>, none, none) -> tensor<1x2x5xf32>
  %a = bn.affine %r scale [2.0, 3.0] offset [7.0, 0.0] axis 1 : tensor<1x2x5xf32>
  return %a : tensor<1x2x5xf32>
}

// All branches, or none: the convolution keeps its weight.
// CHECK-LABEL: func.func @no_half_sum
// CHECK: onnx.constant dense<3.000000e+00>
// CHECK: bn.affine {{.*}}bn.reason = "branch-not-linear"
func.func @no_half_sum(%x: tensor<1x2x3xf32>) -> tensor<1x2x3xf32> {
  %w = onnx.constant dense<3.0> : tensor<2x2x1xf32>
  %none = onnx.absent
  %c = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x2x3xf32>, tensor<2x2x1xf32>, none) -> tensor<1x2x3xf32>
  %s = onnx.add %c, %x {version = 14 : i64} : (tensor<1x2x3xf32>, tensor<1x2x3xf32>) -> tensor<1x2x3xf32>
  %a = bn.affine %s scale [2.0, 3.0] offset [7.0, 0.0] axis 1 : tensor<1x2x3xf32>
  return %a : tensor<1x2x3xf32>
}

// More bits are no harm to the affine, fewer are.
// CHECK-LABEL: func.func @no_narrower_cast
// CHECK: bn.affine {{.*}}bn.reason = "producer-not-linear"
func.func @no_narrower_cast(%x: tensor<1x1x3xf16>) -> tensor<1x1x3xf32> {
  %w = onnx.constant dense<3.0> : tensor<1x1x1xf16>
  %none = onnx.absent
  %c = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x3xf16>, tensor<1x1x1xf16>, none) -> tensor<1x1x3xf16>
  %r = onnx.cast %c {to = 1 : i64, version = 13 : i64} : (tensor<1x1x3xf16>) -> tensor<1x1x3xf32>
  %a = bn.affine %r scale [2.0] offset [7.0] axis 1 : tensor<1x1x3xf32>
  return %a : tensor<1x1x3xf32>
}

// The weight is outside of the branch, and so is the node: it may run without the branch.
// CHECK-LABEL: func.func @no_node_outside
// CHECK: bn.affine {{.*}}bn.reason = "no-producer"
func.func @no_node_outside(%x: tensor<1x1x3xf32>, %p: tensor<i1>) -> tensor<1x1x3xf32> {
  %w = onnx.constant dense<3.0> : tensor<1x1x1xf32>
  %none = onnx.absent
  %c = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x1x3xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x3xf32>
  %y = onnx.node "If"(%p) version 16 graphs [{attribute = "then_branch", inputs = [], proto = ""}, {attribute = "else_branch", inputs = [], proto = ""}] {
    %a = bn.affine %c scale [2.0] offset [7.0] axis 1 : tensor<1x1x3xf32>
    onnx.yield %a : tensor<1x1x3xf32>
  }, {
    onnx.yield %x : tensor<1x1x3xf32>
  } : (tensor<i1>) -> tensor<1x1x3xf32>
  return %y : tensor<1x1x3xf32>
}

// The convolution behind takes the affine when the padding becomes (0.5 - 2) / 3 …
// CHECK-LABEL: func.func @behind_padding
// CHECK: dense<-5.000000e-01>
// CHECK-NOT: bn.affine
func.func @behind_padding(%x: tensor<1x1x3xf32>) -> tensor<1x1x4xf32> {
  %none = onnx.absent
  %w = onnx.constant dense<7.0> : tensor<1x1x1xf32>
  %pads = onnx.constant dense<[0, 0, 1, 0, 0, 0]> : tensor<6xi64>
  %half = onnx.constant dense<0.5> : tensor<f32>
  %a = bn.affine %x scale [3.0] offset [2.0] axis 1 : tensor<1x1x3xf32>
  %p = onnx.pad %a, %pads, %half, %none {mode = "constant", version = 13 : i64} : (tensor<1x1x3xf32>, tensor<6xi64>, tensor<f32>, none) -> tensor<1x1x4xf32>
  %c = onnx.conv %p, %w, %none {version = 11 : i64} : (tensor<1x1x4xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x4xf32>
  return %c : tensor<1x1x4xf32>
}

// … but (0.5 + 1500) / 3000 keeps few digits of the 0.5; the scale by itself passes.
// CHECK-LABEL: func.func @no_cancellation
// CHECK: bn.affine {{.*}} scale [1.000000e+00] offset [-5.000000e-01] {{.*}}bn.reason_behind = "cancellation"
func.func @no_cancellation(%x: tensor<1x1x3xf32>) -> tensor<1x1x4xf32> {
  %none = onnx.absent
  %w = onnx.constant dense<7.0> : tensor<1x1x1xf32>
  %pads = onnx.constant dense<[0, 0, 1, 0, 0, 0]> : tensor<6xi64>
  %half = onnx.constant dense<0.5> : tensor<f32>
  %a = bn.affine %x scale [3000.0] offset [-1500.0] axis 1 : tensor<1x1x3xf32>
  %p = onnx.pad %a, %pads, %half, %none {mode = "constant", version = 13 : i64} : (tensor<1x1x3xf32>, tensor<6xi64>, tensor<f32>, none) -> tensor<1x1x4xf32>
  %c = onnx.conv %p, %w, %none {version = 11 : i64} : (tensor<1x1x4xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x4xf32>
  return %c : tensor<1x1x4xf32>
}
