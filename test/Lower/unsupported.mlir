// A node that cannot be lowered is one error that says which and why.
// RUN: bn-opt %s --bn-convert-to-kernel --split-input-file --verify-diagnostics

func.func @no_operator(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error@+1 {{node 'n1' (Mystery): no lowering for this operator}}
  %y = onnx.node "Mystery"(%x) domain "com.acme" version 3 {} attributes {onnx.name = "n1"} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

func.func @no_static_result(%x: tensor<2x3xf32>) -> tensor<2x?xi64> {
  // expected-error@+1 {{node 'n2' (Cast): result shape depends on data}}
  %y = onnx.node "Cast"(%x) version 13 {to = 7 : i64} attributes {onnx.name = "n2"} : (tensor<2x3xf32>) -> tensor<2x?xi64>
  return %y : tensor<2x?xi64>
}

// -----

func.func @no_integer_exp(%x: tensor<2x3xi32>) -> tensor<2x3xi32> {
  // expected-error@+1 {{node 'n3' (Exp): element type i32 is not supported}}
  %y = onnx.node "Exp"(%x) version 13 {} attributes {onnx.name = "n3"} : (tensor<2x3xi32>) -> tensor<2x3xi32>
  return %y : tensor<2x3xi32>
}

// -----

func.func @no_strings() -> tensor<1x!onnx.string> {
  // expected-error@+1 {{node 'n4' (ConstantOfShape): element type !onnx.string is not supported}}
  %y = onnx.node "ConstantOfShape"() version 9 {} attributes {onnx.name = "n4"} : () -> tensor<1x!onnx.string>
  return %y : tensor<1x!onnx.string>
}

// -----

// expected-error@+1 {{input 'x': expected a tensor of numbers with static shape}}
func.func @no_dynamic_input(%x: tensor<?x3xf32> {onnx.name = "x"}) -> tensor<?x3xf32> {
  return %x : tensor<?x3xf32>
}

// -----

func.func @no_variable_axes(%x: tensor<2x3xf32>, %axes: tensor<1xi64>) -> tensor<2x1xf32> {
  // expected-error@+1 {{node 'n5' (ReduceSum): expected input 1 to be constant}}
  %y = onnx.node "ReduceSum"(%x, %axes) version 13 {} attributes {onnx.name = "n5"} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// -----

func.func @no_index_outside(%x: tensor<5xf32>) -> tensor<2xf32> {
  %i = onnx.constant dense<[-6, 4]> : tensor<2xi64>
  // expected-error@+1 {{node 'n9' (Gather): expected indices between -5 and 4, got others}}
  %y = onnx.node "Gather"(%x, %i) version 13 {} attributes {onnx.name = "n9"} : (tensor<5xf32>, tensor<2xi64>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func @no_broadcast_before_version_8(%x: tensor<2xf32>, %y: tensor<5x2xf32>) -> tensor<2xf32> {
  // expected-error@+1 {{node 'n10' (Sum): expected inputs that broadcast to tensor<2xf32>, got tensor<5x2xf32>}}
  %z = onnx.node "Sum"(%x, %y) version 6 {} attributes {onnx.name = "n10"} : (tensor<2xf32>, tensor<5x2xf32>) -> tensor<2xf32>
  return %z : tensor<2xf32>
}
