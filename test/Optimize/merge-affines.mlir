// Affines compose: c·(a·x + b) + d = (c·a)·x + (c·b + d).
// RUN: bn-opt %s --bn-merge-affines | FileCheck %s

// CHECK-LABEL: func.func @two
// CHECK-NEXT: bn.affine %arg0 scale [1.000000e+01, 1.800000e+01] offset [8.000000e+00, -1.000000e+00] axis 1
// CHECK-SAME: onnx.outputs = ["second"]
// CHECK-NEXT: return
func.func @two(%x: tensor<?x2x5xf32>) -> tensor<?x2x5xf32> {
  %0 = bn.affine %x scale [2.0, 3.0] offset [1.0, 0.0] axis 1 {onnx.outputs = ["first"]} : tensor<?x2x5xf32>
  %1 = bn.affine %0 scale [5.0, 6.0] offset [3.0, -1.0] axis 1 {onnx.outputs = ["second"]} : tensor<?x2x5xf32>
  return %1 : tensor<?x2x5xf32>
}

// One of them is the same in all channels: its axis does not matter.
// CHECK-LABEL: func.func @uniform
// CHECK-NEXT: bn.affine %arg0 scale [8.000000e+00, 1.000000e+01] offset [1.000000e+00, 1.000000e+00] axis 1
// CHECK-NEXT: return
func.func @uniform(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %0 = bn.affine %x scale [2.0, 2.0, 2.0] offset [0.0, 0.0, 0.0] axis 0 : tensor<3x2xf32>
  %1 = bn.affine %0 scale [4.0, 5.0] offset [1.0, 1.0] axis 1 : tensor<3x2xf32>
  return %1 : tensor<3x2xf32>
}

// The nodes that both stand for follow each other.
// CHECK-LABEL: func.func @originals
// CHECK: bn.affine %arg0 scale [6.000000e+00] offset [0.000000e+00] axis 0 standing_for {
// CHECK-NEXT: ^bb0(%[[X:.*]]: tensor<1xf32>):
// CHECK-NEXT: %[[A:.*]] = onnx.mul %[[X]], %arg1
// CHECK-NEXT: %[[B:.*]] = onnx.mul %[[A]], %arg2
// CHECK-NEXT: onnx.yield %[[B]]
func.func @originals(%x: tensor<1xf32>, %two: tensor<1xf32>, %three: tensor<1xf32>) -> tensor<1xf32> {
  %0 = bn.affine %x scale [2.0] offset [0.0] axis 0 standing_for {
  ^bb0(%input: tensor<1xf32>):
    %a = onnx.mul %input, %two {version = 14 : i64} : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
    onnx.yield %a : tensor<1xf32>
  } : tensor<1xf32>
  %1 = bn.affine %0 scale [3.0] offset [0.0] axis 0 standing_for {
  ^bb0(%input: tensor<1xf32>):
    %a = onnx.mul %input, %three {version = 14 : i64} : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
    onnx.yield %a : tensor<1xf32>
  } : tensor<1xf32>
  return %1 : tensor<1xf32>
}

// CHECK-LABEL: func.func @no_other_axis
// CHECK-COUNT-2: bn.affine
func.func @no_other_axis(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %0 = bn.affine %x scale [2.0, 3.0] offset [1.0, 0.0] axis 0 : tensor<2x2xf32>
  %1 = bn.affine %0 scale [5.0, 6.0] offset [3.0, -1.0] axis 1 : tensor<2x2xf32>
  return %1 : tensor<2x2xf32>
}

// CHECK-LABEL: func.func @no_other_user
// CHECK-COUNT-2: bn.affine
func.func @no_other_user(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %0 = bn.affine %x scale [2.0, 3.0] offset [1.0, 0.0] axis 0 : tensor<2xf32>
  %1 = bn.affine %0 scale [5.0, 6.0] offset [3.0, -1.0] axis 0 : tensor<2xf32>
  return %0, %1 : tensor<2xf32>, tensor<2xf32>
}

// Only one of them can go back: the merged one cannot, and names what it stands for.
// CHECK-LABEL: func.func @partial_originals
// CHECK: bn.affine %arg0 scale [1.000000e+00] offset [5.000000e-01] axis 1 {bn.sources = ["bn1", "bn2"], onnx.name = "bn2"}
func.func @partial_originals(%x: tensor<3x1xf32>, %half: tensor<1xf32>, %one: tensor<1xf32>) -> tensor<3x1xf32> {
  %0 = bn.affine %x scale [1.0] offset [1.0] axis 1 {bn.sources = ["bn1"]} : tensor<3x1xf32>
  %1 = bn.affine %0 scale [1.0] offset [-0.5] axis 1 standing_for {
  ^bb0(%input: tensor<3x1xf32>):
    %a = bn.inference %input mean %half variance %one axes [1] epsilon 0.0 {onnx.name = "bn2"} : (tensor<3x1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<3x1xf32>
    onnx.yield %a : tensor<3x1xf32>
  } : tensor<3x1xf32>
  return %1 : tensor<3x1xf32>
}

// Both branches begin with the same affine of an outer value: one of them is enough, before the If.
// CHECK-LABEL: func.func @branches
// CHECK: %[[A:.*]] = bn.affine %arg0 scale [2.000000e+00, 3.000000e+00] {{.*}}bn.sources = ["else_norm"]
// CHECK: onnx.node "If"
// CHECK-NOT: bn.affine
// CHECK: onnx.relu %[[A]]
// CHECK: onnx.node "Tanh"(%[[A]])
func.func @branches(%x: tensor<3x2xf32>, %c: tensor<i1>) -> tensor<3x2xf32> {
  %0 = onnx.node "If"(%c) version 13 graphs [{attribute = "then_branch", inputs = []}, {attribute = "else_branch", inputs = []}] {
    %1 = bn.affine %x scale [2.0, 3.0] offset [1.0, 0.0] axis 1 : tensor<3x2xf32>
    %2 = onnx.relu %1 {version = 14 : i64} : (tensor<3x2xf32>) -> tensor<3x2xf32>
    onnx.yield %2 : tensor<3x2xf32>
  }, {
    %1 = bn.affine %x scale [2.0, 3.0] offset [1.0, 0.0] axis 1 {bn.sources = ["else_norm"]} : tensor<3x2xf32>
    %2 = onnx.node "Tanh"(%1) version 13 : (tensor<3x2xf32>) -> tensor<3x2xf32>
    onnx.yield %2 : tensor<3x2xf32>
  } : (tensor<i1>) -> tensor<3x2xf32>
  return %0 : tensor<3x2xf32>
}

// A branch has to compute what it yields, and here that is the affine.
// CHECK-LABEL: func.func @no_branch_output
// CHECK-NOT: bn.affine
// CHECK: onnx.node "If"
// CHECK-COUNT-2: bn.affine
func.func @no_branch_output(%x: tensor<3x2xf32>, %c: tensor<i1>) -> tensor<3x2xf32> {
  %0 = onnx.node "If"(%c) version 13 graphs [{attribute = "then_branch", inputs = []}, {attribute = "else_branch", inputs = []}] {
    %1 = bn.affine %x scale [2.0, 3.0] offset [1.0, 0.0] axis 1 : tensor<3x2xf32>
    onnx.yield %1 : tensor<3x2xf32>
  }, {
    %1 = bn.affine %x scale [2.0, 3.0] offset [1.0, 0.0] axis 1 : tensor<3x2xf32>
    %2 = onnx.node "Tanh"(%1) version 13 : (tensor<3x2xf32>) -> tensor<3x2xf32>
    onnx.yield %2 : tensor<3x2xf32>
  } : (tensor<i1>) -> tensor<3x2xf32>
  return %0 : tensor<3x2xf32>
}

// Other numbers are another affine.
// CHECK-LABEL: func.func @no_equal_numbers
// CHECK-COUNT-2: bn.affine %arg0
func.func @no_equal_numbers(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %0 = bn.affine %x scale [2.0, 3.0] offset [1.0, 0.0] axis 1 : tensor<3x2xf32>
  %1 = bn.affine %x scale [2.0, 3.0] offset [1.0, 4.0] axis 1 : tensor<3x2xf32>
  %2 = onnx.mul %0, %1 {version = 14 : i64} : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  return %2 : tensor<3x2xf32>
}
