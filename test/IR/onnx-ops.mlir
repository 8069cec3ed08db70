// The onnx dialect's ops survive a round trip.
// RUN: bn-opt --verify-roundtrip %s

func.func @conv(%x: tensor<?x6x8x8xf32> {onnx.name = "x", onnx.dim_params = ["N", "", "", ""]}) -> tensor<?x4x6x6xf32> {
  %w = onnx.constant dense<1.0> : tensor<4x3x3x3xf32> {onnx.outputs = ["w"]}
  %none = onnx.absent
  %y = onnx.conv %x, %w, %none {group = 2 : i64, strides = array<i64: 1, 1>, version = 11 : i64, onnx.name = "conv1"}
     : (tensor<?x6x8x8xf32>, tensor<4x3x3x3xf32>, none) -> tensor<?x4x6x6xf32>
  return %y : tensor<?x4x6x6xf32>
}

func.func @any_node(%x: !onnx.any, %s: !onnx.seq<tensor<*x!onnx.string>>, %c: tensor<i1>) -> tensor<2xf32> {
  %a:2 = onnx.node "Mystery"(%x, %s) domain "com.acme" version 3 {alpha = 1.0 : f32, body = #onnx.proto<"\08\01">}
       : (!onnx.any, !onnx.seq<tensor<*x!onnx.string>>) -> (tensor<2xf32>, none)
  %y = onnx.node "If"(%c) version 16 graphs [{attribute = "then_branch", inputs = [], proto = ""}, {attribute = "else_branch", inputs = [], proto = ""}] {
    onnx.yield %a#0 : tensor<2xf32>
  }, {
    %b = onnx.node "Neg"(%a#0) version 13 : (tensor<2xf32>) -> tensor<2xf32>
    onnx.yield %b : tensor<2xf32>
  } : (tensor<i1>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}
