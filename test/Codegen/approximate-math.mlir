// Functions become polynomials on vectors, what has none a call.
// RUN: bn-opt --pass-pipeline="builtin.module(func.func(bn-approximate-math))" %s | FileCheck %s

// The polynomial's own operations are instructions and stay vectors.
// CHECK-LABEL: func.func @exponential
// CHECK-NOT: call
// CHECK: math.fma {{.*}} : vector<16xf32>
// CHECK-NOT: call
// CHECK: return
func.func @exponential(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.exp %x : vector<16xf32>
  return %y : vector<16xf32>
}

// Where one element is beyond what the polynomial is for, the C library does the vector.
// CHECK-LABEL: func.func @tangent
// CHECK: %[[NEAR:.*]] = vector.reduction <and>, %{{.*}} : vector<2xi1> into i1
// CHECK: scf.if %[[NEAR]] -> (vector<2xf32>)
// CHECK-NOT: call
// CHECK: } else {
// CHECK: call @tanf(
// CHECK: call @tanf(
func.func @tangent(%x: vector<2xf32>) -> vector<2xf32> {
  %y = math.tan %x : vector<2xf32>
  return %y : vector<2xf32>
}

// Double precision has no polynomial.
// CHECK-LABEL: func.func @double
// CHECK: call @exp(
// CHECK: call @exp(
func.func @double(%x: vector<2xf64>) -> vector<2xf64> {
  %y = math.exp %x : vector<2xf64>
  return %y : vector<2xf64>
}
