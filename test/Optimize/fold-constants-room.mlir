// What a first run had no room for, a second one stores in the place of what has gone in between.
// RUN: bn-opt %s --pass-pipeline='builtin.module(func.func(bn-fold-constants{note-bytes}))' | FileCheck %s --check-prefix=FIRST
// RUN: bn-opt %s --pass-pipeline='builtin.module(func.func(bn-fold-constants{note-bytes},bn-raise-affine,bn-absorb-affine,bn-fold-constants,bn-restore-affine,bn-remove-dead-nodes))' | FileCheck %s --check-prefix=SECOND

// FIRST: func.func @parameters_make_room({{.*}} attributes {bn.bytes_before = {{.*}}
// FIRST: onnx.expand
// SECOND: func.func @parameters_make_room(
// SECOND-NOT: attributes {bn.bytes_before
// SECOND-NOT: onnx.expand
// SECOND: return
func.func @parameters_make_room(%x: tensor<2x64x5x7xf32>) -> tensor<2x64x5x7xf32> {
  %none = onnx.absent
  %w = onnx.constant dense<0.5> : tensor<64x1x1x1xf32> {onnx.outputs = ["w"]}
  %b = onnx.constant dense<0.5> : tensor<64xf32> {onnx.outputs = ["b"]}
  %g = onnx.constant dense<2.0> : tensor<64xf32> {onnx.outputs = ["gamma"]}
  %m = onnx.constant dense<3.0> : tensor<64xf32> {onnx.outputs = ["mean"]}
  %v = onnx.constant dense<4.0> : tensor<64xf32> {onnx.outputs = ["variance"]}
  %c = onnx.constant dense<1.0> : tensor<1xf32> {onnx.outputs = ["one"]}
  %size = onnx.constant dense<[5, 35]> : tensor<2xi64> {onnx.outputs = ["size"]}
  %shape = onnx.constant dense<[5, 7]> : tensor<2xi64> {onnx.outputs = ["shape"]}
  %0 = onnx.conv %x, %w, %b {group = 64 : i64, version = 11 : i64} : (tensor<2x64x5x7xf32>, tensor<64x1x1x1xf32>, tensor<64xf32>) -> tensor<2x64x5x7xf32>
  %1 = bn.inference %0 scale %g mean %m variance %v axes [1] epsilon 0.0
     : (tensor<2x64x5x7xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<2x64x5x7xf32>
  %2 = onnx.expand %c, %size {version = 13 : i64, onnx.outputs = ["ones"]} : (tensor<1xf32>, tensor<2xi64>) -> tensor<5x35xf32>
  %3 = onnx.node "Einsum"(%1, %2) version 12 {equation = "nchw,hk->nchw"} : (tensor<2x64x5x7xf32>, tensor<5x35xf32>) -> tensor<2x64x5x7xf32>
  return %3 : tensor<2x64x5x7xf32>
}
