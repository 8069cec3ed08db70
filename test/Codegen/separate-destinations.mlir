// Results do not share what they are written to.
// RUN: bn-opt --bn-separate-destinations %s | FileCheck %s

// CHECK-LABEL: func.func @sums
// CHECK: linalg.reduce {{.*}} outs(%[[FILL_X:[a-z0-9_]+]] :
// CHECK-NOT: outs(%[[FILL_X]] :
// CHECK: linalg.reduce
// CHECK: return
func.func @sums(%a: tensor<2x3xf32>, %b: tensor<2x3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<3xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<3xf32>) -> tensor<3xf32>
  %x = linalg.reduce { arith.addf } ins(%a : tensor<2x3xf32>) outs(%fill : tensor<3xf32>) dimensions = [0]
  %y = linalg.reduce { arith.addf } ins(%b : tensor<2x3xf32>) outs(%fill : tensor<3xf32>) dimensions = [0]
  return %x, %y : tensor<3xf32>, tensor<3xf32>
}

// What is only read may be shared.
// CHECK-LABEL: func.func @no_copy_of_a_source
// CHECK-COUNT-1: linalg.fill
// CHECK-NOT: linalg.fill
func.func @no_copy_of_a_source(%a: tensor<3xf32>, %b: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<3xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<3xf32>) -> tensor<3xf32>
  %x = linalg.max ins(%a, %fill : tensor<3xf32>, tensor<3xf32>) outs(%a : tensor<3xf32>) -> tensor<3xf32>
  %y = linalg.max ins(%b, %fill : tensor<3xf32>, tensor<3xf32>) outs(%b : tensor<3xf32>) -> tensor<3xf32>
  return %x, %y : tensor<3xf32>, tensor<3xf32>
}
