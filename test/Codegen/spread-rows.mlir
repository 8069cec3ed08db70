// Rows of transformed tiles are an odd number of cache lines apart.
// RUN: bn-opt --bn-spread-rows --split-input-file %s | FileCheck %s

// 32 lines become 33, 16 tiles have room for 17.
// CHECK-LABEL: func.func @powers_of_two
// CHECK: %[[ALL:.*]] = memref.alloc() : memref<16x17x528xf32>
// CHECK: %[[V:.*]] = memref.subview %[[ALL]][0, 0, 0] [16, 16, 512] [1, 1, 1]
// CHECK-SAME: to memref<16x16x512xf32, strided<[8976, 528, 1]>>
// CHECK: kernel.winograd_input %{{.*}} outs(%[[V]])
func.func @powers_of_two(%x: memref<1x32x10x10x16xf32>) {
  %v = memref.alloc() : memref<16x16x512xf32>
  kernel.winograd_input %x outs(%v) tile 2 tiles [4, 4] : (memref<1x32x10x10x16xf32>, memref<16x16x512xf32>) -> ()
  return
}

// -----

// CHECK-LABEL: func.func @products
// CHECK: memref.alloc() : memref<16x5x80xf32>
// CHECK: kernel.winograd_output
func.func @products(%y: memref<1x4x8x2x16xf32>) {
  %m = memref.alloc() : memref<16x4x64xf32>
  kernel.winograd_output %m outs(%y) tile 2 : (memref<16x4x64xf32>, memref<1x4x8x2x16xf32>) -> ()
  return
}

// -----

// CHECK-LABEL: func.func @no_room_for_odd_sizes
// CHECK: memref.alloc() : memref<16x5x48xf32>
// CHECK-NOT: memref.subview
func.func @no_room_for_odd_sizes(%x: memref<1x3x12x4x16xf32>) {
  %v = memref.alloc() : memref<16x5x48xf32>
  kernel.winograd_input %x outs(%v) tile 2 tiles [5, 1] : (memref<1x3x12x4x16xf32>, memref<16x5x48xf32>) -> ()
  return
}

// -----

// Somebody else says where the rows are.
// CHECK-LABEL: func.func @no_room_in_a_buffer_from_outside
// CHECK-NOT: memref.alloc
func.func @no_room_in_a_buffer_from_outside(%x: memref<1x32x10x10x16xf32>, %v: memref<16x16x512xf32>) {
  kernel.winograd_input %x outs(%v) tile 2 tiles [4, 4] : (memref<1x32x10x10x16xf32>, memref<16x16x512xf32>) -> ()
  return
}

// -----

// The view's type has the rows where they are.
// CHECK-LABEL: func.func @no_room_under_views
// CHECK: memref.alloc() : memref<16x4x64xf32>
// CHECK: memref.subview
func.func @no_room_under_views(%x: memref<1x4x4x2x16xf32>, %y: memref<1x4x8x2x16xf32>) {
  %m = memref.alloc() : memref<16x4x64xf32>
  %half = memref.subview %m[0, 2, 0] [16, 2, 64] [1, 1, 1] : memref<16x4x64xf32> to memref<16x2x64xf32, strided<[256, 64, 1], offset: 128>>
  kernel.winograd_output %half outs(%x) tile 2 : (memref<16x2x64xf32, strided<[256, 64, 1], offset: 128>>, memref<1x4x4x2x16xf32>) -> ()
  kernel.winograd_output %m outs(%y) tile 2 : (memref<16x4x64xf32>, memref<1x4x8x2x16xf32>) -> ()
  return
}
