// Every constraint of the onnx dialect refuses what it forbids, in its own words. Cases are named op_constraint.
// RUN: bn-opt -verify-diagnostics -split-input-file %s

func.func @conv_c1(%x: tensor<2x6x8x9xf32>, %w: tensor<4x3x3x3xf32>, %b: none) {
  // expected-error @below {{expected 'group' to be positive, got 0}}
  %y = onnx.conv %x, %w, %b {group = 0 : i64, version = 11 : i64} : (tensor<2x6x8x9xf32>, tensor<4x3x3x3xf32>, none) -> tensor<*xf32>
  return
}

// -----

func.func @conv_c2_rank(%x: tensor<2x6xf32>, %w: tensor<4x3xf32>, %b: none) {
  // expected-error @below {{expected W of rank 3 or more, got rank 2}}
  %y = onnx.conv %x, %w, %b {group = 2 : i64, version = 11 : i64} : (tensor<2x6xf32>, tensor<4x3xf32>, none) -> tensor<*xf32>
  return
}

// -----

func.func @conv_c2_same(%x: tensor<2x6x8xf32>, %w: tensor<4x3x3x3xf32>, %b: none) {
  // expected-error @below {{expected W to have the rank of X, got 4 and 3}}
  %y = onnx.conv %x, %w, %b {group = 2 : i64, version = 11 : i64} : (tensor<2x6x8xf32>, tensor<4x3x3x3xf32>, none) -> tensor<*xf32>
  return
}

// -----

func.func @conv_c3_channels(%x: tensor<2x5x8x9xf32>, %w: tensor<4x3x3x3xf32>, %b: none) {
  // expected-error @below {{expected X to have 6 channels, got 5}}
  %y = onnx.conv %x, %w, %b {group = 2 : i64, version = 11 : i64} : (tensor<2x5x8x9xf32>, tensor<4x3x3x3xf32>, none) -> tensor<*xf32>
  return
}

// -----

func.func @conv_c3_group(%x: tensor<2x6x8x9xf32>, %w: tensor<5x3x3x3xf32>, %b: none) {
  // expected-error @below {{expected W's dimension 0 to be a multiple of 'group' 2, got 5}}
  %y = onnx.conv %x, %w, %b {group = 2 : i64, version = 11 : i64} : (tensor<2x6x8x9xf32>, tensor<5x3x3x3xf32>, none) -> tensor<*xf32>
  return
}

// -----

func.func @conv_c4_size(%x: tensor<2x6x8x9xf32>, %w: tensor<4x3x3x3xf32>, %b: tensor<6xf32>) {
  // expected-error @below {{expected B to be a vector of 4 elements, got 'tensor<6xf32>'}}
  %y = onnx.conv %x, %w, %b {group = 2 : i64, version = 11 : i64} : (tensor<2x6x8x9xf32>, tensor<4x3x3x3xf32>, tensor<6xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @conv_c4_rank(%x: tensor<2x6x8x9xf32>, %w: tensor<4x3x3x3xf32>, %b: tensor<4x1xf32>) {
  // expected-error @below {{expected B to be a vector of 4 elements, got 'tensor<4x1xf32>'}}
  %y = onnx.conv %x, %w, %b {group = 2 : i64, version = 11 : i64} : (tensor<2x6x8x9xf32>, tensor<4x3x3x3xf32>, tensor<4x1xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @conv_c5_strides(%x: tensor<2x6x8x9xf32>, %w: tensor<4x3x3x3xf32>, %b: none) {
  // expected-error @below {{expected 'strides' to have 2 entries, got 1}}
  %y = onnx.conv %x, %w, %b {group = 2 : i64, strides = array<i64: 1>, version = 11 : i64} : (tensor<2x6x8x9xf32>, tensor<4x3x3x3xf32>, none) -> tensor<*xf32>
  return
}

// -----

func.func @conv_c5_dilations(%x: tensor<2x6x8x9xf32>, %w: tensor<4x3x3x3xf32>, %b: none) {
  // expected-error @below {{expected 'dilations' to be positive}}
  %y = onnx.conv %x, %w, %b {dilations = array<i64: 1, 0>, group = 2 : i64, version = 11 : i64} : (tensor<2x6x8x9xf32>, tensor<4x3x3x3xf32>, none) -> tensor<*xf32>
  return
}

// -----

func.func @conv_c5_kernel_shape(%x: tensor<2x6x8x9xf32>, %w: tensor<4x3x3x3xf32>, %b: none) {
  // expected-error @below {{expected 'kernel_shape' to have 2 entries, got 3}}
  %y = onnx.conv %x, %w, %b {group = 2 : i64, kernel_shape = array<i64: 3, 3, 3>, version = 11 : i64} : (tensor<2x6x8x9xf32>, tensor<4x3x3x3xf32>, none) -> tensor<*xf32>
  return
}

// -----

func.func @conv_c5_pads(%x: tensor<2x6x8x9xf32>, %w: tensor<4x3x3x3xf32>, %b: none) {
  // expected-error @below {{expected 'pads' to have 4 entries, got 2}}
  %y = onnx.conv %x, %w, %b {group = 2 : i64, pads = array<i64: 1, 1>, version = 11 : i64} : (tensor<2x6x8x9xf32>, tensor<4x3x3x3xf32>, none) -> tensor<*xf32>
  return
}

// -----

func.func @conv_transpose_c1(%x: tensor<2x6x8x9xf32>, %w: tensor<6x2x3x3xf32>, %b: none) {
  // expected-error @below {{expected 'group' to be positive, got -1}}
  %y = onnx.conv_transpose %x, %w, %b {group = -1 : i64, version = 11 : i64} : (tensor<2x6x8x9xf32>, tensor<6x2x3x3xf32>, none) -> tensor<*xf32>
  return
}

// -----

func.func @conv_transpose_c2(%x: tensor<2x6x8x9x4xf32>, %w: tensor<6x2x3x3xf32>, %b: none) {
  // expected-error @below {{expected W to have the rank of X, got 4 and 5}}
  %y = onnx.conv_transpose %x, %w, %b {group = 2 : i64, version = 11 : i64} : (tensor<2x6x8x9x4xf32>, tensor<6x2x3x3xf32>, none) -> tensor<*xf32>
  return
}

// -----

func.func @conv_transpose_c3_channels(%x: tensor<2x5x8x9xf32>, %w: tensor<6x2x3x3xf32>, %b: none) {
  // expected-error @below {{expected X to have 6 channels, got 5}}
  %y = onnx.conv_transpose %x, %w, %b {group = 2 : i64, version = 11 : i64} : (tensor<2x5x8x9xf32>, tensor<6x2x3x3xf32>, none) -> tensor<*xf32>
  return
}

// -----

func.func @conv_transpose_c3_group(%x: tensor<2x6x8x9xf32>, %w: tensor<6x2x3x3xf32>, %b: none) {
  // expected-error @below {{expected W's dimension 0 to be a multiple of 'group' 4, got 6}}
  %y = onnx.conv_transpose %x, %w, %b {group = 4 : i64, version = 11 : i64} : (tensor<2x6x8x9xf32>, tensor<6x2x3x3xf32>, none) -> tensor<*xf32>
  return
}

// -----

func.func @conv_transpose_c4(%x: tensor<2x6x8x9xf32>, %w: tensor<6x2x3x3xf32>, %b: tensor<2xf32>) {
  // expected-error @below {{expected B to be a vector of 4 elements, got 'tensor<2xf32>'}}
  %y = onnx.conv_transpose %x, %w, %b {group = 2 : i64, version = 11 : i64} : (tensor<2x6x8x9xf32>, tensor<6x2x3x3xf32>, tensor<2xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @node_c1(%c: tensor<i1>) {
  // expected-error @below {{expected one entry of 'graphs' per region, got 2 for 1 regions}}
  "onnx.node"(%c) <{op_type = "If", version = 16 : i64, graphs = [{attribute = "then_branch"}, {attribute = "else_branch"}]}> ({
    "onnx.yield"() : () -> ()
  }) : (tensor<i1>) -> ()
  return
}

// -----

func.func @node_c1_absent(%c: tensor<i1>) {
  // expected-error @below {{expected one entry of 'graphs' per region, got 0 for 1 regions}}
  "onnx.node"(%c) <{op_type = "If", version = 16 : i64}> ({
    "onnx.yield"() : () -> ()
  }) : (tensor<i1>) -> ()
  return
}

// -----

func.func @node_c2_empty(%c: tensor<i1>) {
  // expected-error @below {{expected every region to be one block that ends in 'onnx.yield'}}
  "onnx.node"(%c) <{op_type = "If", version = 16 : i64, graphs = [{attribute = "then_branch"}]}> ({
  }) : (tensor<i1>) -> ()
  return
}

// -----

func.func @node_c2_blocks(%c: tensor<i1>) {
  // expected-error @below {{expected every region to be one block that ends in 'onnx.yield'}}
  "onnx.node"(%c) <{op_type = "If", version = 16 : i64, graphs = [{attribute = "then_branch"}]}> ({
    "onnx.yield"() : () -> ()
  ^bb1:
    "onnx.yield"() : () -> ()
  }) : (tensor<i1>) -> ()
  return
}
