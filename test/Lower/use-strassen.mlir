// RUN: bn-opt %s --bn-use-strassen --split-input-file | FileCheck %s
// RUN: bn-opt %s --bn-lower=strassen=false --split-input-file | FileCheck %s --check-prefix=DIRECT
// RUN: bn-opt %s --bn-lower=bfloat16=true --split-input-file | FileCheck %s --check-prefix=DIRECT
// DIRECT-NOT: kernel.strassen_conv

// Many multiply-adds for each input, output and weight. The sums of equal quarters B are B, B, B, 0, 0, 0 and B.
// CHECK-LABEL: func @many_channels
// CHECK: %[[W:.*]] = kernel.constant dense_resource<{{.*}}> : tensor<8x7x256x16xf32>
// CHECK: kernel.strassen_conv %arg0, %[[W]] bias %arg1 outs
// CHECK-NOT: kernel.conv
func.func @many_channels(%x: tensor<1x32x14x15x16xf32>, %b: tensor<16x16xf32>) -> tensor<1x16x14x15x16xf32> {
  %w = kernel.constant dense<0.5> : tensor<16x32x1x1x16x16xf32>
  %e = tensor.empty() : tensor<1x16x14x15x16xf32>
  %y = kernel.conv %x, %w bias %b outs(%e)
    : (tensor<1x32x14x15x16xf32>, tensor<16x32x1x1x16x16xf32>, tensor<16x16xf32>, tensor<1x16x14x15x16xf32>) -> tensor<1x16x14x15x16xf32>
  return %y : tensor<1x16x14x15x16xf32>
}

// -----

// The weights take longer to arrive than the multiply-adds take.
// CHECK-LABEL: func @no_few_positions
// CHECK: kernel.conv
func.func @no_few_positions(%x: tensor<1x32x2x3x16xf32>) -> tensor<1x16x2x3x16xf32> {
  %w = kernel.constant dense<0.5> : tensor<16x32x1x1x16x16xf32>
  %e = tensor.empty() : tensor<1x16x2x3x16xf32>
  %y = kernel.conv %x, %w outs(%e) : (tensor<1x32x2x3x16xf32>, tensor<16x32x1x1x16x16xf32>, tensor<1x16x2x3x16xf32>) -> tensor<1x16x2x3x16xf32>
  return %y : tensor<1x16x2x3x16xf32>
}

// -----

// The sums take longer than what they save.
// CHECK-LABEL: func @no_few_channels
// CHECK: kernel.conv
func.func @no_few_channels(%x: tensor<1x2x28x30x16xf32>) -> tensor<1x2x28x30x16xf32> {
  %w = kernel.constant dense<0.5> : tensor<2x2x1x1x16x16xf32>
  %e = tensor.empty() : tensor<1x2x28x30x16xf32>
  %y = kernel.conv %x, %w outs(%e) : (tensor<1x2x28x30x16xf32>, tensor<2x2x1x1x16x16xf32>, tensor<1x2x28x30x16xf32>) -> tensor<1x2x28x30x16xf32>
  return %y : tensor<1x2x28x30x16xf32>
}

// -----

// CHECK-LABEL: func @no_odd_blocks
// CHECK: kernel.conv
func.func @no_odd_blocks(%x: tensor<1x33x14x15x16xf32>) -> tensor<1x16x14x15x16xf32> {
  %w = kernel.constant dense<0.5> : tensor<16x33x1x1x16x16xf32>
  %e = tensor.empty() : tensor<1x16x14x15x16xf32>
  %y = kernel.conv %x, %w outs(%e)
    : (tensor<1x33x14x15x16xf32>, tensor<16x33x1x1x16x16xf32>, tensor<1x16x14x15x16xf32>) -> tensor<1x16x14x15x16xf32>
  return %y : tensor<1x16x14x15x16xf32>
}

// -----

// CHECK-LABEL: func @no_stride
// CHECK: kernel.conv
func.func @no_stride(%x: tensor<1x32x27x29x16xf32>) -> tensor<1x16x14x15x16xf32> {
  %w = kernel.constant dense<0.5> : tensor<16x32x1x1x16x16xf32>
  %e = tensor.empty() : tensor<1x16x14x15x16xf32>
  %y = kernel.conv %x, %w outs(%e) strides [2, 2]
    : (tensor<1x32x27x29x16xf32>, tensor<16x32x1x1x16x16xf32>, tensor<1x16x14x15x16xf32>) -> tensor<1x16x14x15x16xf32>
  return %y : tensor<1x16x14x15x16xf32>
}

// -----

// CHECK-LABEL: func @no_groups
// CHECK: kernel.conv
func.func @no_groups(%x: tensor<1x64x14x15x16xf32>) -> tensor<1x32x14x15x16xf32> {
  %w = kernel.constant dense<0.5> : tensor<32x32x1x1x16x16xf32>
  %e = tensor.empty() : tensor<1x32x14x15x16xf32>
  %y = kernel.conv %x, %w outs(%e) groups 2
    : (tensor<1x64x14x15x16xf32>, tensor<32x32x1x1x16x16xf32>, tensor<1x32x14x15x16xf32>) -> tensor<1x32x14x15x16xf32>
  return %y : tensor<1x32x14x15x16xf32>
}

// -----

// CHECK-LABEL: func @no_unknown_weights
// CHECK: kernel.conv
func.func @no_unknown_weights(%x: tensor<1x32x14x15x16xf32>, %w: tensor<16x32x1x1x16x16xf32>) -> tensor<1x16x14x15x16xf32> {
  %e = tensor.empty() : tensor<1x16x14x15x16xf32>
  %y = kernel.conv %x, %w outs(%e)
    : (tensor<1x32x14x15x16xf32>, tensor<16x32x1x1x16x16xf32>, tensor<1x16x14x15x16xf32>) -> tensor<1x16x14x15x16xf32>
  return %y : tensor<1x16x14x15x16xf32>
}
