// On the user's word a training BatchNormalization normalizes with its running statistics.
// RUN: bn-opt %s --bn-freeze-training | FileCheck %s

// CHECK-LABEL: func.func @freeze
// CHECK-NEXT: %[[Y:.*]] = bn.inference %arg0 scale %arg1 offset %arg2 mean %arg3 variance %arg4 axes [1] epsilon 1.000000e-05 {onnx.name = "bn1", onnx.outputs = ["y"]}
// CHECK-NEXT: return %[[Y]]
func.func @freeze(%x: tensor<2x3xf32>, %g: tensor<3xf32>, %b: tensor<3xf32>, %m: tensor<3xf32>, %v: tensor<3xf32>) -> tensor<2x3xf32> {
  %y, %mean, %inv, %new_mean, %new_variance = bn.training %x scale %g offset %b running(%m, %v) axes [1] epsilon 1.0e-5 momentum 0.9
     {onnx.name = "bn1", onnx.outputs = ["y", "", "", "rm", "rv"]}
     : (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
     -> (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @no_state_in_use
// CHECK: bn.training {{.*}}bn.reason = "training-mode"
func.func @no_state_in_use(%x: tensor<2x3xf32>, %m: tensor<3xf32>, %v: tensor<3xf32>) -> (tensor<2x3xf32>, tensor<3xf32>) {
  %y, %mean, %inv, %new_mean, %new_variance = bn.training %x running(%m, %v) axes [1] epsilon 1.0e-5 momentum 0.9
     : (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %y, %new_mean : tensor<2x3xf32>, tensor<3xf32>
}

// CHECK-LABEL: func.func @no_running_statistics
// CHECK: bn.training
func.func @no_running_statistics(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y, %mean, %inv = bn.training %x axes [1] epsilon 1.0e-5 momentum 0.9 : (tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %y : tensor<2x3xf32>
}
