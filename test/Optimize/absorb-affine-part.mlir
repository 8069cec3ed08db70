// A BatchNormalization of which one part is absorbed becomes the Add or Mul of the other, unless its tensor may be kept in blocks of channels.
// RUN: bn-opt %s --bn-raise-affine --bn-merge-affines --bn-absorb-affine --bn-restore-affine --bn-remove-dead-nodes | FileCheck %s

// The scale passes the ReLU into the weight, the shift does not.
// CHECK-LABEL: func.func @add
// CHECK: %[[R:.*]] = onnx.relu
// CHECK: onnx.add %[[R]], {{.*}}bn.sources = ["bn"], {{.*}}onnx.name = "bn"
func.func @add(%x: tensor<2x3x5xf32>) -> tensor<2x3x5xf32> {
  %k = onnx.constant dense<0.5> : tensor<3x3x1xf32>
  %p = onnx.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %none = onnx.absent
  %c = onnx.conv %x, %k, %none {version = 11 : i64} : (tensor<2x3x5xf32>, tensor<3x3x1xf32>, none) -> tensor<2x3x5xf32>
  %r = onnx.relu %c {version = 14 : i64} : (tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
  %y = bn.inference %r scale %p offset %p mean %p variance %p axes [1] epsilon 1.0e-5 {onnx.name = "bn"} : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
  return %y : tensor<2x3x5xf32>
}

// The same on an image of three channels, which no runtime keeps in blocks: the scale goes to the convolution behind the ReLU.
// CHECK-LABEL: func.func @image
// CHECK: %[[S:.*]] = onnx.add %arg0
// CHECK: onnx.relu %[[S]]
func.func @image(%x: tensor<2x3x5x7xf32>) -> tensor<2x4x5x7xf32> {
  %k = onnx.constant dense<0.5> : tensor<4x3x1x1xf32>
  %p = onnx.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %none = onnx.absent
  %b = bn.inference %x scale %p offset %p mean %p variance %p axes [1] epsilon 1.0e-5 : (tensor<2x3x5x7xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5x7xf32>
  %r = onnx.relu %b {version = 14 : i64} : (tensor<2x3x5x7xf32>) -> tensor<2x3x5x7xf32>
  %y = onnx.conv %r, %k, %none {version = 11 : i64} : (tensor<2x3x5x7xf32>, tensor<4x3x1x1xf32>, none) -> tensor<2x4x5x7xf32>
  return %y : tensor<2x4x5x7xf32>
}

// Eight channels fill a block: an Add before a ReLU would leave the blocked layout.
// CHECK-LABEL: func.func @no_blocked_image
// CHECK: bn.inference {{.*}}bn.reason = "no-producer"
// CHECK-NOT: onnx.add
func.func @no_blocked_image(%x: tensor<2x8x5x7xf32>) -> tensor<2x4x5x7xf32> {
  %k = onnx.constant dense<0.5> : tensor<4x8x1x1xf32>
  %p = onnx.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %none = onnx.absent
  %b = bn.inference %x scale %p offset %p mean %p variance %p axes [1] epsilon 1.0e-5 : (tensor<2x8x5x7xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<2x8x5x7xf32>
  %r = onnx.relu %b {version = 14 : i64} : (tensor<2x8x5x7xf32>) -> tensor<2x8x5x7xf32>
  %y = onnx.conv %r, %k, %none {version = 11 : i64} : (tensor<2x8x5x7xf32>, tensor<4x8x1x1xf32>, none) -> tensor<2x4x5x7xf32>
  return %y : tensor<2x4x5x7xf32>
}

// Either affine could give its shift to the other one: only a BatchNormalization does, and once.
// CHECK-LABEL: func.func @shift_goes_once
// CHECK: return
func.func @shift_goes_once(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %p = onnx.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %q = onnx.constant dense<[3.0, -5.0]> : tensor<2xf32>
  %0 = onnx.div %x, %p {version = 14 : i64} : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %1 = onnx.add %0, %q {version = 14 : i64} : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %2 = onnx.mul %1, %q {version = 14 : i64} : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %3 = onnx.add %x, %2 {version = 14 : i64} : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %y = bn.inference %3 scale %p offset %q mean %q variance %p axes [1] epsilon 1.0e-5 : (tensor<2x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// The BatchNormalization before makes x infinite: 0·relu(x) is no number then, relu(0·x) may be one.
// CHECK-LABEL: func.func @no_zero_scale_behind_infinities
// CHECK: bn.inference {{.*}}bn.reason = "variance-not-positive"
// CHECK: bn.inference {{.*}}bn.reason = "input-not-finite"
func.func @no_zero_scale_behind_infinities(%x: tensor<2x3x5xf32>) -> tensor<2x3x5xf32> {
  %k = onnx.constant dense<0.5> : tensor<3x3x1xf32>
  %p = onnx.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %v = onnx.constant dense<[-1.0, 2.0, 3.0]> : tensor<3xf32>
  %s = onnx.constant dense<[0.0, 2.0, 3.0]> : tensor<3xf32>
  %none = onnx.absent
  %b = bn.inference %x scale %p offset %p mean %p variance %v axes [1] epsilon 1.0 : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
  %c = onnx.conv %b, %k, %none {version = 11 : i64} : (tensor<2x3x5xf32>, tensor<3x3x1xf32>, none) -> tensor<2x3x5xf32>
  %r = onnx.relu %c {version = 14 : i64} : (tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
  %y = bn.inference %r scale %s offset %p mean %p variance %p axes [1] epsilon 1.0e-5 : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
  return %y : tensor<2x3x5xf32>
}

// The convolution could take the scale, but half precision has no room for the shift that comes before it then: 2000/0.01.
// CHECK-LABEL: func.func @no_overflow
// CHECK: bn.inference
func.func @no_overflow(%x: tensor<2x3x5xf16>) -> tensor<2x3x5xf16> {
  %k = onnx.constant dense<0.5> : tensor<3x3x3xf16>
  %p = onnx.constant dense<1.0> : tensor<3xf16>
  %s = onnx.constant dense<[0.01, 0.02, 0.03]> : tensor<3xf16>
  %b = onnx.constant dense<[2.0e3, 1.0, 2.0]> : tensor<3xf16>
  %none = onnx.absent
  %n = bn.inference %x scale %s offset %b mean %p variance %p axes [1] epsilon 1.0e-5 : (tensor<2x3x5xf16>, tensor<3xf16>, tensor<3xf16>, tensor<3xf16>, tensor<3xf16>) -> tensor<2x3x5xf16>
  %y = onnx.conv %n, %k, %none {version = 11 : i64, pads = array<i64: 1, 1>} : (tensor<2x3x5xf16>, tensor<3x3x3xf16>, none) -> tensor<2x3x5xf16>
  return %y : tensor<2x3x5xf16>
}
