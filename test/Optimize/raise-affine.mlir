// What acts as a·x + b along one axis becomes bn.affine, and what is not proven to do so stays.
// RUN: bn-opt %s --bn-raise-affine | FileCheck %s
// RUN: bn-opt %s --bn-raise-affine --bn-restore-affine --bn-remove-dead-nodes | sed "s/ {bn.reason = \"[a-z-]*\"}//" > %t.back
// RUN: bn-opt %s --bn-remove-dead-nodes | diff - %t.back

// γ/√(v+ε) = 2/√(3+1) and β − μ·that.
// CHECK-LABEL: func.func @batch_norm
// CHECK: bn.affine %arg0 scale [1.000000e+00, 1.500000e+00] offset [-4.000000e+00, 5.000000e-01] axis 1 standing_for {
// CHECK-NEXT: ^bb0(%[[X:.*]]: tensor<?x2x5xf32>):
// CHECK-NEXT: %[[Y:.*]] = bn.inference %[[X]]
// CHECK-NEXT: onnx.yield %[[Y]]
func.func @batch_norm(%x: tensor<?x2x5xf32>) -> tensor<?x2x5xf32> {
  %g = onnx.constant dense<[2.0, 3.0]> : tensor<2xf32> {onnx.outputs = ["g"]}
  %b = onnx.constant dense<[1.0, 2.0]> : tensor<2xf32> {onnx.outputs = ["b"]}
  %m = onnx.constant dense<[5.0, 1.0]> : tensor<2xf32> {onnx.outputs = ["m"]}
  %v = onnx.constant dense<[3.0, 3.0]> : tensor<2xf32> {onnx.outputs = ["v"]}
  %y = bn.inference %x scale %g offset %b mean %m variance %v axes [1] epsilon 1.0 {onnx.name = "bn1", onnx.outputs = ["y"]}
     : (tensor<?x2x5xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2x5xf32>
  return %y : tensor<?x2x5xf32>
}

// Parameters may be of other float types than the data, and may arrive through Identity nodes.
// CHECK-LABEL: func.func @batch_norm_mixed_types
// CHECK: bn.affine {{.*}} scale [5.000000e-01] offset [-2.500000e-01] axis 1
func.func @batch_norm_mixed_types(%x: tensor<3x1xf16>) -> tensor<3x1xf16> {
  %m = onnx.constant dense<0.5> : tensor<1xbf16>
  %v0 = onnx.constant dense<4.0> : tensor<1xf64>
  %v = onnx.identity %v0 {version = 14 : i64} : (tensor<1xf64>) -> tensor<1xf64>
  %y = bn.inference %x mean %m variance %v axes [1] epsilon 0.0 : (tensor<3x1xf16>, tensor<1xbf16>, tensor<1xf64>) -> tensor<3x1xf16>
  return %y : tensor<3x1xf16>
}

// CHECK-LABEL: func.func @no_several_axes
// CHECK: bn.inference {{.*}}bn.reason = "several-axes"
func.func @no_several_axes(%x: tensor<4x2x1xf32>) -> tensor<4x2x1xf32> {
  %p = onnx.constant dense<1.0> : tensor<2x1xf32>
  %y = bn.inference %x mean %p variance %p axes [1, 2] epsilon 0.0 : (tensor<4x2x1xf32>, tensor<2x1xf32>, tensor<2x1xf32>) -> tensor<4x2x1xf32>
  return %y : tensor<4x2x1xf32>
}

// CHECK-LABEL: func.func @no_parameters_not_constant
// CHECK: bn.inference {{.*}}bn.reason = "parameters-not-constant"
func.func @no_parameters_not_constant(%x: tensor<4x2xf32>, %m: tensor<2xf32>) -> tensor<4x2xf32> {
  %p = onnx.constant dense<1.0> : tensor<2xf32>
  %y = bn.inference %x mean %m variance %p axes [1] epsilon 0.0 : (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// Converters leave slightly negative variances behind.
// CHECK-LABEL: func.func @no_variance_not_positive
// CHECK: bn.inference {{.*}}bn.reason = "variance-not-positive"
func.func @no_variance_not_positive(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %m = onnx.constant dense<1.0> : tensor<2xf32>
  %v = onnx.constant dense<[1.0, -1.0e-5]> : tensor<2xf32>
  %y = bn.inference %x mean %m variance %v axes [1] epsilon 0.0 : (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// CHECK-LABEL: func.func @no_non_finite
// CHECK: bn.inference {{.*}}bn.reason = "non-finite"
func.func @no_non_finite(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %m = onnx.constant dense<[1.0, 0x7FC00000]> : tensor<2xf32>
  %v = onnx.constant dense<1.0> : tensor<2xf32>
  %y = bn.inference %x mean %m variance %v axes [1] epsilon 0.0 : (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// The four operators, each with the constant on either side where that is linear.
// CHECK-LABEL: func.func @elementwise
func.func @elementwise(%x: tensor<?x2x5xf32>) -> tensor<?x2x5xf32> {
  %c = onnx.constant dense<[[2.0], [4.0]]> : tensor<2x1xf32>
  // CHECK: scale [1.000000e+00, 1.000000e+00] offset [2.000000e+00, 4.000000e+00] axis 1
  %0 = onnx.add %c, %x {version = 14 : i64} : (tensor<2x1xf32>, tensor<?x2x5xf32>) -> tensor<?x2x5xf32>
  // CHECK: scale [2.000000e+00, 4.000000e+00] offset [0.000000e+00, 0.000000e+00] axis 1
  %1 = onnx.mul %0, %c {version = 14 : i64} : (tensor<?x2x5xf32>, tensor<2x1xf32>) -> tensor<?x2x5xf32>
  // CHECK: scale [1.000000e+00, 1.000000e+00] offset [-2.000000e+00, -4.000000e+00] axis 1
  %2 = onnx.sub %1, %c {version = 14 : i64} : (tensor<?x2x5xf32>, tensor<2x1xf32>) -> tensor<?x2x5xf32>
  // CHECK: scale [-1.000000e+00, -1.000000e+00] offset [2.000000e+00, 4.000000e+00] axis 1
  %3 = onnx.sub %c, %2 {version = 14 : i64} : (tensor<2x1xf32>, tensor<?x2x5xf32>) -> tensor<?x2x5xf32>
  // CHECK: scale [5.000000e-01, 2.500000e-01] offset [0.000000e+00, 0.000000e+00] axis 1
  %4 = onnx.div %3, %c {version = 14 : i64} : (tensor<?x2x5xf32>, tensor<2x1xf32>) -> tensor<?x2x5xf32>
  return %4 : tensor<?x2x5xf32>
}

// A vector without trailing dimensions meets the last axis; a scalar goes where channels usually are.
// CHECK-LABEL: func.func @other_shapes
func.func @other_shapes(%x: tensor<2x3x5xf64>) -> tensor<2x3x5xf64> {
  %v = onnx.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0]> : tensor<5xf64>
  %s = onnx.constant dense<3.0> : tensor<1x1xf64>
  // CHECK: axis 2
  %0 = onnx.add %x, %v {version = 7 : i64} : (tensor<2x3x5xf64>, tensor<5xf64>) -> tensor<2x3x5xf64>
  // CHECK: scale [3.000000e+00, 3.000000e+00, 3.000000e+00] offset [0.000000e+00, 0.000000e+00, 0.000000e+00] axis 1
  %1 = onnx.mul %0, %s {version = 7 : i64} : (tensor<2x3x5xf64>, tensor<1x1xf64>) -> tensor<2x3x5xf64>
  return %1 : tensor<2x3x5xf64>
}

// Before version 7, `axis` says where the dimensions meet.
// CHECK-LABEL: func.func @old_broadcast
func.func @old_broadcast(%x: tensor<2x3x5xf32>) -> tensor<2x3x5xf32> {
  %v = onnx.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  // CHECK: bn.affine {{.*}} axis 1
  %0 = onnx.add %x, %v {axis = 1 : i64, broadcast = 1 : i64, version = 6 : i64} : (tensor<2x3x5xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
  return %0 : tensor<2x3x5xf32>
}

// CHECK-LABEL: func.func @no_elementwise
// CHECK-NOT: bn.affine
func.func @no_elementwise(%x: tensor<2x3x5xf32>, %i: tensor<3xi32>) -> (tensor<2x3x5xf32>, tensor<3xi32>) {
  %two_axes = onnx.constant dense<[[1.0, 2.0, 3.0, 4.0, 5.0], [6.0, 7.0, 8.0, 9.0, 1.0], [2.0, 3.0, 4.0, 5.0, 6.0]]> : tensor<3x5xf32>
  %0 = onnx.add %x, %two_axes {version = 14 : i64} : (tensor<2x3x5xf32>, tensor<3x5xf32>) -> tensor<2x3x5xf32>
  %c = onnx.constant dense<2.0> : tensor<5xf32>
  %quotient = onnx.div %c, %0 {version = 14 : i64} : (tensor<5xf32>, tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
  %zero = onnx.constant dense<0.0> : tensor<f32>
  %by_zero = onnx.div %quotient, %zero {version = 14 : i64} : (tensor<2x3x5xf32>, tensor<f32>) -> tensor<2x3x5xf32>
  %one = onnx.constant dense<1> : tensor<i32>
  %integers = onnx.add %i, %one {version = 14 : i64} : (tensor<3xi32>, tensor<i32>) -> tensor<3xi32>
  return %by_zero, %integers : tensor<2x3x5xf32>, tensor<3xi32>
}

// The data is broadcast, too: the result has another shape.
// CHECK-LABEL: func.func @no_broadcast_of_data
// CHECK-NOT: bn.affine
func.func @no_broadcast_of_data(%x: tensor<2x1xf32>) -> tensor<2x3xf32> {
  %c = onnx.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %0 = onnx.add %x, %c {version = 14 : i64} : (tensor<2x1xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// Nothing says how many channels there are, and the parameters disagree.
// CHECK-LABEL: func.func @no_unknown_shape
// CHECK: bn.inference {{.*}}bn.reason = "unknown-shape"
func.func @no_unknown_shape(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %m = onnx.constant dense<1.0> : tensor<2xf32>
  %v = onnx.constant dense<1.0> : tensor<3xf32>
  %y = bn.inference %x mean %m variance %v axes [1] epsilon 0.0 : (tensor<?x?xf32>, tensor<2xf32>, tensor<3xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// CHECK-LABEL: func.func @negation
// CHECK: bn.affine %arg0 scale [-1.000000e+00, -1.000000e+00] offset [0.000000e+00, 0.000000e+00] axis 1 standing_for
// CHECK: scale [1.000000e+00, 1.000000e+00] offset [2.000000e+00, 4.000000e+00] axis 1
func.func @negation(%x: tensor<?x2x5xf32>) -> tensor<?x2x5xf32> {
  %c = onnx.constant dense<[[2.0], [4.0]]> : tensor<2x1xf32>
  %0 = onnx.node "Neg"(%x) version 13 : (tensor<?x2x5xf32>) -> tensor<?x2x5xf32>
  %1 = onnx.node "Sum"(%c, %0) version 13 : (tensor<2x1xf32>, tensor<?x2x5xf32>) -> tensor<?x2x5xf32>
  return %1 : tensor<?x2x5xf32>
}

// Exporters write parameters out along axes that they do not vary along.
// CHECK-LABEL: func.func @written_out
// CHECK: bn.affine {{.*}} offset [1.000000e+00, 2.000000e+00] axis 0
// CHECK: bn.affine {{.*}} offset [5.000000e+00, 6.000000e+00, 7.000000e+00] axis 1
// CHECK: bn.affine {{.*}} offset [4.000000e+00, 4.000000e+00, 4.000000e+00] axis 1
func.func @written_out(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %rows = onnx.constant dense<[[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]> : tensor<2x3xf32>
  %columns = onnx.constant dense<[[5.0, 6.0, 7.0], [5.0, 6.0, 7.0]]> : tensor<2x3xf32>
  %all = onnx.constant dense<4.0> : tensor<2x3xf32>
  %0 = onnx.add %x, %rows {version = 14 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %1 = onnx.add %0, %columns {version = 14 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %2 = onnx.add %1, %all {version = 14 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %2 : tensor<2x3xf32>
}

// Parameters need not be stored anywhere to be known.
// CHECK-LABEL: func.func @computed
// CHECK: bn.affine {{.*}} scale [1.000000e+00, 5.000000e-01] offset [0.000000e+00, 0.000000e+00] axis 1
func.func @computed(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %m = onnx.constant dense<0.0> : tensor<1xf64>
  %v = onnx.constant dense<[1.0, 4.0]> : tensor<2xf64>
  %two = onnx.constant dense<2> : tensor<1xi64>
  %0 = onnx.expand %m, %two {version = 13 : i64} : (tensor<1xf64>, tensor<1xi64>) -> tensor<2xf64>
  %mean = onnx.cast %0 {to = 1 : i64, version = 13 : i64} : (tensor<2xf64>) -> tensor<2xf32>
  %variance = onnx.cast %v {to = 1 : i64, version = 13 : i64} : (tensor<2xf64>) -> tensor<2xf32>
  %y = bn.inference %x mean %mean variance %variance axes [1] epsilon 0.0 : (tensor<3x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// A scale that depends on the input; a negation of integers.
// CHECK-LABEL: func.func @no_data_on_both_sides
// CHECK-NOT: bn.affine
func.func @no_data_on_both_sides(%x: tensor<2x3xf32>, %i: tensor<2x3xi32>) -> (tensor<2x3xf32>, tensor<2x3xi32>) {
  %c = onnx.constant dense<1.0> : tensor<2x3xf32>
  %0 = onnx.sqrt %x {version = 13 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %1 = onnx.mul %0, %x {version = 14 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %2 = onnx.node "Sum"(%x, %1, %c) version 13 : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %3 = onnx.node "Neg"(%i) version 13 : (tensor<2x3xi32>) -> tensor<2x3xi32>
  return %2, %3 : tensor<2x3xf32>, tensor<2x3xi32>
}

// The half of Gelu belongs to nodes that runtimes fuse, at the end as well as at the start.
// CHECK-LABEL: func.func @no_half_of_gelu
// CHECK: %[[X:.*]] = onnx.mul %arg0, %[[HALF:[^ ]*]]
// CHECK: onnx.node "Erf"
// CHECK: bn.affine
// CHECK: onnx.mul %[[X]]
// CHECK: onnx.node "Erf"
// CHECK: onnx.mul {{.*}}, %[[HALF]]
func.func @no_half_of_gelu(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %half = onnx.constant dense<0.5> : tensor<f32>
  %one = onnx.constant dense<1.0> : tensor<f32>
  %h = onnx.mul %x, %half {version = 14 : i64} : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %e = onnx.node "Erf"(%x) version 13 : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %s = onnx.add %e, %one {version = 14 : i64} : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %y = onnx.mul %h, %s {version = 14 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %f = onnx.node "Erf"(%y) version 13 : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %t = onnx.add %f, %one {version = 14 : i64} : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %p = onnx.mul %y, %t {version = 14 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %z = onnx.mul %p, %half {version = 14 : i64} : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  return %z : tensor<2x3xf32>
}
