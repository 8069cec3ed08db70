// The loops that blocked convolutions become.
// RUN: bn-opt --bn-emit-conv="registers=32" %s | FileCheck %s
// RUN: bn-opt --bn-emit-conv="registers=16" %s | FileCheck %s --check-prefix=SMALL

// A row of 24 positions is one tile of accumulators, carried through input blocks, window and channels. The weights are larger
// than the input, so their blocks are outside of rows. With fewer registers the row takes two tiles.
// CHECK-LABEL: func.func @window
// CHECK: scf.forall (%{{.*}}, %{{.*}}, %{{.*}}) in (1, 4, 12)
// CHECK-COUNT-4: :24 = scf.for
// CHECK: memref.load
// CHECK: vector.fma
// CHECK: arith.maxnumf {{.*}} : vector<16xf32>
// CHECK: vector.store
// SMALL-LABEL: func.func @window
// SMALL: scf.forall
// SMALL: scf.for %{{.*}} = %c0{{.*}} to %c24{{.*}} step %c12
// SMALL-COUNT-4: :12 = scf.for
func.func @window(%x: memref<1x2x14x26x16xf32>, %w: memref<4x2x3x3x16x16xf32>, %b: memref<4x16xf32>, %y: memref<1x4x12x24x16xf32>) {
  %zero = arith.constant 0.0 : f32
  kernel.conv %x, %w bias %b outs(%y) epilogue {
  ^bb0(%a: f32):
    %m = arith.maxnumf %a, %zero : f32
    kernel.yield %m : f32
  } : (memref<1x2x14x26x16xf32>, memref<4x2x3x3x16x16xf32>, memref<4x16xf32>, memref<1x4x12x24x16xf32>) -> ()
  return
}

// A 1×1 convolution has no rows: the 49 positions of a 7×7 image are a tile of 25 and one of 24.
// CHECK-LABEL: func.func @pointwise
// CHECK: scf.forall (%{{.*}}, %{{.*}}, %{{.*}}) in (1, 4, 1)
// CHECK: :25 = scf.for
// CHECK: :24 = scf.for
func.func @pointwise(%x: memref<1x1x7x7x16xf32>, %w: memref<4x1x1x1x16x16xf32>, %y: memref<1x4x7x7x16xf32>) {
  kernel.conv %x, %w outs(%y) : (memref<1x1x7x7x16xf32>, memref<4x1x1x1x16x16xf32>, memref<1x4x7x7x16xf32>) -> ()
  return
}

// Weights that the cache near the core does not hold are asked for 32 steps before their use. A tile of two blocks of channels comes
// to the end of both at once: what follows are the next two blocks, and after the last ones the first again.
// CHECK-LABEL: func.func @prefetch
// CHECK-COUNT-2: :28 = scf.for
// CHECK: %[[AHEAD:.*]] = arith.addi %{{.*}}, %c512
// CHECK: %[[NEXT:.*]] = arith.addi %[[AHEAD]], %c2560
// CHECK: %[[THERE:.*]] = arith.cmpi ult, %[[NEXT]], %c20480
// CHECK: %[[WRAPPED:.*]] = arith.select %[[THERE]], %[[NEXT]], %c0
// CHECK: %[[INSIDE:.*]] = arith.cmpi ult, %[[AHEAD]], %{{.*}}
// CHECK: %[[LINE:.*]] = arith.select %[[INSIDE]], %[[AHEAD]], %[[WRAPPED]]
// CHECK: memref.prefetch %{{.*}}[%[[LINE]]]
func.func @prefetch(%x: memref<1x10x14x14x16xf32>, %w: memref<8x10x1x1x16x16xf32>, %y: memref<1x8x14x14x16xf32>) {
  kernel.conv %x, %w outs(%y) : (memref<1x10x14x14x16xf32>, memref<8x10x1x1x16x16xf32>, memref<1x8x14x14x16xf32>) -> ()
  return
}

// A single position waits for weights from memory, which brings one run of them best: a tile has one block, though four would keep more
// multiply-adds under way.
// CHECK-LABEL: func.func @stream
// CHECK: scf.forall (%{{.*}}, %{{.*}}, %{{.*}}) in (1, 72, 1)
func.func @stream(%x: memref<1x3x1x1x16xf32>, %w: memref<72x3x1x1x16x16xf32>, %y: memref<1x72x1x1x16xf32>) {
  kernel.conv %x, %w outs(%y) : (memref<1x3x1x1x16xf32>, memref<72x3x1x1x16x16xf32>, memref<1x72x1x1x16xf32>) -> ()
  return
}
