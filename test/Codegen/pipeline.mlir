// What passes of the whole pipeline do together.
// RUN: bn-opt --bn-codegen --mlir-print-ir-after=bn-plan-memory -o /dev/null %s 2>&1 | FileCheck %s

// The border is filled, and the first product goes between it: nothing copies the interior to itself.
// CHECK-LABEL: func.func @model
// CHECK-COUNT-2: linalg.fill
// CHECK: kernel.matmul
// CHECK-NOT: memref.copy
// CHECK: kernel.matmul
// CHECK-NOT: memref.copy
// CHECK: return
func.func @border(%a: tensor<3x5xf32>, %b: tensor<5x7xf32>, %c: tensor<9x2xf32>) -> tensor<4x2xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<3x7xf32>
  %y = kernel.matmul %a, %b outs(%e) : (tensor<3x5xf32>, tensor<5x7xf32>, tensor<3x7xf32>) -> tensor<3x7xf32>
  %p = tensor.pad %y low[1, 0] high[0, 2] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<3x7xf32> to tensor<4x9xf32>
  %f = tensor.empty() : tensor<4x2xf32>
  %z = kernel.matmul %p, %c outs(%f) : (tensor<4x9xf32>, tensor<9x2xf32>, tensor<4x2xf32>) -> tensor<4x2xf32>
  return %z : tensor<4x2xf32>
}
