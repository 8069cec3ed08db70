// A training step and its gradient are one kernel each; elementwise neighbours join its map.
// RUN: bn-opt %s --bn-convert-to-kernel --canonicalize --cse --bn-fuse-epilogues --canonicalize --cse | FileCheck %s

// The residual and the activation are in the map; the state, which reads the statistics, moves behind the kernel.
// CHECK-LABEL: func.func @training
// CHECK-SAME: (%[[x:.*]]: tensor<2x3x5x7xf32>, %[[p:.*]]: tensor<3xf32>, %[[s:.*]]: tensor<2x3x5x7xf32>)
// CHECK: %[[k:.*]]:6 = kernel.normalize(%[[x]]) groups({{.*}}) with(%[[s]]) {{.*}} reduced [0, 2, 3]
// CHECK: map {
// CHECK: math.fma
// CHECK: arith.addf
// CHECK: arith.select
// CHECK: kernel.yield
// CHECK: linalg.generic
// CHECK: return %[[k]]#0
func.func @training(%x: tensor<2x3x5x7xf32>, %p: tensor<3xf32>, %s: tensor<2x3x5x7xf32>) -> (tensor<2x3x5x7xf32>, tensor<3xf32>) {
  %y, %m, %i, %state:2 = bn.training %x scale %p offset %p running(%p, %p) axes [1] epsilon 1.0e-3 momentum 0.9
    : (tensor<2x3x5x7xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
    -> (tensor<2x3x5x7xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  %a = onnx.add %y, %s {version = 14 : i64} : (tensor<2x3x5x7xf32>, tensor<2x3x5x7xf32>) -> tensor<2x3x5x7xf32>
  %r = onnx.relu %a {version = 14 : i64} : (tensor<2x3x5x7xf32>) -> tensor<2x3x5x7xf32>
  return %r, %state#0 : tensor<2x3x5x7xf32>, tensor<3xf32>
}

// The normalized values are asked for, too.
// CHECK-LABEL: func.func @no_fuse_output_with_other_users
// CHECK: kernel.normalize
// CHECK: linalg.generic
func.func @no_fuse_output_with_other_users(%x: tensor<2x3x5x7xf32>) -> (tensor<2x3x5x7xf32>, tensor<2x3x5x7xf32>) {
  %y, %m, %i = bn.training %x axes [1] epsilon 1.0e-3 momentum 0.9 : (tensor<2x3x5x7xf32>) -> (tensor<2x3x5x7xf32>, tensor<3xf32>, tensor<3xf32>)
  %r = onnx.relu %y {version = 14 : i64} : (tensor<2x3x5x7xf32>) -> tensor<2x3x5x7xf32>
  return %r, %y : tensor<2x3x5x7xf32>, tensor<2x3x5x7xf32>
}

// The statistic that is added is known only when all elements have been read.
// CHECK-LABEL: func.func @no_fuse_statistic
// CHECK: kernel.normalize
// CHECK: linalg.generic
func.func @no_fuse_statistic(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y, %m, %i = bn.training %x axes [1] epsilon 1.0e-3 momentum 0.9 : (tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>)
  %r = onnx.add %y, %m {version = 14 : i64} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// Three sums, and the gradient from them: dy and x are read once.
// CHECK-LABEL: func.func @gradient
// CHECK: kernel.normalize(%{{.*}}, %{{.*}}) groups
// CHECK: terms {
// CHECK: kernel.yield %{{.*}}, %{{.*}}, %{{.*}} : f32, f32, f32
// CHECK-NOT: kernel.normalize
// CHECK: return
func.func @gradient(%dy: tensor<2x3x5xf32>, %x: tensor<2x3x5xf32>, %p: tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>) {
  %r:3 = bn.training_grad %dy, %x scale %p mean %p inv_stddev %p axes [1]
    : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
  return %r#0, %r#1, %r#2 : tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>
}

// Interleaved ghosts: the batch of six becomes three by two, and the second is kept.
// CHECK-LABEL: func.func @ghosts
// CHECK: tensor.expand_shape %{{.*}} output_shape [3, 2, 3, 5]
// CHECK: kernel.normalize{{.*}} reduced [0, 3]
func.func @ghosts(%x: tensor<6x3x5xf32>) -> tensor<2x3xf32> {
  %m, %v, %n = bn.moments %x axes [1] {ghosts = 2 : i64} : (tensor<6x3x5xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>)
  return %v : tensor<2x3xf32>
}
