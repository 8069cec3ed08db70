// RUN: bn-opt %s --pass-pipeline='builtin.module(func.func(bn-expand-bfloat16))' | FileCheck %s

// Integers only, and NaN stays NaN.
// CHECK-LABEL: func @conversions
// CHECK-NOT: arith.truncf
// CHECK-NOT: arith.extf
// CHECK: arith.cmpf une, %arg0, %arg0 : vector<16xf32>
// CHECK: arith.shrui {{.*}} : vector<16xi32>
// CHECK: arith.shli {{.*}} : vector<16xi32>
// CHECK: return
func.func @conversions(%x: vector<16xf32>) -> vector<16xf32> {
  %h = arith.truncf %x : vector<16xf32> to vector<16xbf16>
  %y = arith.extf %h : vector<16xbf16> to vector<16xf32>
  return %y : vector<16xf32>
}
