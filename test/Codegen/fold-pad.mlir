// Producers write into the interior of padded tensors.
// RUN: bn-opt --bn-fold-pad %s | FileCheck %s

// One row above, two columns on the right: two slabs are filled, the product goes straight between them.
// CHECK-LABEL: func.func @border_filled
// CHECK: %[[EMPTY:.*]] = tensor.empty() : tensor<4x9xf32>
// CHECK: tensor.extract_slice %[[EMPTY]][0, 0] [1, 9] [1, 1]
// CHECK: linalg.fill
// CHECK: tensor.extract_slice %{{.*}}[1, 7] [3, 2] [1, 1]
// CHECK: linalg.fill
// CHECK: %[[FILLED:.*]] = tensor.insert_slice
// CHECK: %[[PLACE:.*]] = tensor.extract_slice %[[FILLED]][1, 0] [3, 7] [1, 1]
// CHECK: %[[Y:.*]] = kernel.matmul %{{.*}} outs(%[[PLACE]])
// CHECK: tensor.insert_slice %[[Y]] into %[[FILLED]][1, 0] [3, 7] [1, 1]
// CHECK-NOT: tensor.pad
func.func @border_filled(%a: tensor<3x5xf32>, %b: tensor<5x7xf32>) -> tensor<4x9xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<3x7xf32>
  %y = kernel.matmul %a, %b outs(%empty) : (tensor<3x5xf32>, tensor<5x7xf32>, tensor<3x7xf32>) -> tensor<3x7xf32>
  %p = tensor.pad %y low[1, 0] high[0, 2] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<3x7xf32> to tensor<4x9xf32>
  return %p : tensor<4x9xf32>
}

// The product is needed without its pads, too.
// CHECK-LABEL: func.func @no_fold_second_user
// CHECK: tensor.pad
func.func @no_fold_second_user(%a: tensor<3x5xf32>, %b: tensor<5x7xf32>) -> (tensor<4x9xf32>, tensor<3x7xf32>) {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<3x7xf32>
  %y = kernel.matmul %a, %b outs(%empty) : (tensor<3x5xf32>, tensor<5x7xf32>, tensor<3x7xf32>) -> tensor<3x7xf32>
  %p = tensor.pad %y low[1, 0] high[0, 2] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<3x7xf32> to tensor<4x9xf32>
  return %p, %y : tensor<4x9xf32>, tensor<3x7xf32>
}

// What fills the border is read from a result that the product comes before.
// CHECK-LABEL: func.func @no_fold_value_computed_later
// CHECK: kernel.matmul
// CHECK: tensor.pad
func.func @no_fold_value_computed_later(%a: tensor<3x5xf32>, %b: tensor<5x7xf32>, %s: tensor<f32>) -> tensor<4x9xf32> {
  %empty = tensor.empty() : tensor<3x7xf32>
  %y = kernel.matmul %a, %b outs(%empty) : (tensor<3x5xf32>, tensor<5x7xf32>, tensor<3x7xf32>) -> tensor<3x7xf32>
  %value = tensor.extract %s[] : tensor<f32>
  %p = tensor.pad %y low[1, 0] high[0, 2] {
  ^bb0(%i: index, %j: index):
    tensor.yield %value : f32
  } : tensor<3x7xf32> to tensor<4x9xf32>
  return %p : tensor<4x9xf32>
}
