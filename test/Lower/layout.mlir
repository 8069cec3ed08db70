// Images stay in blocks from kernel to kernel, those of few channels as they come, and elementwise ops become epilogues.
// RUN: bn-opt %s --bn-convert-to-kernel --canonicalize --cse --bn-assign-layout --bn-read-planes --bn-fuse-epilogues --canonicalize --cse | FileCheck %s

// One pack at the start, one unpack at the end; the residual is an operand of the second convolution.
// CHECK-LABEL: func.func @residual
// CHECK: %[[P:.*]] = kernel.pack %arg0
// CHECK: %[[A:.*]] = kernel.conv {{.*}} epilogue
// CHECK-NOT: kernel.unpack
// CHECK: tensor.pad %[[A]]
// CHECK: %[[B:.*]] = kernel.conv {{.*}} with(%[[P]]){{.*}}{{.*}} epilogue
// CHECK: kernel.unpack %[[B]]
func.func @residual(%x: tensor<1x16x5x7xf32>) -> tensor<1x16x5x7xf32> {
  %w = onnx.constant dense<0.5> : tensor<16x16x3x3xf32>
  %none = onnx.absent
  %a = onnx.conv %x, %w, %none {pads = array<i64: 1, 1, 1, 1>, version = 11 : i64}
     : (tensor<1x16x5x7xf32>, tensor<16x16x3x3xf32>, none) -> tensor<1x16x5x7xf32>
  %r = onnx.relu %a {version = 14 : i64} : (tensor<1x16x5x7xf32>) -> tensor<1x16x5x7xf32>
  %b = onnx.conv %r, %w, %none {pads = array<i64: 1, 1, 1, 1>, version = 11 : i64}
     : (tensor<1x16x5x7xf32>, tensor<16x16x3x3xf32>, none) -> tensor<1x16x5x7xf32>
  %s = onnx.add %b, %x {version = 14 : i64} : (tensor<1x16x5x7xf32>, tensor<1x16x5x7xf32>) -> tensor<1x16x5x7xf32>
  %y = onnx.relu %s {version = 14 : i64} : (tensor<1x16x5x7xf32>) -> tensor<1x16x5x7xf32>
  return %y : tensor<1x16x5x7xf32>
}

// A logarithm of the zeros behind the last channel is infinite, so it stays on the plain image.
// CHECK-LABEL: func.func @no_logarithm_of_tail
// CHECK: kernel.conv
// CHECK: kernel.unpack
// CHECK: math.log
func.func @no_logarithm_of_tail(%x: tensor<1x3x5x7xf32>) -> tensor<1x3x5x7xf32> {
  %w = onnx.constant dense<0.5> : tensor<3x3x1x1xf32>
  %none = onnx.absent
  %a = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x3x5x7xf32>, tensor<3x3x1x1xf32>, none) -> tensor<1x3x5x7xf32>
  %y = onnx.node "Log"(%a) version 13 : (tensor<1x3x5x7xf32>) -> tensor<1x3x5x7xf32>
  return %y : tensor<1x3x5x7xf32>
}

// An image of three channels is read as it is; the copy, which the border goes around, is fused with it.
// CHECK-LABEL: func.func @planes
// CHECK-NOT: kernel.pack
// CHECK: %[[P:.*]] = tensor.pad {{.*}} low[0, 0, 1, 1] high[0, 0, 1, 1]
// CHECK: kernel.conv %[[P]]{{.*}} channels 3
func.func @planes(%x: tensor<1x3x5x7xf32>) -> tensor<1x16x5x7xf32> {
  %w = onnx.constant dense<0.5> : tensor<16x3x3x3xf32>
  %none = onnx.absent
  %y = onnx.conv %x, %w, %none {pads = array<i64: 1, 1, 1, 1>, version = 11 : i64}
     : (tensor<1x3x5x7xf32>, tensor<16x3x3x3xf32>, none) -> tensor<1x16x5x7xf32>
  return %y : tensor<1x16x5x7xf32>
}

// Whole blocks of channels concatenate in blocks.
// CHECK-LABEL: func.func @concat
// CHECK: %[[C:.*]] = tensor.concat dim(1) {{.*}} -> tensor<1x3x5x7x16xf32>
// CHECK: kernel.unpack %[[C]]
func.func @concat(%x: tensor<1x3x5x7xf32>) -> tensor<1x35x5x7xf32> {
  %w = onnx.constant dense<0.5> : tensor<32x3x1x1xf32>
  %v = onnx.constant dense<0.25> : tensor<3x3x1x1xf32>
  %none = onnx.absent
  %a = onnx.conv %x, %w, %none {version = 11 : i64} : (tensor<1x3x5x7xf32>, tensor<32x3x1x1xf32>, none) -> tensor<1x32x5x7xf32>
  %b = onnx.conv %x, %v, %none {version = 11 : i64} : (tensor<1x3x5x7xf32>, tensor<3x3x1x1xf32>, none) -> tensor<1x3x5x7xf32>
  %y = onnx.concat %a, %b {axis = 1 : i64, version = 13 : i64} : (tensor<1x32x5x7xf32>, tensor<1x3x5x7xf32>) -> tensor<1x35x5x7xf32>
  return %y : tensor<1x35x5x7xf32>
}

// Groups that lie within blocks have a kernel of their own: depthwise ones, and 5 of 8 channels, with an empty half of a block behind.
// CHECK-LABEL: func.func @groups_within_blocks
// CHECK: kernel.grouped_conv {{.*}} tensor<3x1x3x3x16xf32>
// CHECK: kernel.grouped_conv {{.*}} tensor<3x8x3x3x16xf32>
func.func @groups_within_blocks(%x: tensor<1x40x5x7xf32>) -> tensor<1x40x1x3xf32> {
  %w = onnx.constant dense<0.5> : tensor<40x1x3x3xf32>
  %v = onnx.constant dense<0.5> : tensor<40x8x3x3xf32>
  %none = onnx.absent
  %a = onnx.conv %x, %w, %none {group = 40 : i64, version = 11 : i64} : (tensor<1x40x5x7xf32>, tensor<40x1x3x3xf32>, none) -> tensor<1x40x3x5xf32>
  %b = onnx.conv %a, %v, %none {group = 5 : i64, version = 11 : i64} : (tensor<1x40x3x5xf32>, tensor<40x8x3x3xf32>, none) -> tensor<1x40x1x3xf32>
  return %b : tensor<1x40x1x3xf32>
}

// Other groups merge until blocks do not straddle two: 4 of 24 channels are 2 of 48.
// CHECK-LABEL: func.func @merged_groups
// CHECK: kernel.conv {{.*}} groups 2 {{.*}} tensor<6x3x3x3x16x16xf32>
func.func @merged_groups(%x: tensor<1x96x3x5xf32>) -> tensor<1x96x1x3xf32> {
  %w = onnx.constant dense<0.5> : tensor<96x24x3x3xf32>
  %none = onnx.absent
  %y = onnx.conv %x, %w, %none {group = 4 : i64, version = 11 : i64} : (tensor<1x96x3x5xf32>, tensor<96x24x3x3xf32>, none) -> tensor<1x96x1x3xf32>
  return %y : tensor<1x96x1x3xf32>
}

// An odd group: 3 of 24 channels are 2 of 48, the last with a block of zeros at its end.
// CHECK-LABEL: func.func @merged_groups_of_unequal_size
// CHECK: tensor.pad {{.*}} low[0, 0, 0, 0, 0] high[0, 1, 0, 0, 0]
// CHECK: kernel.conv {{.*}} groups 2 {{.*}} tensor<6x3x3x3x16x16xf32>
// CHECK: tensor.extract_slice {{.*}} [1, 5, 1, 3, 16]
func.func @merged_groups_of_unequal_size(%x: tensor<1x72x3x5xf32>) -> tensor<1x72x1x3xf32> {
  %w = onnx.constant dense<0.5> : tensor<72x24x3x3xf32>
  %none = onnx.absent
  %y = onnx.conv %x, %w, %none {group = 3 : i64, version = 11 : i64} : (tensor<1x72x3x5xf32>, tensor<72x24x3x3xf32>, none) -> tensor<1x72x1x3xf32>
  return %y : tensor<1x72x1x3xf32>
}

// A known matrix is packed, and its bias and activation ride along.
// CHECK-LABEL: func.func @gemm
// CHECK: kernel.matmul %arg0, %{{.*}} bias %{{.*}} outs(%{{.*}}) {packed} epilogue
func.func @gemm(%x: tensor<5x7xf32>) -> tensor<5x19xf32> {
  %w = onnx.constant dense<0.5> : tensor<19x7xf32>
  %c = onnx.constant dense<0.25> : tensor<19xf32>
  %a = onnx.gemm %x, %w, %c {transB = 1 : i64, version = 13 : i64} : (tensor<5x7xf32>, tensor<19x7xf32>, tensor<19xf32>) -> tensor<5x19xf32>
  %y = onnx.relu %a {version = 14 : i64} : (tensor<5x19xf32>) -> tensor<5x19xf32>
  return %y : tensor<5x19xf32>
}

// Integers are finite whatever the tail holds: the scaled sums of one convolution are the next one's image without a change of layout.
// CHECK-LABEL: func.func @quantized
// CHECK: kernel.pack
// CHECK: kernel.conv
// CHECK-NOT: kernel.{{(un)?pack}}
// CHECK: kernel.conv
// CHECK: kernel.unpack
func.func @quantized(%x: tensor<1x3x5x7xui8>) -> tensor<1x5x5x7xui8> {
  %w1 = onnx.constant dense<2> : tensor<5x3x1x1xi8>
  %w2 = onnx.constant dense<3> : tensor<5x5x1x1xi8>
  %s = onnx.constant dense<0.5> : tensor<f32>
  %z = onnx.constant dense<7> : tensor<ui8>
  %zw = onnx.constant dense<0> : tensor<i8>
  %y = onnx.node "QLinearConv"(%x, %s, %z, %w1, %s, %zw, %s, %z) version 10
     : (tensor<1x3x5x7xui8>, tensor<f32>, tensor<ui8>, tensor<5x3x1x1xi8>, tensor<f32>, tensor<i8>, tensor<f32>, tensor<ui8>) -> tensor<1x5x5x7xui8>
  %r = onnx.node "QLinearConv"(%y, %s, %z, %w2, %s, %zw, %s, %z) version 10
     : (tensor<1x5x5x7xui8>, tensor<f32>, tensor<ui8>, tensor<5x5x1x1xi8>, tensor<f32>, tensor<i8>, tensor<f32>, tensor<ui8>) -> tensor<1x5x5x7xui8>
  return %r : tensor<1x5x5x7xui8>
}
