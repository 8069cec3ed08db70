// Constants move into one buffer; their values stay attributes of the module.
// RUN: bn-opt --bn-plan-weights %s | FileCheck %s

// Each weight is aligned; an equal one shares its bytes; a scalar stays.
// CHECK: kernel.weights = [{offset = 0 : i64, value = dense<1.000000e+00> : tensor<3x5xf32>}, {offset = 64 : i64, value = dense<2> : tensor<7xi64>}]
// CHECK-SAME: kernel.weights_size = 128 : i64
// CHECK-LABEL: func.func @weights(%arg0: memref<128xi8>)
// CHECK: %[[FIRST:.*]] = memref.view %arg0[%c0{{.*}}][] : memref<128xi8> to memref<3x5xf32>
// CHECK: bufferization.to_tensor %[[FIRST]] restrict
// CHECK: %[[AGAIN:.*]] = memref.view %arg0[%c0{{.*}}][]
// CHECK: %[[SECOND:.*]] = memref.view %arg0[%c64{{.*}}][] : memref<128xi8> to memref<7xi64>
// CHECK: arith.constant 3.000000e+00 : f32
func.func @weights() -> (tensor<3x5xf32>, tensor<3x5xf32>, tensor<7xi64>, f32) {
  %a = kernel.constant dense<1.0> : tensor<3x5xf32>
  %b = kernel.constant dense<1.0> : tensor<3x5xf32>
  %c = arith.constant dense<2> : tensor<7xi64>
  %d = arith.constant 3.0 : f32
  return %a, %b, %c, %d : tensor<3x5xf32>, tensor<3x5xf32>, tensor<7xi64>, f32
}
