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

func.func @any_values(%q: !onnx.optional<tensor<2xf32>>, %m: !onnx.map<i64, tensor<2x!onnx.string>>) -> !onnx.optional<tensor<2xf32>> {
  %s = onnx.sparse_constant #onnx.proto<"\0A\00"> -> !onnx.sparse<tensor<3x5xf32>>
  %c = onnx.constant dense<[1, 2]> : tensor<2xi64> node_attr "value_ints"
  %r = onnx.constant dense_resource<w> : tensor<2x3xf32>
  %i = onnx.identity %q {version = 16 : i64} : (!onnx.optional<tensor<2xf32>>) -> !onnx.optional<tensor<2xf32>>
  return %i : !onnx.optional<tensor<2xf32>>
}

func.func @math(%x: tensor<2x3xf32>, %w: tensor<3x5xf32>) -> tensor<2x5xf32> {
  %none = onnx.absent
  %add = onnx.add %x, %x {version = 14 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %sub = onnx.sub %add, %x {axis = 0 : i64, broadcast = 1 : i64, version = 1 : i64, consumed_inputs = array<i64: 0, 0>} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %mul = onnx.mul %sub, %x {version = 14 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %div = onnx.div %mul, %x {version = 14 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %sqrt = onnx.sqrt %div {version = 13 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %rec = onnx.reciprocal %sqrt {version = 13 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %mm = onnx.mat_mul %rec, %w {version = 13 : i64} : (tensor<2x3xf32>, tensor<3x5xf32>) -> tensor<2x5xf32>
  %gemm = onnx.gemm %x, %w, %none {alpha = 0.5 : f32, beta = 2.0 : f32, transA = 0 : i64, transB = 0 : i64, version = 13 : i64} : (tensor<2x3xf32>, tensor<3x5xf32>, none) -> tensor<2x5xf32>
  %gemm_bias = onnx.gemm %x, %w, %gemm {broadcast = 1 : i64, version = 6 : i64} : (tensor<2x3xf32>, tensor<3x5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  %mean = onnx.reduce_mean %gemm_bias, %none {axes = array<i64: 1>, keepdims = 0 : i64, version = 13 : i64} : (tensor<2x5xf32>, none) -> tensor<2xf32>
  return %mm : tensor<2x5xf32>
}

func.func @nn(%x: tensor<?x6x8x9xf32>, %b: tensor<4xf32>, %w1: tensor<4x3x3xf32>, %x1: tensor<2x3x8xf32>, %wt: tensor<6x2x3x3xf32>, %unknown: tensor<*xf32>) -> tensor<?x6xf32> {
  %none = onnx.absent
  %conv1d = onnx.conv %x1, %w1, %b {auto_pad = "SAME_UPPER", dilations = array<i64: 2>, kernel_shape = array<i64: 3>, strides = array<i64: 1>, version = 22 : i64}
    : (tensor<2x3x8xf32>, tensor<4x3x3xf32>, tensor<4xf32>) -> tensor<2x4x8xf32>
  %conv_unknown = onnx.conv %unknown, %unknown, %none {pads = array<i64: 1, 1, 1, 1>, version = 1 : i64} : (tensor<*xf32>, tensor<*xf32>, none) -> !onnx.any
  %deconv = onnx.conv_transpose %x, %wt, %b {group = 2 : i64, output_padding = array<i64: 0, 1>, strides = array<i64: 2, 2>, version = 11 : i64}
    : (tensor<?x6x8x9xf32>, tensor<6x2x3x3xf32>, tensor<4xf32>) -> tensor<?x4x17x20xf32>
  %relu = onnx.relu %x {version = 14 : i64} : (tensor<?x6x8x9xf32>) -> tensor<?x6x8x9xf32>
  %leaky = onnx.leaky_relu %relu {alpha = 0.2 : f32, version = 16 : i64} : (tensor<?x6x8x9xf32>) -> tensor<?x6x8x9xf32>
  %avg = onnx.average_pool %leaky {count_include_pad = 1 : i64, kernel_shape = array<i64: 2, 3>, version = 19 : i64} : (tensor<?x6x8x9xf32>) -> tensor<?x6x7x7xf32>
  %max:2 = onnx.max_pool %avg {ceil_mode = 1 : i64, kernel_shape = array<i64: 2, 2>, version = 12 : i64} : (tensor<?x6x7x7xf32>) -> (tensor<?x6x6x6xf32>, none)
  %indexed:2 = onnx.max_pool %avg {kernel_shape = array<i64: 2, 2>, storage_order = 1 : i64, version = 12 : i64} : (tensor<?x6x7x7xf32>) -> (tensor<?x6x6x6xf32>, tensor<?x6x6x6xi64>)
  %gap = onnx.global_average_pool %max#0 {version = 1 : i64} : (tensor<?x6x6x6xf32>) -> tensor<?x6x1x1xf32>
  %flat = onnx.flatten %gap {axis = 1 : i64, version = 13 : i64} : (tensor<?x6x1x1xf32>) -> tensor<?x6xf32>
  %drop:2 = onnx.dropout %flat, %none, %none {seed = 3 : i64, version = 13 : i64} : (tensor<?x6xf32>, none, none) -> (tensor<?x6xf32>, none)
  return %drop#0 : tensor<?x6xf32>
}

func.func @tensor(%x: tensor<2x3x5xf32>, %shape: tensor<2xi64>, %one: tensor<1xi64>) -> tensor<*xf32> {
  %none = onnx.absent
  %cast = onnx.cast %x {saturate = 1 : i64, to = 10 : i64, version = 19 : i64} : (tensor<2x3x5xf32>) -> tensor<2x3x5xf16>
  %reshape = onnx.reshape %x, %shape {allowzero = 1 : i64, version = 14 : i64} : (tensor<2x3x5xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  %reshape_old = onnx.reshape %x, %none {shape = array<i64: 6, 5>, version = 1 : i64} : (tensor<2x3x5xf32>, none) -> tensor<6x5xf32>
  %transpose = onnx.transpose %x {perm = array<i64: 2, 0, 1>, version = 13 : i64} : (tensor<2x3x5xf32>) -> tensor<5x2x3xf32>
  %unsqueeze = onnx.unsqueeze %x, %one {version = 13 : i64} : (tensor<2x3x5xf32>, tensor<1xi64>) -> tensor<*xf32>
  %squeeze = onnx.squeeze %unsqueeze, %none {axes = array<i64: 0>, version = 11 : i64} : (tensor<*xf32>, none) -> tensor<*xf32>
  %concat = onnx.concat %x, %x, %x {axis = -1 : i64, version = 13 : i64} : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<2x3x5xf32>) -> tensor<2x3x15xf32>
  %split:2 = onnx.split %concat, %none {axis = 2 : i64, num_outputs = 2 : i64, version = 18 : i64} : (tensor<2x3x15xf32>, none) -> (tensor<2x3x8xf32>, tensor<2x3x7xf32>)
  %slice = onnx.slice %x, %one, %one, %none, %none {version = 13 : i64} : (tensor<2x3x5xf32>, tensor<1xi64>, tensor<1xi64>, none, none) -> tensor<*xf32>
  %slice_old = onnx.slice %x, %none, %none, %none, %none {starts = array<i64: 1>, ends = array<i64: 2>, axes = array<i64: 1>, version = 1 : i64}
    : (tensor<2x3x5xf32>, none, none, none, none) -> tensor<2x1x5xf32>
  %pad = onnx.pad %x, %shape, %none, %none {mode = "reflect", version = 13 : i64} : (tensor<2x3x5xf32>, tensor<2xi64>, none, none) -> tensor<*xf32>
  %expand = onnx.expand %pad, %shape {version = 13 : i64} : (tensor<*xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %expand : tensor<*xf32>
}
