// Of nodes that compute the same, and of equal initializers, the first stays.
// RUN: bn-opt %s --bn-merge-equal-nodes | FileCheck %s

// The constants are equal, so the products are, and what is made of these.
// CHECK-LABEL: func.func @chain
// CHECK-COUNT-1: onnx.constant
// CHECK-NEXT: %[[M:.*]] = onnx.mul %arg0
// CHECK-NEXT: %[[R:.*]] = onnx.relu %[[M]]
// CHECK-NEXT: onnx.add %[[R]], %[[R]]
func.func @chain(%x: tensor<2xf32>) -> tensor<2xf32> {
  %a = onnx.constant dense<[3.0, 5.0]> : tensor<2xf32> {onnx.outputs = ["a"]}
  %b = onnx.constant dense<[3.0, 5.0]> : tensor<2xf32> {onnx.outputs = ["b"]}
  %0 = onnx.mul %x, %a {onnx.name = "one", version = 14 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %1 = onnx.mul %x, %b {onnx.name = "other", version = 14 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %2 = onnx.relu %0 {version = 14 : i64} : (tensor<2xf32>) -> tensor<2xf32>
  %3 = onnx.relu %1 {version = 14 : i64} : (tensor<2xf32>) -> tensor<2xf32>
  %4 = onnx.add %2, %3 {version = 14 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %4 : tensor<2xf32>
}

// A branch sees the nodes around it; one branch does not see the other.
// CHECK-LABEL: func.func @branches
// CHECK: %[[R:.*]] = onnx.relu %arg1
// CHECK: onnx.node "Abs"(%arg1)
// CHECK-NEXT: onnx.node "Neg"(%[[R]])
// CHECK: onnx.node "Abs"(%arg1)
func.func @branches(%c: tensor<i1>, %x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %0 = onnx.relu %x {version = 14 : i64} : (tensor<2xf32>) -> tensor<2xf32>
  %1 = onnx.node "If"(%c) version 16 graphs [{attribute = "then_branch", inputs = [], proto = ""}, {attribute = "else_branch", inputs = [], proto = ""}] {
    %2 = onnx.relu %x {version = 14 : i64} : (tensor<2xf32>) -> tensor<2xf32>
    %3 = onnx.node "Abs"(%x) version 13 : (tensor<2xf32>) -> tensor<2xf32>
    %4 = onnx.node "Neg"(%2) version 13 : (tensor<2xf32>) -> tensor<2xf32>
    %5 = onnx.add %3, %4 {version = 14 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    onnx.yield %5 : tensor<2xf32>
  }, {
    %2 = onnx.node "Abs"(%x) version 13 : (tensor<2xf32>) -> tensor<2xf32>
    %3 = onnx.add %2, %x {version = 14 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    onnx.yield %3 : tensor<2xf32>
  } : (tensor<i1>) -> tensor<2xf32>
  return %0, %1 : tensor<2xf32>, tensor<2xf32>
}

// Both outputs keep their names.
// CHECK-LABEL: func.func @no_output
// CHECK-COUNT-2: onnx.relu
func.func @no_output(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %0 = onnx.relu %x {version = 14 : i64} : (tensor<2xf32>) -> tensor<2xf32>
  %1 = onnx.relu %x {version = 14 : i64} : (tensor<2xf32>) -> tensor<2xf32>
  return %0, %1 : tensor<2xf32>, tensor<2xf32>
}

// Another attribute, another version, other numbers of one type, and two draws at random.
// CHECK-LABEL: func.func @no_difference_lost
// CHECK-COUNT-2: onnx.constant
// CHECK-COUNT-3: "Elu"
// CHECK-COUNT-2: "RandomNormalLike"
// CHECK-COUNT-2: "Dropout"
func.func @no_difference_lost(%x: tensor<2xf32>, %p: tensor<f32>) -> tensor<2xf32> {
  %a = onnx.constant dense<[3.0, 5.0]> : tensor<2xf32>
  %b = onnx.constant dense<[3.0, 7.0]> : tensor<2xf32>
  %0 = onnx.node "Elu"(%x) version 6 {alpha = 1.0 : f32} : (tensor<2xf32>) -> tensor<2xf32>
  %1 = onnx.node "Elu"(%x) version 6 {alpha = 2.0 : f32} : (tensor<2xf32>) -> tensor<2xf32>
  %2 = onnx.node "Elu"(%x) version 22 {alpha = 1.0 : f32} : (tensor<2xf32>) -> tensor<2xf32>
  %3 = onnx.node "RandomNormalLike"(%x) version 1 : (tensor<2xf32>) -> tensor<2xf32>
  %4 = onnx.node "RandomNormalLike"(%x) version 1 : (tensor<2xf32>) -> tensor<2xf32>
  %t = onnx.constant dense<true> : tensor<i1>
  %5 = onnx.node "Dropout"(%x, %p, %t) version 13 : (tensor<2xf32>, tensor<f32>, tensor<i1>) -> tensor<2xf32>
  %6 = onnx.node "Dropout"(%x, %p, %t) version 13 : (tensor<2xf32>, tensor<f32>, tensor<i1>) -> tensor<2xf32>
  %7 = onnx.node "Sum"(%a, %b, %0, %1, %2, %3, %4, %5, %6) version 13 : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %7 : tensor<2xf32>
}

// What a training step may overwrite is nobody else's.
// CHECK-LABEL: func.func @no_statistics
// CHECK-COUNT-2: onnx.constant
func.func @no_statistics(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %a = onnx.constant dense<1.0> : tensor<2xf32>
  %b = onnx.constant dense<1.0> : tensor<2xf32>
  %y, %mean, %inv, %new_mean, %new_variance = bn.training %x scale %a offset %a running(%a, %b) axes [1] epsilon 1.0e-5 momentum 0.9
     {onnx.name = "bn1"}
     : (tensor<3x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>)
     -> (tensor<3x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>)
  return %y : tensor<3x2xf32>
}
