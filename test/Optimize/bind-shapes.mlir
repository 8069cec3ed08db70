// From the arguments' types every type follows, shape arithmetic included.
// RUN: bn-opt %s --bn-bind-shapes="dims=N=2,T=5" --bn-remove-dead-nodes | FileCheck %s
// RUN: not bn-opt %s --bn-bind-shapes="dims=N" 2>&1 | FileCheck %s --check-prefix=ERROR
// ERROR: expected 'dims' entries of the form name=size, got 'N'

// The batch reaches the Reshape through Shape, Gather and Concat.
// CHECK-LABEL: func.func @reshape(%arg0: tensor<2x3x5xf32>{{.*}}) -> tensor<2x15xf32>
// CHECK-NEXT: %[[S:.*]] = onnx.constant dense<[2, -1]> : tensor<2xi64>
// CHECK-NEXT: onnx.reshape %arg0, %[[S]] {{.*}} -> tensor<2x15xf32>
func.func @reshape(%x: tensor<?x3x?xf32> {onnx.dim_params = ["N", "", "T"], onnx.name = "x"}) -> tensor<*xf32> {
  %zero = onnx.constant dense<0> : tensor<1xi64>
  %rest = onnx.constant dense<-1> : tensor<1xi64>
  %shape = onnx.node "Shape"(%x) version 13 : (tensor<?x3x?xf32>) -> tensor<3xi64>
  %batch = onnx.node "Gather"(%shape, %zero) version 13 {axis = 0 : i64} : (tensor<3xi64>, tensor<1xi64>) -> tensor<1xi64>
  %both = onnx.concat %batch, %rest {axis = 0 : i64, version = 13 : i64} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %y = onnx.reshape %x, %both {version = 14 : i64} : (tensor<?x3x?xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// A condition on the shape chooses the branch; the batch normalization follows its input.
// CHECK-LABEL: func.func @branch
// CHECK-SAME: -> tensor<2x3xf32>
// CHECK-NEXT: onnx.relu %arg0
// CHECK-NEXT: bn.inference {{.*}} -> tensor<2x3xf32>
// CHECK-NEXT: return
func.func @branch(%x: tensor<?x3xf32> {onnx.dim_params = ["N", ""]}, %p: tensor<3xf32>) -> tensor<?x3xf32> {
  %two = onnx.constant dense<6> : tensor<i64>
  %size = onnx.node "Size"(%x) version 13 : (tensor<?x3xf32>) -> tensor<i64>
  %c = onnx.node "Equal"(%size, %two) version 13 : (tensor<i64>, tensor<i64>) -> tensor<i1>
  %y = onnx.node "If"(%c) version 16 graphs [{attribute = "then_branch", inputs = [], proto = ""}, {attribute = "else_branch", inputs = [], proto = ""}] {
    %0 = onnx.relu %x {version = 14 : i64} : (tensor<?x3xf32>) -> tensor<?x3xf32>
    onnx.yield %0 : tensor<?x3xf32>
  }, {
    onnx.yield %x : tensor<?x3xf32>
  } : (tensor<i1>) -> tensor<?x3xf32>
  %n = bn.inference %y mean %p variance %p axes [1] epsilon 0.0 : (tensor<?x3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  return %n : tensor<?x3xf32>
}

// What depends on the data stays open.
// CHECK-LABEL: func.func @no_static_result
// CHECK: -> tensor<2x?xi64>
func.func @no_static_result(%x: tensor<?x3xf32> {onnx.dim_params = ["N", ""]}) -> tensor<2x?xi64> {
  %y = onnx.node "NonZero"(%x) version 13 : (tensor<?x3xf32>) -> tensor<2x?xi64>
  return %y : tensor<2x?xi64>
}
