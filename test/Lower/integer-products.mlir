// Products of 8-bit integers: bytes where the target adds up four at once, pairs of 16 bits elsewhere.
// RUN: bn-opt %s --bn-convert-to-kernel="vector-bits=256 byte-dots=true" --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,BYTES
// RUN: bn-opt %s --bn-convert-to-kernel="vector-bits=256" --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,PAIRS

// Unsigned bytes are read as they come; the zero point is a constant per column. Pairs are less their zero points.
// CHECK-LABEL: func.func @known_right
// BYTES: %[[B:.*]] = kernel.constant dense<[-51, -17, -17]> : tensor<3xi32>
// BYTES: %[[X:.*]] = tensor.pad %arg0 low[0, 0] high[0, 2]
// BYTES: kernel.matmul %[[X]], %{{.*}} bias %[[B]] outs(%{{.*}}) {packed} : (tensor<5x4xi8>, tensor<1x1x32xi8>, tensor<3xi32>, tensor<5x3xi32>)
// PAIRS: arith.subi {{.*}} : i16
// PAIRS: kernel.matmul %{{.*}}, %{{.*}} outs(%{{.*}}) {packed} : (tensor<5x2xi16>, tensor<1x1x16xi16>, tensor<5x3xi32>)
func.func @known_right(%a: tensor<5x2xui8>) -> tensor<5x3xi32> {
  %b = onnx.constant dense<[[1, -2, 3], [2, 3, -2]]> : tensor<2x3xi8>
  %za = onnx.constant dense<17> : tensor<ui8>
  %y = onnx.node "MatMulInteger"(%a, %b, %za) version 10 : (tensor<5x2xui8>, tensor<2x3xi8>, tensor<ui8>) -> tensor<5x3xi32>
  return %y : tensor<5x3xi32>
}

// Signed bytes become unsigned by 128 more.
// CHECK-LABEL: func.func @signed_left
// BYTES-DAG: arith.xori
// BYTES-DAG: kernel.constant dense<-512> : tensor<3xi32>
// PAIRS: arith.extsi {{.*}} : i8 to i16
func.func @signed_left(%a: tensor<5x4xi8>) -> tensor<5x3xi32> {
  %b = onnx.constant dense<1> : tensor<4x3xi8>
  %none = onnx.absent
  %zb = onnx.constant dense<[0, 0, 0]> : tensor<3xi8>
  %y = onnx.node "MatMulInteger"(%a, %b, %none, %zb) version 10 : (tensor<5x4xi8>, tensor<4x3xi8>, none, tensor<3xi8>) -> tensor<5x3xi32>
  return %y : tensor<5x3xi32>
}

// 200 − 3 is no signed byte, and the rows' sums would cost as much as the product.
// CHECK-LABEL: func.func @no_bytes_for_large_differences
// CHECK: kernel.matmul {{.*}} : (tensor<5x4xi16>, tensor<1x2x16xi16>, tensor<5x3xi32>)
func.func @no_bytes_for_large_differences(%a: tensor<5x4xui8>) -> tensor<5x3xi32> {
  %b = onnx.constant dense<200> : tensor<4x3xui8>
  %none = onnx.absent
  %zb = onnx.constant dense<3> : tensor<ui8>
  %y = onnx.node "MatMulInteger"(%a, %b, %none, %zb) version 10 : (tensor<5x4xui8>, tensor<4x3xui8>, none, tensor<ui8>) -> tensor<5x3xi32>
  return %y : tensor<5x3xi32>
}

// Columns of 197 become bytes by −128 more; the rows' own sums say what to take back.
// CHECK-LABEL: func.func @bytes_by_rows_sums
// BYTES: kernel.matmul %arg0, {{.*}} : (tensor<5x4xi8>, tensor<2x1x32xi8>, tensor<5x9xi32>)
// BYTES: %[[S:.*]] = kernel.matmul %arg0, {{.*}} : (tensor<5x4xi8>, tensor<1x1x32xi8>, tensor<5x1xi32>)
// BYTES: arith.muli
// BYTES: arith.subi
// PAIRS: kernel.matmul {{.*}} : (tensor<5x4xi16>, tensor<2x2x16xi16>, tensor<5x9xi32>)
// PAIRS-NOT: kernel.matmul
func.func @bytes_by_rows_sums(%a: tensor<5x4xui8>) -> tensor<5x9xi32> {
  %b = onnx.constant dense<200> : tensor<4x9xui8>
  %none = onnx.absent
  %zb = onnx.constant dense<3> : tensor<ui8>
  %y = onnx.node "MatMulInteger"(%a, %b, %none, %zb) version 10 : (tensor<5x4xui8>, tensor<4x9xui8>, none, tensor<ui8>) -> tensor<5x9xi32>
  return %y : tensor<5x9xi32>
}

// A right side that is computed is packed at run time, each matrix by itself.
// CHECK-LABEL: func.func @computed_right
// CHECK: linalg.transpose {{.*}} permutation = [0, 3, 1, 4, 2]
// CHECK: kernel.matmul {{.*}} {packed} : (tensor<2x5x4xi16>, tensor<2x2x2x16xi16>, tensor<2x5x11xi32>)
func.func @computed_right(%a: tensor<2x5x3xui8>, %b: tensor<2x3x11xi8>) -> tensor<2x5x11xi32> {
  %y = onnx.node "MatMulInteger"(%a, %b) version 10 : (tensor<2x5x3xui8>, tensor<2x3x11xi8>) -> tensor<2x5x11xi32>
  return %y : tensor<2x5x11xi32>
}

// The border of an image of bytes is its zero point.
// CHECK-LABEL: func.func @convolution
// BYTES: tensor.pad
// BYTES-NEXT: ^bb0
// BYTES-NEXT: tensor.yield %c9_i8
// BYTES: kernel.conv {{.*}} bias {{.*}} channels 4 : (tensor<1x1x6x7x8xi8>, tensor<1x1x3x3x2x32xi8>, tensor<1x8xi32>, tensor<1x1x4x5x8xi32>)
// PAIRS: kernel.conv {{.*}} channels 4 : (tensor<1x1x6x7x8xi16>, tensor<1x1x3x3x4x16xi16>, tensor<1x1x4x5x8xi32>)
func.func @convolution(%x: tensor<1x3x4x5xui8>) -> tensor<1x5x4x5xi32> {
  %w = onnx.constant dense<2> : tensor<5x3x3x3xi8>
  %zx = onnx.constant dense<9> : tensor<ui8>
  %y = onnx.node "ConvInteger"(%x, %w, %zx) version 10 {pads = [1, 1, 1, 1]}
     : (tensor<1x3x4x5xui8>, tensor<5x3x3x3xi8>, tensor<ui8>) -> tensor<1x5x4x5xi32>
  return %y : tensor<1x5x4x5xi32>
}

// One channel to each group: sums of nine products are exact in floats.
// CHECK-LABEL: func.func @channels
// CHECK: kernel.grouped_conv {{.*}} : (tensor<1x1x6x7x8xf32>, tensor<1x1x3x3x8xf32>, tensor<1x1x4x5x8xf32>)
// CHECK: arith.fptosi
func.func @channels(%x: tensor<1x3x4x5xui8>) -> tensor<1x3x4x5xi32> {
  %w = onnx.constant dense<2> : tensor<3x1x3x3xi8>
  %y = onnx.node "ConvInteger"(%x, %w) version 10 {group = 3 : i64, pads = [1, 1, 1, 1]}
     : (tensor<1x3x4x5xui8>, tensor<3x1x3x3xi8>) -> tensor<1x3x4x5xi32>
  return %y : tensor<1x3x4x5xi32>
}
