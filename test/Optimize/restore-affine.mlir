// What stays of an affine is the cheapest standard form, the nodes themselves where there is nothing to gain.
// RUN: bn-opt %s --bn-raise-affine --bn-merge-affines --bn-restore-affine --bn-remove-dead-nodes | FileCheck %s

// One node comes back untouched.
// CHECK-LABEL: func.func @untouched
// CHECK: %[[C:.*]] = onnx.constant dense<[2.000000e+00, 4.000000e+00]> : tensor<2xf32> {onnx.outputs = ["c"]}
// CHECK-NEXT: onnx.div %arg0, %[[C]] {onnx.name = "d", onnx.outputs = ["y"], version = 14 : i64}
// CHECK-NEXT: return
func.func @untouched(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %c = onnx.constant dense<[2.0, 4.0]> : tensor<2xf32> {onnx.outputs = ["c"]}
  %y = onnx.div %x, %c {version = 14 : i64, onnx.name = "d", onnx.outputs = ["y"]} : (tensor<3x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// Two scales are one Mul, with the names of the last; all channels alike make a scalar.
// CHECK-LABEL: func.func @two_scales
// CHECK: %[[S:.*]] = onnx.constant dense<5.000000e-01> : tensor<f32>
// CHECK-NEXT: onnx.mul %arg0, %[[S]] {onnx.name = "m", onnx.outputs = ["y"], version = 14 : i64}
// CHECK-NEXT: return
func.func @two_scales(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %c = onnx.constant dense<4.0> : tensor<f32>
  %d = onnx.constant dense<2.0> : tensor<2xf32>
  %0 = onnx.div %x, %c {version = 14 : i64, onnx.outputs = ["t"]} : (tensor<3x2xf32>, tensor<f32>) -> tensor<3x2xf32>
  %y = onnx.mul %0, %d {version = 14 : i64, onnx.name = "m", onnx.outputs = ["y"]} : (tensor<3x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// Two shifts are one Add.
// CHECK-LABEL: func.func @two_shifts
// CHECK: %[[S:.*]] = onnx.constant dense<{{\[\[}}1.000000e+00], [-1.000000e+00]]> : tensor<2x1xf32>
// CHECK-NEXT: onnx.add %arg0, %[[S]]
// CHECK-NEXT: return
func.func @two_shifts(%x: tensor<3x2x5xf32>) -> tensor<3x2x5xf32> {
  %c = onnx.constant dense<[[3.0], [1.0]]> : tensor<2x1xf32> {onnx.outputs = ["c"]}
  %d = onnx.constant dense<2.0> : tensor<f32>
  %0 = onnx.add %x, %c {version = 14 : i64} : (tensor<3x2x5xf32>, tensor<2x1xf32>) -> tensor<3x2x5xf32>
  %y = onnx.sub %0, %d {version = 14 : i64} : (tensor<3x2x5xf32>, tensor<f32>) -> tensor<3x2x5xf32>
  return %y : tensor<3x2x5xf32>
}

// A BatchNormalization takes its neighbours in: γ·a and (β − …)·a + b, with its own variance and epsilon. Of mean and offset
// that one changes in each channel which rounds less: the mean in the first, the offset in the second.
// CHECK-LABEL: func.func @batch_norm
// CHECK: %[[V:.*]] = onnx.constant dense<1.000000e+00> : tensor<2xf32>
// CHECK-DAG: %[[G:.*]] = onnx.constant dense<[1.000000e+01, 2.000000e+01]> : tensor<2xf32>
// CHECK-DAG: %[[B:.*]] = onnx.constant dense<[2.000000e+00, 3.000000e+01]> : tensor<2xf32>
// CHECK-DAG: %[[M:.*]] = onnx.constant dense<[-6.000000e-01, 0.000000e+00]> : tensor<2xf32>
// CHECK: bn.inference %arg0 scale %[[G]] offset %[[B]] mean %[[M]] variance %[[V]] {{.*}} epsilon 3.000000e+00 {bn.weights_error = {{.*}}, onnx.name = "bn1", onnx.outputs = ["y"]}
// CHECK-NEXT: return
func.func @batch_norm(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %g = onnx.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %b = onnx.constant dense<2.0> : tensor<2xf32>
  %m = onnx.constant dense<[5.0, 0.0]> : tensor<2xf32>
  %v = onnx.constant dense<1.0> : tensor<2xf32>
  %ten = onnx.constant dense<10.0> : tensor<f32>
  %0 = bn.inference %x scale %g offset %b mean %m variance %v axes [1] epsilon 3.0 {onnx.name = "bn1"}
     : (tensor<3x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  %1 = onnx.mul %0, %ten {version = 14 : i64} : (tensor<3x2xf32>, tensor<f32>) -> tensor<3x2xf32>
  %y = onnx.add %1, %ten {version = 14 : i64, onnx.outputs = ["y"]} : (tensor<3x2xf32>, tensor<f32>) -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// Three nodes become two.
// CHECK-LABEL: func.func @mul_add
// CHECK: %[[A:.*]] = onnx.constant dense<[2.000000e+00, 3.000000e+00]> : tensor<2xf32>
// CHECK: %[[M:.*]] = onnx.mul %arg0, %[[A]]
// CHECK: %[[B:.*]] = onnx.constant dense<1.000000e+00> : tensor<f32>
// CHECK: onnx.add %[[M]], %[[B]]
// CHECK-NEXT: return
func.func @mul_add(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %a = onnx.constant dense<[2.0, 3.0]> : tensor<2xf32> {onnx.outputs = ["a"]}
  %one = onnx.constant dense<1.0> : tensor<f32> {onnx.outputs = ["one"]}
  %two = onnx.constant dense<2.0> : tensor<f32>
  %0 = onnx.mul %x, %a {version = 14 : i64} : (tensor<3x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  %1 = onnx.sub %0, %one {version = 14 : i64} : (tensor<3x2xf32>, tensor<f32>) -> tensor<3x2xf32>
  %y = onnx.add %1, %two {version = 14 : i64} : (tensor<3x2xf32>, tensor<f32>) -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// Mul and Add are two nodes already.
// CHECK-LABEL: func.func @no_gain
// CHECK: onnx.mul {{.*}}onnx.name = "m"
// CHECK: onnx.sub {{.*}}onnx.name = "s"
func.func @no_gain(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %a = onnx.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %one = onnx.constant dense<1.0> : tensor<f32>
  %0 = onnx.mul %x, %a {version = 14 : i64, onnx.name = "m"} : (tensor<3x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  %1 = onnx.sub %0, %one {version = 14 : i64, onnx.name = "s"} : (tensor<3x2xf32>, tensor<f32>) -> tensor<3x2xf32>
  return %1 : tensor<3x2xf32>
}


// Three nodes become two under the names that go: the file does not grow by longer ones.
// CHECK-LABEL: func.func @names
// CHECK: onnx.constant dense<3.000000e+00> : tensor<f32> {onnx.outputs = ["c1"]}
// CHECK-NEXT: onnx.mul {{.*}}onnx.outputs = ["t1"]
// CHECK-NEXT: onnx.constant dense<[2.300000e+01, 4.300000e+01]> : tensor<2xf32> {onnx.outputs = ["c2"]}
// CHECK-NEXT: onnx.add {{.*}}onnx.outputs = ["y"]
func.func @names(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %c = onnx.constant dense<1.0> : tensor<f32> {onnx.outputs = ["c1"]}
  %d = onnx.constant dense<3.0> : tensor<f32> {onnx.outputs = ["c2"]}
  %e = onnx.constant dense<[20.0, 40.0]> : tensor<2xf32> {onnx.outputs = ["c3"]}
  %0 = onnx.add %x, %c {version = 14 : i64, onnx.outputs = ["t1"]} : (tensor<3x2xf32>, tensor<f32>) -> tensor<3x2xf32>
  %1 = onnx.mul %0, %d {version = 14 : i64, onnx.outputs = ["t2"]} : (tensor<3x2xf32>, tensor<f32>) -> tensor<3x2xf32>
  %y = onnx.add %1, %e {version = 14 : i64, onnx.outputs = ["y"]} : (tensor<3x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// Two BatchNormalizations share their parameters, which nobody can change for one of them in the room of a short Mul.
// CHECK-LABEL: func.func @no_copy_of_parameters
// CHECK: bn.inference
// CHECK: onnx.mul
// CHECK: bn.inference
// CHECK: onnx.mul
func.func @no_copy_of_parameters(%x: tensor<3x19xf32>, %z: tensor<3x19xf32>) -> (tensor<3x19xf32>, tensor<3x19xf32>) {
  %g = onnx.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 8.0]> : tensor<19xf32> {onnx.outputs = ["gamma"]}
  %v = onnx.constant dense<1.0> : tensor<19xf32>
  %c = onnx.constant dense<4.0> : tensor<f32>
  %0 = bn.inference %x scale %g offset %g mean %g variance %v axes [1] epsilon 0.0 : (tensor<3x19xf32>, tensor<19xf32>, tensor<19xf32>, tensor<19xf32>, tensor<19xf32>) -> tensor<3x19xf32>
  %1 = onnx.mul %0, %c {version = 14 : i64} : (tensor<3x19xf32>, tensor<f32>) -> tensor<3x19xf32>
  %2 = bn.inference %z scale %g offset %g mean %g variance %v axes [1] epsilon 0.0 : (tensor<3x19xf32>, tensor<19xf32>, tensor<19xf32>, tensor<19xf32>, tensor<19xf32>) -> tensor<3x19xf32>
  %3 = onnx.mul %2, %c {version = 14 : i64} : (tensor<3x19xf32>, tensor<f32>) -> tensor<3x19xf32>
  return %1, %3 : tensor<3x19xf32>, tensor<3x19xf32>
}
