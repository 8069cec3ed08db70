// RUN: bn-opt %s --bn-use-winograd --split-input-file | FileCheck %s
// RUN: bn-opt %s --bn-lower=winograd=false --split-input-file | FileCheck %s --check-prefix=DIRECT
// DIRECT-NOT: kernel.winograd

// Many positions and few weights: tiles of 4×4 outputs. The border is what they need already.
// CHECK-LABEL: func @tiles_of_four
// CHECK-NOT: tensor.pad
// CHECK: %[[V:.*]] = kernel.winograd_input %arg0 {{.*}} tile 4 tiles [14, 15]
// CHECK-SAME: -> tensor<36x210x64xf32>
// CHECK: %[[M:.*]] = kernel.matmul %[[V]], {{.*}} {packed} : (tensor<36x210x64xf32>, tensor<36x2x64x16xf32>, tensor<36x210x32xf32>)
// CHECK: kernel.winograd_output %[[M]] bias %arg1 {{.*}} tile 4
func.func @tiles_of_four(%x: tensor<1x4x58x62x16xf32>, %b: tensor<2x16xf32>) -> tensor<1x2x56x60x16xf32> {
  %w = kernel.constant dense<0.5> : tensor<2x4x3x3x16x16xf32>
  %e = tensor.empty() : tensor<1x2x56x60x16xf32>
  %y = kernel.conv %x, %w bias %b outs(%e)
    : (tensor<1x4x58x62x16xf32>, tensor<2x4x3x3x16x16xf32>, tensor<2x16xf32>, tensor<1x2x56x60x16xf32>) -> tensor<1x2x56x60x16xf32>
  return %y : tensor<1x2x56x60x16xf32>
}

// -----

// Each group's outputs are products of its own inputs.
// CHECK-LABEL: func @groups_of_channels
// CHECK: kernel.winograd_input %arg0 {{.*}} -> tensor<36x210x64xf32>
// CHECK: kernel.matmul {{.*}} groups 2 {packed} : (tensor<36x210x64xf32>, tensor<36x4x32x16xf32>, tensor<36x210x64xf32>)
// CHECK: kernel.winograd_output
func.func @groups_of_channels(%x: tensor<1x4x58x62x16xf32>) -> tensor<1x4x56x60x16xf32> {
  %w = kernel.constant dense<0.5> : tensor<4x2x3x3x16x16xf32>
  %e = tensor.empty() : tensor<1x4x56x60x16xf32>
  %y = kernel.conv %x, %w outs(%e) groups 2
    : (tensor<1x4x58x62x16xf32>, tensor<4x2x3x3x16x16xf32>, tensor<1x4x56x60x16xf32>) -> tensor<1x4x56x60x16xf32>
  return %y : tensor<1x4x56x60x16xf32>
}

// -----

// The last tiles reach over the border: it grows.
// CHECK-LABEL: func @border_grows
// CHECK: tensor.pad %arg0 low[0, 0, 1, 1, 0] high[0, 0, 3, 2, 0]
// CHECK: kernel.winograd_input {{.*}} tile 4 tiles [7, 8]
func.func @border_grows(%x: tensor<1x4x26x31x16xf32>) -> tensor<1x4x26x31x16xf32> {
  %zero = arith.constant 0.0 : f32
  %p = tensor.pad %x low[0, 0, 1, 1, 0] high[0, 0, 1, 1, 0] {
  ^bb0(%i: index, %j: index, %k: index, %l: index, %m: index):
    tensor.yield %zero : f32
  } : tensor<1x4x26x31x16xf32> to tensor<1x4x28x33x16xf32>
  %w = kernel.constant dense<0.5> : tensor<4x4x3x3x16x16xf32>
  %e = tensor.empty() : tensor<1x4x26x31x16xf32>
  %y = kernel.conv %p, %w outs(%e)
    : (tensor<1x4x28x33x16xf32>, tensor<4x4x3x3x16x16xf32>, tensor<1x4x26x31x16xf32>) -> tensor<1x4x26x31x16xf32>
  return %y : tensor<1x4x26x31x16xf32>
}

// -----

// Fourteen rows are five tiles of three, with fewer weights than four tiles of four and fewer multiplications than seven of two.
// CHECK-LABEL: func @tiles_of_three
// CHECK: kernel.winograd_input {{.*}} tile 3 tiles [5, 5]
// CHECK-SAME: -> tensor<25x25x256xf32>
func.func @tiles_of_three(%x: tensor<1x16x16x16x16xf32>) -> tensor<1x16x14x14x16xf32> {
  %w = kernel.constant dense<0.5> : tensor<16x16x3x3x16x16xf32>
  %e = tensor.empty() : tensor<1x16x14x14x16xf32>
  %y = kernel.conv %x, %w outs(%e) : (tensor<1x16x16x16x16xf32>, tensor<16x16x3x3x16x16xf32>, tensor<1x16x14x14x16xf32>) -> tensor<1x16x14x14x16xf32>
  return %y : tensor<1x16x14x14x16xf32>
}

// -----

// Many weights: larger tiles would have more of them.
// CHECK-LABEL: func @tiles_of_two
// CHECK: kernel.winograd_input {{.*}} tile 2 tiles [4, 4]
func.func @tiles_of_two(%x: tensor<1x32x9x9x16xf32>) -> tensor<1x32x7x7x16xf32> {
  %w = kernel.constant dense<0.5> : tensor<32x32x3x3x16x16xf32>
  %e = tensor.empty() : tensor<1x32x7x7x16xf32>
  %y = kernel.conv %x, %w outs(%e) : (tensor<1x32x9x9x16xf32>, tensor<32x32x3x3x16x16xf32>, tensor<1x32x7x7x16xf32>) -> tensor<1x32x7x7x16xf32>
  return %y : tensor<1x32x7x7x16xf32>
}

// -----

// Few positions and many weights: more weights cost more than the multiplications.
// CHECK-LABEL: func @no_winograd_for_few_positions
// CHECK: kernel.conv
func.func @no_winograd_for_few_positions(%x: tensor<1x32x5x5x16xf32>) -> tensor<1x32x3x3x16xf32> {
  %w = kernel.constant dense<0.5> : tensor<32x32x3x3x16x16xf32>
  %e = tensor.empty() : tensor<1x32x3x3x16xf32>
  %y = kernel.conv %x, %w outs(%e) : (tensor<1x32x5x5x16xf32>, tensor<32x32x3x3x16x16xf32>, tensor<1x32x3x3x16xf32>) -> tensor<1x32x3x3x16xf32>
  return %y : tensor<1x32x3x3x16xf32>
}

// -----

// A stride of two: a tile of 4×4 outputs reads 9×9 inputs.
// CHECK-LABEL: func @stride_of_two
// CHECK-NOT: tensor.pad
// CHECK: kernel.winograd_input {{.*}} tile 4 stride 2 tiles [7, 7]
// CHECK-SAME: -> tensor<81x49x128xf32>
// CHECK: kernel.winograd_output {{.*}} tile 4 stride 2
func.func @stride_of_two(%x: tensor<1x8x57x57x16xf32>) -> tensor<1x8x28x28x16xf32> {
  %w = kernel.constant dense<0.5> : tensor<8x8x3x3x16x16xf32>
  %e = tensor.empty() : tensor<1x8x28x28x16xf32>
  %y = kernel.conv %x, %w outs(%e) strides [2, 2]
    : (tensor<1x8x57x57x16xf32>, tensor<8x8x3x3x16x16xf32>, tensor<1x8x28x28x16xf32>) -> tensor<1x8x28x28x16xf32>
  return %y : tensor<1x8x28x28x16xf32>
}

// -----

// CHECK-LABEL: func @no_winograd_with_two_strides
// CHECK: kernel.conv
func.func @no_winograd_with_two_strides(%x: tensor<1x8x57x30x16xf32>) -> tensor<1x8x28x28x16xf32> {
  %w = kernel.constant dense<0.5> : tensor<8x8x3x3x16x16xf32>
  %e = tensor.empty() : tensor<1x8x28x28x16xf32>
  %y = kernel.conv %x, %w outs(%e) strides [2, 1]
    : (tensor<1x8x57x30x16xf32>, tensor<8x8x3x3x16x16xf32>, tensor<1x8x28x28x16xf32>) -> tensor<1x8x28x28x16xf32>
  return %y : tensor<1x8x28x28x16xf32>
}

// -----

// CHECK-LABEL: func @no_winograd_with_weights_from_outside
// CHECK: kernel.conv
func.func @no_winograd_with_weights_from_outside(%x: tensor<1x4x58x58x16xf32>, %w: tensor<4x4x3x3x16x16xf32>) -> tensor<1x4x56x56x16xf32> {
  %e = tensor.empty() : tensor<1x4x56x56x16xf32>
  %y = kernel.conv %x, %w outs(%e) : (tensor<1x4x58x58x16xf32>, tensor<4x4x3x3x16x16xf32>, tensor<1x4x56x56x16xf32>) -> tensor<1x4x56x56x16xf32>
  return %y : tensor<1x4x56x56x16xf32>
}

// -----

// Of 16 input channels 3 hold data: the direct loops skip the rest, tiles would not.
// CHECK-LABEL: func.func @no_tiles_for_empty_channels
// CHECK: kernel.conv
func.func @no_tiles_for_empty_channels(%x: tensor<1x1x58x58x16xf32>) -> tensor<1x4x56x56x16xf32> {
  %w = kernel.constant dense<0.5> : tensor<4x1x3x3x16x16xf32>
  %e = tensor.empty() : tensor<1x4x56x56x16xf32>
  %y = kernel.conv %x, %w outs(%e) channels 3
    : (tensor<1x1x58x58x16xf32>, tensor<4x1x3x3x16x16xf32>, tensor<1x4x56x56x16xf32>) -> tensor<1x4x56x56x16xf32>
  return %y : tensor<1x4x56x56x16xf32>
}
