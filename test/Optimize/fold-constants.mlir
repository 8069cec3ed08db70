// What does not depend on the inputs is computed now, and what does nothing goes.
// RUN: bn-opt %s --bn-fold-constants --bn-remove-dead-nodes | FileCheck %s

// A chain becomes one constant, which has the name of its last value. Constant nodes become initializers.
// CHECK-LABEL: func.func @chain
// CHECK-NEXT: %[[C:.*]] = onnx.constant dense<[2.000000e+00, 5.000000e-01]> : tensor<2xf32> {onnx.outputs = ["inverse"]}
// CHECK-NEXT: onnx.mul %arg0, %[[C]]
func.func @chain(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %c = onnx.constant dense<[0.25, 4.0]> : tensor<2xf32> node_attr "value" {onnx.name = "c"}
  %0 = onnx.sqrt %c {version = 13 : i64, onnx.outputs = ["root"]} : (tensor<2xf32>) -> tensor<2xf32>
  %1 = onnx.reciprocal %0 {version = 13 : i64, onnx.outputs = ["inverse"]} : (tensor<2xf32>) -> tensor<2xf32>
  %y = onnx.mul %x, %1 {version = 14 : i64} : (tensor<3x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// CHECK-LABEL: func.func @constant_node
// CHECK-NEXT: %[[C:.*]] = onnx.constant dense<2.500000e-01> : tensor<2xf32> {onnx.outputs = ["c"]}
func.func @constant_node(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %c = onnx.constant dense<0.25> : tensor<2xf32> node_attr "value" {onnx.name = "Constant_1", onnx.outputs = ["c"]}
  %y = onnx.mul %x, %c {version = 14 : i64} : (tensor<3x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// CHECK-LABEL: func.func @batch_norm_of_constants
// CHECK: onnx.constant dense<{{\[}}[3.000000e+00, -2.000000e+00]]> : tensor<1x2xf32> {onnx.outputs = ["n"]}
func.func @batch_norm_of_constants(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %c = onnx.constant dense<[[4.0, -1.0]]> : tensor<1x2xf32>
  %m = onnx.constant dense<1.0> : tensor<2xf32>
  %n = bn.inference %c mean %m variance %m axes [1] epsilon 0.0 {onnx.outputs = ["n"]} : (tensor<1x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  %y = onnx.mul %x, %n {version = 14 : i64} : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// Sizes that the type tells, although the batch is open.
// CHECK-LABEL: func.func @shapes
// CHECK: onnx.node "Shape"(%arg0) version 13
// CHECK: onnx.constant dense<[3, 5]> : tensor<2xi64> {onnx.outputs = ["part"]}
// CHECK: onnx.constant dense<21> : tensor<i64> {onnx.outputs = ["count"]}
// CHECK: onnx.constant dense<[5, 21]> : tensor<2xi64> {onnx.outputs = ["list"]}
func.func @shapes(%x: tensor<?x3x5xf32>, %y: tensor<3x7xf32>) -> (tensor<3xi64>, tensor<2xi64>, tensor<i64>, tensor<2xi64>) {
  %0 = onnx.node "Shape"(%x) version 13 : (tensor<?x3x5xf32>) -> tensor<3xi64>
  %1 = onnx.node "Shape"(%x) version 15 {start = 1 : i64} attributes {onnx.outputs = ["part"]} : (tensor<?x3x5xf32>) -> tensor<2xi64>
  %2 = onnx.node "Size"(%y) version 13 attributes {onnx.outputs = ["count"]} : (tensor<3x7xf32>) -> tensor<i64>
  %3 = onnx.add %1, %1 {version = 14 : i64} : (tensor<2xi64>, tensor<2xi64>) -> tensor<2xi64>
  %size = onnx.node "Size"(%y) version 13 : (tensor<3x7xf32>) -> tensor<i64>
  %s = onnx.constant dense<1> : tensor<1xi64>
  %4 = onnx.reshape %size, %s {version = 14 : i64} : (tensor<i64>, tensor<1xi64>) -> tensor<1xi64>
  %5 = onnx.node "Shape"(%x) version 15 {start = 2 : i64} : (tensor<?x3x5xf32>) -> tensor<1xi64>
  %6 = onnx.concat %5, %4 {axis = 0 : i64, onnx.outputs = ["list"], version = 13 : i64} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  return %0, %1, %2, %6 : tensor<3xi64>, tensor<2xi64>, tensor<i64>, tensor<2xi64>
}

// CHECK-LABEL: func.func @no_ops
// CHECK-NEXT: %[[R:.*]] = onnx.relu %arg0
// CHECK-NEXT: onnx.sqrt %[[R]]
// CHECK-NEXT: return
func.func @no_ops(%x: tensor<?x3x5xf32>) -> tensor<?x3x5xf32> {
  %s = onnx.constant dense<[-1, 3, 5]> : tensor<3xi64>
  %none = onnx.absent
  %0 = onnx.identity %x {version = 14 : i64} : (tensor<?x3x5xf32>) -> tensor<?x3x5xf32>
  %1 = onnx.reshape %0, %s {version = 14 : i64} : (tensor<?x3x5xf32>, tensor<3xi64>) -> tensor<?x3x5xf32>
  %2, %mask = onnx.dropout %1, %none, %none {version = 13 : i64} : (tensor<?x3x5xf32>, none, none) -> (tensor<?x3x5xf32>, none)
  %3 = onnx.relu %2 {version = 14 : i64} : (tensor<?x3x5xf32>) -> tensor<?x3x5xf32>
  %4 = onnx.transpose %3 {perm = array<i64: 0, 1, 2>, version = 13 : i64} : (tensor<?x3x5xf32>) -> tensor<?x3x5xf32>
  %5 = onnx.cast %4 {to = 1 : i64, version = 13 : i64} : (tensor<?x3x5xf32>) -> tensor<?x3x5xf32>
  %6 = onnx.concat %5 {axis = 1 : i64, version = 13 : i64} : (tensor<?x3x5xf32>) -> tensor<?x3x5xf32>
  %7 = onnx.sqrt %6 {version = 13 : i64} : (tensor<?x3x5xf32>) -> tensor<?x3x5xf32>
  return %7 : tensor<?x3x5xf32>
}

// The node before an Identity that is an output takes its name.
// CHECK-LABEL: func.func @output_name
// CHECK: onnx.relu %arg0 {onnx.outputs = ["out"]
// CHECK-NEXT: return
func.func @output_name(%x: tensor<2xf32>) -> (tensor<2xf32> {onnx.name = "out"}) {
  %0 = onnx.relu %x {version = 14 : i64, onnx.outputs = ["r"]} : (tensor<2xf32>) -> tensor<2xf32>
  %1 = onnx.identity %0 {version = 14 : i64, onnx.outputs = ["out"]} : (tensor<2xf32>) -> tensor<2xf32>
  return %1 : tensor<2xf32>
}

// CHECK-LABEL: func.func @branch
// CHECK-NEXT: %[[R:.*]] = onnx.relu %arg0 {onnx.outputs = ["y"]
// CHECK-NEXT: return %[[R]]
func.func @branch(%x: tensor<2xf32>) -> tensor<2xf32> {
  %true = onnx.constant dense<true> : tensor<i1>
  %y = onnx.node "If"(%true) version 16 graphs [{attribute = "else_branch", inputs = [], proto = ""}, {attribute = "then_branch", inputs = [], proto = ""}] {
    %0 = onnx.sqrt %x {version = 13 : i64} : (tensor<2xf32>) -> tensor<2xf32>
    onnx.yield %0 : tensor<2xf32>
  }, {
    %1 = onnx.identity %x {version = 14 : i64} : (tensor<2xf32>) -> tensor<2xf32>
    %0 = onnx.relu %1 {version = 14 : i64, onnx.outputs = ["r"]} : (tensor<2xf32>) -> tensor<2xf32>
    onnx.yield %0 : tensor<2xf32>
  } attributes {onnx.outputs = ["y"]} : (tensor<i1>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// Two output names, one value: the Identity is what tells them apart. An input cannot be an output either.
// CHECK-LABEL: func.func @no_output_name
// CHECK-COUNT-2: onnx.identity
func.func @no_output_name(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %0 = onnx.relu %x {version = 14 : i64, onnx.outputs = ["r"]} : (tensor<2xf32>) -> tensor<2xf32>
  %1 = onnx.identity %0 {version = 14 : i64, onnx.outputs = ["out"]} : (tensor<2xf32>) -> tensor<2xf32>
  %2 = onnx.identity %x {version = 14 : i64, onnx.outputs = ["in"]} : (tensor<2xf32>) -> tensor<2xf32>
  return %0, %1, %2 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// CHECK-LABEL: func.func @no_effect_proven
// CHECK: onnx.reshape
// CHECK: onnx.transpose
// CHECK: onnx.dropout
// CHECK: onnx.dropout
func.func @no_effect_proven(%x: tensor<?x?x2x2xf32>, %s: tensor<4xi64>, %t: tensor<i1>) -> tensor<?x?x2x2xf32> {
  %none = onnx.absent
  %0 = onnx.reshape %x, %s {version = 14 : i64} : (tensor<?x?x2x2xf32>, tensor<4xi64>) -> tensor<?x?x2x2xf32>
  %1 = onnx.transpose %0 {perm = array<i64: 0, 1, 3, 2>, version = 13 : i64} : (tensor<?x?x2x2xf32>) -> tensor<?x?x2x2xf32>
  %2, %mask = onnx.dropout %1, %none, %t {version = 13 : i64} : (tensor<?x?x2x2xf32>, none, tensor<i1>) -> (tensor<?x?x2x2xf32>, none)
  %3, %mask1 = onnx.dropout %2, %none, %none {is_test = 0 : i64, version = 6 : i64} : (tensor<?x?x2x2xf32>, none, none) -> (tensor<?x?x2x2xf32>, none)
  return %3 : tensor<?x?x2x2xf32>
}

// Types that say nothing are equal, too.
// CHECK-LABEL: func.func @no_types
// CHECK: onnx.cast
// CHECK: onnx.reshape
// CHECK: onnx.squeeze
// CHECK: onnx.unsqueeze
// CHECK: onnx.expand
func.func @no_types(%x: !onnx.any, %u: tensor<*xf32>, %s: tensor<?xi64>) -> (!onnx.any, tensor<*xf32>) {
  %none = onnx.absent
  %0 = onnx.cast %x {to = 1 : i64, version = 13 : i64} : (!onnx.any) -> !onnx.any
  %1 = onnx.reshape %u, %s {version = 14 : i64} : (tensor<*xf32>, tensor<?xi64>) -> tensor<*xf32>
  %2 = onnx.squeeze %1, %none {version = 13 : i64} : (tensor<*xf32>, none) -> tensor<*xf32>
  %3 = onnx.unsqueeze %2, %s {version = 13 : i64} : (tensor<*xf32>, tensor<?xi64>) -> tensor<*xf32>
  %4 = onnx.expand %3, %s {version = 13 : i64} : (tensor<*xf32>, tensor<?xi64>) -> tensor<*xf32>
  return %0, %4 : !onnx.any, tensor<*xf32>
}

// 100 KB out of one number stay a node; so does what draws random numbers.
// CHECK-LABEL: func.func @no_large_result
// CHECK: onnx.expand
// CHECK: onnx.node "RandomNormalLike"
func.func @no_large_result(%x: tensor<25600xf32>) -> tensor<25600xf32> {
  %one = onnx.constant dense<1.0> : tensor<1xf32>
  %size = onnx.constant dense<25600> : tensor<1xi64>
  %0 = onnx.expand %one, %size {version = 13 : i64} : (tensor<1xf32>, tensor<1xi64>) -> tensor<25600xf32>
  %1 = onnx.node "RandomNormalLike"(%one) version 1 : (tensor<1xf32>) -> tensor<1xf32>
  %2 = onnx.add %x, %0 {version = 14 : i64} : (tensor<25600xf32>, tensor<25600xf32>) -> tensor<25600xf32>
  %3 = onnx.add %2, %1 {version = 14 : i64} : (tensor<25600xf32>, tensor<1xf32>) -> tensor<25600xf32>
  return %3 : tensor<25600xf32>
}

// A model-local function has no initializers.
// CHECK-LABEL: func.func @in_function
// CHECK: onnx.constant dense<2.000000e+00> : tensor<1xf32> node_attr "value" {onnx.outputs = ["root"]}
func.func @in_function(%x: tensor<1xf32>) -> tensor<1xf32> attributes {onnx.function = ""} {
  %c = onnx.constant dense<4.0> : tensor<1xf32> node_attr "value_floats"
  %0 = onnx.sqrt %c {version = 13 : i64, onnx.outputs = ["root"]} : (tensor<1xf32>) -> tensor<1xf32>
  %y = onnx.mul %x, %0 {version = 14 : i64} : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
  return %y : tensor<1xf32>
}

// The branch tells more of the type than the If did: the batch normalization and the function follow.
// CHECK-LABEL: func.func @branch_refines_type
// CHECK-SAME: -> tensor<2x3xf32>
// CHECK: bn.inference {{.*}} -> tensor<2x3xf32>
func.func @branch_refines_type(%x: tensor<2x3xf32>, %p: tensor<3xf32>) -> tensor<?x3xf32> {
  %true = onnx.constant dense<true> : tensor<i1>
  %y = onnx.node "If"(%true) version 16 graphs [{attribute = "then_branch", inputs = [], proto = ""}, {attribute = "else_branch", inputs = [], proto = ""}] {
    %0 = onnx.relu %x {version = 14 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    onnx.yield %0 : tensor<2x3xf32>
  }, {
    onnx.yield %x : tensor<2x3xf32>
  } : (tensor<i1>) -> tensor<?x3xf32>
  %n = bn.inference %y mean %p variance %p axes [1] epsilon 0.0 : (tensor<?x3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  return %n : tensor<?x3xf32>
}

// Equal results are one constant.
// CHECK-LABEL: func.func @shared_result
// CHECK-COUNT-1: onnx.constant
// CHECK-NOT: onnx.constant
// CHECK: return
func.func @shared_result(%x: tensor<2xf32>) -> tensor<2xf32> {
  %c = onnx.constant dense<[4.0, 9.0]> : tensor<2xf32>
  %0 = onnx.sqrt %c {version = 13 : i64, onnx.outputs = ["r"]} : (tensor<2xf32>) -> tensor<2xf32>
  %1 = onnx.sqrt %c {version = 13 : i64, onnx.outputs = ["s"]} : (tensor<2xf32>) -> tensor<2xf32>
  %2 = onnx.add %x, %0 {version = 14 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %3 = onnx.sub %2, %1 {version = 14 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %3 : tensor<2xf32>
}

// 8 KB out of 4 bytes: the whole chain stays as it was, and so does the name.
// CHECK-LABEL: func.func @no_growth
// CHECK: %[[E:.*]] = onnx.expand {{.*}}onnx.outputs = ["e"]
// CHECK-NEXT: %[[R:.*]] = onnx.sqrt %[[E]] {onnx.outputs = ["r"]
// CHECK-NEXT: onnx.add %arg0, %[[R]]
func.func @no_growth(%x: tensor<2048xf32>) -> tensor<2048xf32> {
  %c = onnx.constant dense<4.0> : tensor<1xf32>
  %size = onnx.constant dense<2048> : tensor<1xi64>
  %0 = onnx.expand %c, %size {version = 13 : i64, onnx.outputs = ["e"]} : (tensor<1xf32>, tensor<1xi64>) -> tensor<2048xf32>
  %1 = onnx.sqrt %0 {version = 13 : i64, onnx.outputs = ["r"]} : (tensor<2048xf32>) -> tensor<2048xf32>
  %y = onnx.add %x, %1 {version = 14 : i64} : (tensor<2048xf32>, tensor<2048xf32>) -> tensor<2048xf32>
  return %y : tensor<2048xf32>
}

// The slices alone would make the file grow, the whole chain makes it shrink.
// CHECK-LABEL: func.func @chain_that_shrinks
// CHECK-NEXT: %[[C:.*]] = onnx.constant dense<{{.*}}> : tensor<48xf32>
// CHECK-NEXT: onnx.mul %arg0, %[[C]]
func.func @chain_that_shrinks(%x: tensor<48xf32>) -> tensor<48xf32> {
  %none = onnx.absent
  %c = onnx.constant dense<2.0> : tensor<48xf32>
  %0 = onnx.constant dense<0> : tensor<1xi64>
  %40 = onnx.constant dense<40> : tensor<1xi64>
  %48 = onnx.constant dense<48> : tensor<1xi64>
  %a = onnx.slice %c, %0, %40, %none, %none {version = 13 : i64} : (tensor<48xf32>, tensor<1xi64>, tensor<1xi64>, none, none) -> tensor<40xf32>
  %b = onnx.slice %c, %40, %48, %none, %none {version = 13 : i64} : (tensor<48xf32>, tensor<1xi64>, tensor<1xi64>, none, none) -> tensor<8xf32>
  %1 = onnx.concat %b, %a {axis = 0 : i64, version = 13 : i64} : (tensor<8xf32>, tensor<40xf32>) -> tensor<48xf32>
  %y = onnx.mul %x, %1 {version = 14 : i64} : (tensor<48xf32>, tensor<48xf32>) -> tensor<48xf32>
  return %y : tensor<48xf32>
}

// What was quantized stays quantized.
// CHECK-LABEL: func.func @no_dequantized
// CHECK: onnx.node "DequantizeLinear"
func.func @no_dequantized(%x: tensor<2xf32>) -> tensor<2xf32> {
  %q = onnx.constant dense<[3, -4]> : tensor<2xi8>
  %s = onnx.constant dense<0.5> : tensor<f32>
  %0 = onnx.node "DequantizeLinear"(%q, %s) version 13 : (tensor<2xi8>, tensor<f32>) -> tensor<2xf32>
  %y = onnx.add %x, %0 {version = 14 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// A Slice of everything does nothing.
// CHECK-LABEL: func.func @whole_slice
// CHECK-NOT: "Slice"
func.func @whole_slice(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %0 = onnx.constant dense<0> : tensor<2xi64>
  %e = onnx.constant dense<[9223372036854775807, 2147483647]> : tensor<2xi64>
  %s = onnx.node "Slice"(%x, %0, %e) version 13 : (tensor<?x3xf32>, tensor<2xi64>, tensor<2xi64>) -> tensor<?x3xf32>
  %y = onnx.relu %s {version = 14 : i64} : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// The shape that PyTorch writes for x.view(n, -1, d): the size of the batch is copied, the others are known.
// CHECK-LABEL: func.func @reshape_list
// CHECK: %[[S:.*]] = onnx.constant dense<[0, 15, 7]>
// CHECK: onnx.reshape %arg0, %[[S]]
// CHECK-SAME: -> tensor<?x15x7xf32>
func.func @reshape_list(%x: tensor<?x3x5x7xf32>) -> tensor<?x15x7xf32> {
  %zero = onnx.constant dense<0> : tensor<1xi64>
  %one = onnx.constant dense<1> : tensor<1xi64>
  %three = onnx.constant dense<3> : tensor<1xi64>
  %fifteen = onnx.constant dense<15> : tensor<1xi64>
  %shape = onnx.node "Shape"(%x) version 13 : (tensor<?x3x5x7xf32>) -> tensor<4xi64>
  %n = onnx.node "Slice"(%shape, %zero, %one, %zero) version 13 : (tensor<4xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %d = onnx.node "Gather"(%shape, %three) version 13 {axis = 0 : i64} : (tensor<4xi64>, tensor<1xi64>) -> tensor<1xi64>
  %s = onnx.concat %n, %fifteen, %d {axis = 0 : i64, version = 13 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %y = onnx.reshape %x, %s {version = 14 : i64} : (tensor<?x3x5x7xf32>, tensor<3xi64>) -> tensor<?x15x7xf32>
  return %y : tensor<?x15x7xf32>
}

// The size is that of another axis, of a product's rows: 0 copies it, and -1 is what the model said itself.
// CHECK-LABEL: func.func @reshape_like_origin
// CHECK: onnx.constant dense<[0, 1, -1]>
func.func @reshape_like_origin(%x: tensor<1x?x3xf32>, %w: tensor<3x7xf32>) -> tensor<?x1x7xf32> {
  %list = onnx.constant dense<[-1, 3]> : tensor<2xi64>
  %one = onnx.constant dense<1> : tensor<1xi64>
  %rest = onnx.constant dense<-1> : tensor<1xi64>
  %shape = onnx.node "Shape"(%x) version 13 : (tensor<1x?x3xf32>) -> tensor<3xi64>
  %n = onnx.node "Gather"(%shape, %one) version 13 : (tensor<3xi64>, tensor<1xi64>) -> tensor<1xi64>
  %rows = onnx.reshape %x, %list {version = 14 : i64} : (tensor<1x?x3xf32>, tensor<2xi64>) -> tensor<?x3xf32>
  %p = onnx.mat_mul %rows, %w {version = 13 : i64} : (tensor<?x3xf32>, tensor<3x7xf32>) -> tensor<?x7xf32>
  %s = onnx.concat %n, %one, %rest {axis = 0 : i64, version = 13 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %y = onnx.reshape %p, %s {version = 14 : i64} : (tensor<?x7xf32>, tensor<3xi64>) -> tensor<?x1x7xf32>
  return %y : tensor<?x1x7xf32>
}

// Two sizes that are open, and neither is copied from its place.
// CHECK-LABEL: func.func @no_reshape_list
// CHECK: onnx.concat
func.func @no_reshape_list(%x: tensor<?x?x6xf32>) -> tensor<?x?x6xf32> {
  %back = onnx.constant dense<[1, 0, 2]> : tensor<3xi64>
  %shape = onnx.node "Shape"(%x) version 13 : (tensor<?x?x6xf32>) -> tensor<3xi64>
  %six = onnx.constant dense<6> : tensor<1xi64>
  %both = onnx.constant dense<[1, 0]> : tensor<2xi64>
  %n = onnx.node "Gather"(%shape, %both) version 13 : (tensor<3xi64>, tensor<2xi64>) -> tensor<2xi64>
  %s = onnx.concat %n, %six {axis = 0 : i64, version = 13 : i64} : (tensor<2xi64>, tensor<1xi64>) -> tensor<3xi64>
  %y = onnx.reshape %x, %s {version = 14 : i64} : (tensor<?x?x6xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %y : tensor<?x?x6xf32>
}

// Parts of weights in another order take their place, large as they are.
// CHECK-LABEL: func.func @parts_in_other_order
// CHECK-COUNT-1: onnx.constant
// CHECK-NOT: onnx.c
func.func @parts_in_other_order(%x: tensor<16000xf32>) -> tensor<16000xf32> {
  %v = onnx.constant dense<0.5> : tensor<8192xf32>
  %w = onnx.constant dense<0.25> : tensor<8192xf32>
  %0 = onnx.constant dense<0> : tensor<1xi64>
  %e = onnx.constant dense<8000> : tensor<1xi64>
  %a = onnx.node "Slice"(%v, %0, %e) version 13 : (tensor<8192xf32>, tensor<1xi64>, tensor<1xi64>) -> tensor<8000xf32>
  %b = onnx.node "Slice"(%w, %0, %e) version 13 : (tensor<8192xf32>, tensor<1xi64>, tensor<1xi64>) -> tensor<8000xf32>
  %c = onnx.concat %b, %a {axis = 0 : i64, version = 13 : i64} : (tensor<8000xf32>, tensor<8000xf32>) -> tensor<16000xf32>
  %y = onnx.add %x, %c {version = 14 : i64} : (tensor<16000xf32>, tensor<16000xf32>) -> tensor<16000xf32>
  return %y : tensor<16000xf32>
}

// The interpreter has no complex numbers.
// CHECK-LABEL: func.func @no_complex
// CHECK: onnx.concat
func.func @no_complex() -> tensor<3xcomplex<f32>> {
  %a = onnx.constant dense<(1.0, 2.0)> : tensor<1xcomplex<f32>>
  %b = onnx.constant dense<[(1.0, 2.0), (3.0, 5.0)]> : tensor<2xcomplex<f32>>
  %c = onnx.concat %a, %b {axis = 0 : i64, version = 13 : i64} : (tensor<1xcomplex<f32>>, tensor<2xcomplex<f32>>) -> tensor<3xcomplex<f32>>
  %y = onnx.node "Custom"(%c) domain "my" version 1 : (tensor<3xcomplex<f32>>) -> tensor<3xcomplex<f32>>
  return %y : tensor<3xcomplex<f32>>
}
