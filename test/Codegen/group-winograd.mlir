// Winograd convolutions whose tiles are done in groups.
// RUN: bn-opt --bn-group-winograd %s | FileCheck %s

// 256 tiles of 36·32 floats are more than a cache holds: sixteen groups of sixteen, a scratch on the stack,
// whose positions are 17 lines apart.
// CHECK-LABEL: func.func @groups
// CHECK-NOT: memref.alloc() : memref<36x256x16xf32>
// CHECK: scf.forall (%{{.*}}) in (16)
// CHECK: %[[V:.*]] = memref.alloca() {alignment = 64 : i64} : memref<9792xf32>
// CHECK: %[[M:.*]] = memref.alloca() {alignment = 64 : i64} : memref<9792xf32>
// CHECK: vector.store %{{.*}}, %[[V]]
// CHECK: vector.fma
// CHECK: vector.store %{{.*}}, %[[M]]
// CHECK: vector.load %[[M]]
// CHECK: vector.store %{{.*}} : memref<65536xf32>
// CHECK-NOT: kernel.
func.func @groups(%x: memref<1x1x66x66x16xf32>, %u: memref<36x1x16x16xf32>, %y: memref<1x1x64x64x16xf32>) {
  %v = memref.alloc() : memref<36x256x16xf32>
  %m = memref.alloc() : memref<36x256x16xf32>
  kernel.winograd_input %x outs(%v) tile 4 tiles [16, 16] : (memref<1x1x66x66x16xf32>, memref<36x256x16xf32>) -> ()
  kernel.matmul %v, %u outs(%m) {packed} : (memref<36x256x16xf32>, memref<36x1x16x16xf32>, memref<36x256x16xf32>) -> ()
  kernel.winograd_output %m outs(%y) tile 4 : (memref<36x256x16xf32>, memref<1x1x64x64x16xf32>) -> ()
  return
}

// Few tiles stay in the cache as they are.
// CHECK-LABEL: func.func @no_groups_of_few_tiles
// CHECK: kernel.winograd_input
// CHECK: kernel.matmul
func.func @no_groups_of_few_tiles(%x: memref<1x1x34x34x16xf32>, %u: memref<36x1x16x16xf32>, %y: memref<1x1x32x32x16xf32>) {
  %v = memref.alloc() : memref<36x64x16xf32>
  %m = memref.alloc() : memref<36x64x16xf32>
  kernel.winograd_input %x outs(%v) tile 4 tiles [8, 8] : (memref<1x1x34x34x16xf32>, memref<36x64x16xf32>) -> ()
  kernel.matmul %v, %u outs(%m) {packed} : (memref<36x64x16xf32>, memref<36x1x16x16xf32>, memref<36x64x16xf32>) -> ()
  kernel.winograd_output %m outs(%y) tile 4 : (memref<36x64x16xf32>, memref<1x1x32x32x16xf32>) -> ()
  return
}

// The input is overwritten before the output is there.
// CHECK-LABEL: func.func @no_groups_when_input_changes
// CHECK: kernel.winograd_input
// CHECK: linalg.fill
// CHECK: kernel.matmul
func.func @no_groups_when_input_changes(%x: memref<1x1x66x66x16xf32>, %u: memref<36x1x16x16xf32>, %y: memref<1x1x64x64x16xf32>) {
  %zero = arith.constant 0.0 : f32
  %v = memref.alloc() : memref<36x256x16xf32>
  %m = memref.alloc() : memref<36x256x16xf32>
  kernel.winograd_input %x outs(%v) tile 4 tiles [16, 16] : (memref<1x1x66x66x16xf32>, memref<36x256x16xf32>) -> ()
  linalg.fill ins(%zero : f32) outs(%x : memref<1x1x66x66x16xf32>)
  kernel.matmul %v, %u outs(%m) {packed} : (memref<36x256x16xf32>, memref<36x1x16x16xf32>, memref<36x256x16xf32>) -> ()
  kernel.winograd_output %m outs(%y) tile 4 : (memref<36x256x16xf32>, memref<1x1x64x64x16xf32>) -> ()
  return
}
