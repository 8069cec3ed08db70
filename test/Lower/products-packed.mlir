// Right sides of matrix products in the layout that kernels read.
// RUN: bn-opt %s --bn-convert-to-kernel=vector-bits=512 | FileCheck %s

// A product of two inputs: the right side, whole vectors wide, is brought into blocks of columns.
// CHECK-LABEL: func.func @packed_at_run_time
// CHECK: %[[P:.*]] = tensor.pad %arg1 low[0, 0] high[0, 13]
// CHECK: %[[E:.*]] = tensor.expand_shape %[[P]] {{.*}} into tensor<67x9x16xf32>
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[E]] : tensor<67x9x16xf32>) {{.*}} permutation = [1, 0, 2]
// CHECK: kernel.matmul %{{.*}}, %[[T]] outs(%{{.*}}) {packed} : (tensor<111x67xf32>, tensor<9x67x16xf32>, tensor<111x131xf32>)
func.func @packed_at_run_time(%a: tensor<3x37x67xf32>, %b: tensor<67x131xf32>) -> tensor<3x37x131xf32> {
  %y = onnx.mat_mul %a, %b {version = 13 : i64} : (tensor<3x37x67xf32>, tensor<67x131xf32>) -> tensor<3x37x131xf32>
  return %y : tensor<3x37x131xf32>
}

// Few rows do not pay for it.
// CHECK-LABEL: func.func @no_pack_for_few_rows
// CHECK: kernel.matmul %arg0, %arg1 outs(%{{.*}}) : (tensor<5x67xf32>, tensor<67x131xf32>, tensor<5x131xf32>)
func.func @no_pack_for_few_rows(%a: tensor<5x67xf32>, %b: tensor<67x131xf32>) -> tensor<5x131xf32> {
  %y = onnx.mat_mul %a, %b {version = 13 : i64} : (tensor<5x67xf32>, tensor<67x131xf32>) -> tensor<5x131xf32>
  return %y : tensor<5x131xf32>
}

// The inputs of all steps meet their weights, and the biases are added, before the loop; a step has one product.
// CHECK-LABEL: func.func @recurrent_steps_are_a_loop
// CHECK: %[[W:.*]] = kernel.constant dense<{{.*}}> : tensor<1x1x16xf32>
// CHECK: kernel.matmul %{{.*}} : (tensor<2x3xf32>, tensor<3x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
// CHECK: scf.for %[[T:.*]] = %c0 to %c2 step %c1 iter_args(%{{.*}}, %{{.*}}, %{{.*}}) -> (tensor<1x1x1xf32>, tensor<1x1x1xf32>, tensor<2x1x1x1xf32>)
// CHECK-NOT: %arg2
// CHECK: kernel.matmul %{{.*}}, %[[W]] outs
// CHECK-NOT: kernel.matmul
// CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[%[[T]], 0, 0, 0]
// CHECK: scf.yield
func.func @recurrent_steps_are_a_loop(%x: tensor<2x1x3xf32>, %w: tensor<1x4x3xf32>, %b: tensor<1x8xf32>) -> tensor<2x1x1x1xf32> {
  %r = onnx.constant dense<[[[1.0], [2.0], [3.0], [4.0]]]> : tensor<1x4x1xf32>
  %y = onnx.node "LSTM"(%x, %w, %r, %b) version 14 {hidden_size = 1 : i64}
     : (tensor<2x1x3xf32>, tensor<1x4x3xf32>, tensor<1x4x1xf32>, tensor<1x8xf32>) -> tensor<2x1x1x1xf32>
  return %y : tensor<2x1x1x1xf32>
}
