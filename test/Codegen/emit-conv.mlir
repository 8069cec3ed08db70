// The loops that blocked convolutions become.
// RUN: bn-opt --bn-emit-conv="registers=32" %s | FileCheck %s
// RUN: bn-opt --bn-emit-conv="registers=16" %s | FileCheck %s --check-prefix=SMALL

// 64 output channels are one tile of 4 blocks; no tile spills: accumulators, weights and a scalar fit the registers.
// CHECK-LABEL: func.func @window
// CHECK: scf.forall (%{{.*}}, %{{.*}}, %{{.*}}) in (1, 12, 1)
// CHECK: scf.for {{.*}} -> (vector<16xf32>
// CHECK: vector.fma
// CHECK: arith.maxnumf {{.*}} : vector<16xf32>
// CHECK: vector.store
// SMALL-LABEL: func.func @window
// SMALL: scf.forall
func.func @window(%x: memref<1x2x14x26x16xf32>, %w: memref<4x2x3x3x16x16xf32>, %b: memref<4x16xf32>, %y: memref<1x4x12x24x16xf32>) {
  %zero = arith.constant 0.0 : f32
  kernel.conv %x, %w bias %b outs(%y) epilogue {
  ^bb0(%a: f32):
    %m = arith.maxnumf %a, %zero : f32
    kernel.yield %m : f32
  } : (memref<1x2x14x26x16xf32>, memref<4x2x3x3x16x16xf32>, memref<4x16xf32>, memref<1x4x12x24x16xf32>) -> ()
  return
}
