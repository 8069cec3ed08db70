// The loops that the other kernel ops become.
// RUN: bn-opt --bn-emit-grouped-conv --bn-emit-matmul --bn-emit-pool --bn-emit-softmax --bn-emit-pack %s | FileCheck %s

// Fourteen positions need sixteen columns under a window of three: each is loaded once a row.
// CHECK-LABEL: func.func @depthwise
// CHECK: scf.forall (%{{.*}}, %{{.*}}, %{{.*}}) in (1, 2, 5)
// CHECK-NOT: scf.for
// CHECK-COUNT-126: vector.fma
// CHECK-NOT: vector.fma
func.func @depthwise(%x: memref<1x2x7x16x16xf32>, %w: memref<2x1x3x3x16xf32>, %y: memref<1x2x5x14x16xf32>) {
  kernel.grouped_conv %x, %w outs(%y) : (memref<1x2x7x16x16xf32>, memref<2x1x3x3x16xf32>, memref<1x2x5x14x16xf32>) -> ()
  return
}

// One block of columns and a rest of three, in loops of their own; the depth of seven is once four and a rest.
// CHECK-LABEL: func.func @matmul
// CHECK: scf.forall
// CHECK: vector.fma {{.*}} : vector<16xf32>
// CHECK: scf.forall
// CHECK: vector.fma {{.*}} : vector<3xf32>
func.func @matmul(%a: memref<5x7xf32>, %b: memref<7x19xf32>, %y: memref<5x19xf32>) {
  kernel.matmul %a, %b outs(%y) : (memref<5x7xf32>, memref<7x19xf32>, memref<5x19xf32>) -> ()
  return
}

// A window is clamped to the input, so the pads are never read.
// CHECK-LABEL: func.func @pool
// CHECK: arith.maxsi
// CHECK: arith.minsi
// CHECK: scf.for {{.*}} -> (vector<16xf32>)
// CHECK: arith.select {{.*}} : vector<16xi1>, vector<16xf32>
func.func @pool(%x: memref<1x2x5x7x16xf32>, %y: memref<1x2x3x4x16xf32>) {
  kernel.pool max %x outs(%y) window [3, 3] strides [2, 2] pads [1, 1, 1, 1] : (memref<1x2x5x7x16xf32>, memref<1x2x3x4x16xf32>) -> ()
  return
}

// A row of twelve vectors and four elements is read once and written once.
// CHECK-LABEL: func.func @softmax
// CHECK: scf.forall (%{{.*}}) in (3)
// CHECK-NOT: scf.for
// CHECK-COUNT-13: vector.load
// CHECK-NOT: vector.load
// CHECK-COUNT-13: math.exp
// CHECK: arith.divf {{.*}} : f32
// CHECK-COUNT-13: vector.store
func.func @softmax(%x: memref<3x196xf32>, %y: memref<3x196xf32>) {
  kernel.softmax %x outs(%y) : (memref<3x196xf32>, memref<3x196xf32>) -> ()
  return
}

// Two full blocks of channels, and one of three channels; a row of two tiles of 16 columns and one of 5.
// CHECK-LABEL: func.func @pack
// CHECK: scf.forall (%{{.*}}, %{{.*}}, %{{.*}}) in (1, 2, 5)
// CHECK: scf.for {{.*}} = %c0{{.*}} to %c32
// CHECK-COUNT-16: vector.load {{.*}}, vector<16xf32>
// CHECK-COUNT-64: vector.shuffle
// CHECK-COUNT-16: vector.store {{.*}}, vector<16xf32>
// CHECK-COUNT-16: vector.load {{.*}}, vector<5xf32>
// CHECK: scf.forall (%{{.*}}, %{{.*}}) in (1, 5)
// CHECK-COUNT-3: vector.load {{.*}}, vector<16xf32>
// CHECK: dense<0.000000e+00> : vector<16xf32>
func.func @pack(%x: memref<1x35x5x37xf32>, %y: memref<1x3x5x37x16xf32, strided<[62160, 20720, 2960, 16, 1]>>) {
  kernel.pack %x outs(%y) : (memref<1x35x5x37xf32>, memref<1x3x5x37x16xf32, strided<[62160, 20720, 2960, 16, 1]>>) -> ()
  return
}

// The rows of a small image are one row.
// CHECK-LABEL: func.func @unpack_small
// CHECK: scf.forall (%{{.*}}, %{{.*}}, %{{.*}}) in (1, 1, 1)
// CHECK: scf.for {{.*}} = %c0{{.*}} to %c32
func.func @unpack_small(%x: memref<1x1x5x7x16xf32>, %y: memref<1x16x5x7xf32>) {
  kernel.unpack %x outs(%y) : (memref<1x1x5x7x16xf32>, memref<1x16x5x7xf32>) -> ()
  return
}
