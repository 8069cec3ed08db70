// Loops over the images of a batch.
// RUN: bn-opt --bn-loop-over-images -split-input-file %s | FileCheck %s

// 32 images of 3.2 MB are more than a cache holds. The buffer between the two ops has room for one image; the padded one, too, whose border
// each iteration fills.
// CHECK-LABEL: func.func @chain
// CHECK-SAME: %[[X:arg0]]: memref<32x4x56x56x16xf32>, %[[W:[a-z0-9]+]]: memref<4x4x1x1x16x16xf32>, %[[Y:[a-z0-9]+]]: memref<32x4x28x28x16xf32>
// CHECK-NOT: memref.alloc
// CHECK-DAG: %[[N:.*]] = arith.constant 32 : index
// CHECK: scf.for %[[I:.*]] = %{{.*}} to %[[N]]
// CHECK: %[[P:.*]] = memref.alloc() {alignment = 64 : i64} : memref<1x4x57x57x16xf32>
// CHECK: %[[B:.*]] = memref.subview %[[P]][0, 0, 0, 0, 0] [1, 4, 1, 57, 16]
// CHECK: linalg.fill ins(%{{.*}} : f32) outs(%[[B]]
// CHECK: %[[XI:.*]] = memref.subview %[[X]][%{{.*}}, 0, 0, 0, 0] [1, 4, 56, 56, 16]
// CHECK: %[[IN:.*]] = memref.subview %[[P]][0, 0, 1, 1, 0] [1, 4, 56, 56, 16]
// CHECK: kernel.conv %[[XI]], %[[W]] outs(%[[IN]])
// CHECK: %[[YI:.*]] = memref.subview %[[Y]][%{{.*}}, 0, 0, 0, 0] [1, 4, 28, 28, 16]
// CHECK: kernel.pool max %[[P]] outs(%[[YI]])
// CHECK: }
// CHECK-NEXT: return
func.func @chain(%x: memref<32x4x56x56x16xf32>, %w: memref<4x4x1x1x16x16xf32>, %y: memref<32x4x28x28x16xf32>) {
  %zero = arith.constant 0.0 : f32
  %p = memref.alloc() {alignment = 64 : i64} : memref<32x4x57x57x16xf32>
  %top = memref.subview %p[0, 0, 0, 0, 0] [32, 4, 1, 57, 16] [1, 1, 1, 1, 1]
    : memref<32x4x57x57x16xf32> to memref<32x4x1x57x16xf32, strided<[207936, 51984, 912, 16, 1]>>
  linalg.fill ins(%zero : f32) outs(%top : memref<32x4x1x57x16xf32, strided<[207936, 51984, 912, 16, 1]>>)
  %inner = memref.subview %p[0, 0, 1, 1, 0] [32, 4, 56, 56, 16] [1, 1, 1, 1, 1]
    : memref<32x4x57x57x16xf32> to memref<32x4x56x56x16xf32, strided<[207936, 51984, 912, 16, 1], offset: 928>>
  kernel.conv %x, %w outs(%inner) : (memref<32x4x56x56x16xf32>, memref<4x4x1x1x16x16xf32>,
    memref<32x4x56x56x16xf32, strided<[207936, 51984, 912, 16, 1], offset: 928>>) -> ()
  kernel.pool max %p outs(%y) window [3, 3] strides [2, 2] : (memref<32x4x57x57x16xf32>, memref<32x4x28x28x16xf32>) -> ()
  return
}

// -----

// Transformed tiles count images in their second dimension, 196 for each.
// CHECK-LABEL: func.func @winograd
// CHECK: scf.for
// CHECK: kernel.winograd_input %{{.*}} outs(%[[V:.*]]) tile 4 tiles [14, 14] : (memref<1x4x58x58x16xf32, strided<{{.*}}, offset: ?>>, memref<36x196x64xf32>)
// CHECK: kernel.matmul %[[V]], %{{.*}} outs(%[[M:.*]]) {packed} : (memref<36x196x64xf32>, memref<36x4x64x16xf32>, memref<36x196x64xf32>)
// CHECK: kernel.winograd_output %[[M]] outs(%{{.*}}) tile 4 : (memref<36x196x64xf32>, memref<1x4x56x56x16xf32>)
// CHECK: kernel.conv
func.func @winograd(%x: memref<32x4x58x58x16xf32>, %u: memref<36x4x64x16xf32>, %w: memref<4x4x1x1x16x16xf32>,
                    %y: memref<32x4x56x56x16xf32>) {
  %v = memref.alloc() : memref<36x6272x64xf32>
  %m = memref.alloc() : memref<36x6272x64xf32>
  %a = memref.alloc() : memref<32x4x56x56x16xf32>
  kernel.winograd_input %x outs(%v) tile 4 tiles [14, 14] : (memref<32x4x58x58x16xf32>, memref<36x6272x64xf32>) -> ()
  kernel.matmul %v, %u outs(%m) {packed} : (memref<36x6272x64xf32>, memref<36x4x64x16xf32>, memref<36x6272x64xf32>) -> ()
  kernel.winograd_output %m outs(%a) tile 4 : (memref<36x6272x64xf32>, memref<32x4x56x56x16xf32>) -> ()
  kernel.conv %a, %w outs(%y) : (memref<32x4x56x56x16xf32>, memref<4x4x1x1x16x16xf32>, memref<32x4x56x56x16xf32>) -> ()
  return
}

// -----

// Views in which rows and columns are one dimension, or images and all else: what is done to a part of them is done to each image.
// CHECK-LABEL: func.func @views
// CHECK: scf.for
// CHECK: %[[A:.*]] = memref.alloc() : memref<1x4x56x56x16xf32>
// CHECK: kernel.conv %{{.*}} outs(%[[A]])
// CHECK: %[[ROWS:.*]] = memref.collapse_shape %[[A]] {{.*}} : memref<1x4x56x56x16xf32> into memref<1x200704xf32>
// CHECK: %[[ALL:.*]] = memref.collapse_shape %[[ROWS]] {{.*}} : memref<1x200704xf32> into memref<200704xf32>
// CHECK: linalg.generic {{.*}} outs(%[[ALL]] : memref<200704xf32>)
// CHECK: %[[BACK:.*]] = memref.expand_shape %[[ALL]] {{.*}} : memref<200704xf32> into memref<1x4x56x56x16xf32>
// CHECK: kernel.conv %[[BACK]]
func.func @views(%x: memref<32x4x56x56x16xf32>, %w: memref<4x4x1x1x16x16xf32>, %y: memref<32x4x56x56x16xf32>) {
  %a = memref.alloc() : memref<32x4x56x56x16xf32>
  kernel.conv %x, %w outs(%a) : (memref<32x4x56x56x16xf32>, memref<4x4x1x1x16x16xf32>, memref<32x4x56x56x16xf32>) -> ()
  %rows = memref.collapse_shape %a [[0], [1, 2, 3, 4]] : memref<32x4x56x56x16xf32> into memref<32x200704xf32>
  %all = memref.collapse_shape %rows [[0, 1]] : memref<32x200704xf32> into memref<6422528xf32>
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%all : memref<6422528xf32>) {
  ^bb0(%e: f32):
    %twice = arith.addf %e, %e : f32
    linalg.yield %twice : f32
  }
  %back = memref.expand_shape %all [[0, 1, 2, 3, 4]] output_shape [32, 4, 56, 56, 16]
    : memref<6422528xf32> into memref<32x4x56x56x16xf32>
  kernel.conv %back, %w outs(%y) : (memref<32x4x56x56x16xf32>, memref<4x4x1x1x16x16xf32>, memref<32x4x56x56x16xf32>) -> ()
  return
}

// -----

// Weights of 64 MB do not stay in a cache beside anything: each group would read them again.
// CHECK-LABEL: func.func @no_loop_where_weights_are_large
// CHECK-NOT: scf.for
func.func @no_loop_where_weights_are_large(%x: memref<8x256x7x7x16xf32>, %w: memref<256x256x1x1x16x16xf32>,
                                           %y: memref<8x256x7x7x16xf32>) {
  %a = memref.alloc() : memref<8x256x7x7x16xf32>
  kernel.conv %x, %w outs(%a) : (memref<8x256x7x7x16xf32>, memref<256x256x1x1x16x16xf32>, memref<8x256x7x7x16xf32>) -> ()
  kernel.conv %a, %w outs(%y) : (memref<8x256x7x7x16xf32>, memref<256x256x1x1x16x16xf32>, memref<8x256x7x7x16xf32>) -> ()
  return
}

// -----

// CHECK-LABEL: func.func @no_loop_where_all_is_small
// CHECK-NOT: scf.for
func.func @no_loop_where_all_is_small(%x: memref<2x4x5x7x16xf32>, %w: memref<4x4x1x1x16x16xf32>, %y: memref<2x4x5x7x16xf32>) {
  %a = memref.alloc() : memref<2x4x5x7x16xf32>
  kernel.conv %x, %w outs(%a) : (memref<2x4x5x7x16xf32>, memref<4x4x1x1x16x16xf32>, memref<2x4x5x7x16xf32>) -> ()
  kernel.conv %a, %w outs(%y) : (memref<2x4x5x7x16xf32>, memref<4x4x1x1x16x16xf32>, memref<2x4x5x7x16xf32>) -> ()
  return
}

// -----

// CHECK-LABEL: func.func @no_loop_over_one_image
// CHECK-NOT: scf.for
func.func @no_loop_over_one_image(%x: memref<1x4x512x512x16xf32>, %w: memref<4x4x1x1x16x16xf32>, %y: memref<1x4x512x512x16xf32>) {
  %a = memref.alloc() : memref<1x4x512x512x16xf32>
  kernel.conv %x, %w outs(%a) : (memref<1x4x512x512x16xf32>, memref<4x4x1x1x16x16xf32>, memref<1x4x512x512x16xf32>) -> ()
  kernel.conv %a, %w outs(%y) : (memref<1x4x512x512x16xf32>, memref<4x4x1x1x16x16xf32>, memref<1x4x512x512x16xf32>) -> ()
  return
}

// -----

// Sums over all images, as statistics of a batch are, need each image before the next op sees the first.
// CHECK-LABEL: func.func @no_loop_across_statistics
// CHECK-NOT: scf.for
func.func @no_loop_across_statistics(%x: memref<32x4x56x56x16xf32>, %w: memref<4x4x1x1x16x16xf32>, %sums: memref<4x16xf32>,
                                     %y: memref<32x4x56x56x16xf32>) {
  %a = memref.alloc() : memref<32x4x56x56x16xf32>
  kernel.conv %x, %w outs(%a) : (memref<32x4x56x56x16xf32>, memref<4x4x1x1x16x16xf32>, memref<32x4x56x56x16xf32>) -> ()
  linalg.generic {indexing_maps = [affine_map<(c, b, n, h, w) -> (n, c, h, w, b)>, affine_map<(c, b, n, h, w) -> (c, b)>],
                  iterator_types = ["parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%a : memref<32x4x56x56x16xf32>) outs(%sums : memref<4x16xf32>) {
  ^bb0(%e: f32, %sum: f32):
    %next = arith.addf %e, %sum : f32
    linalg.yield %next : f32
  }
  kernel.conv %a, %w bias %sums outs(%y)
    : (memref<32x4x56x56x16xf32>, memref<4x4x1x1x16x16xf32>, memref<4x16xf32>, memref<32x4x56x56x16xf32>) -> ()
  return
}

// -----

// The second op reads the images in their reverse order, the third one the number of the image.
// CHECK-LABEL: func.func @no_loop_where_images_mix
// CHECK-NOT: scf.for
func.func @no_loop_where_images_mix(%x: memref<32x4x56x56x16xf32>, %w: memref<4x4x1x1x16x16xf32>, %y: memref<32x4x56x56x16xf32>) {
  %a = memref.alloc() : memref<32x4x56x56x16xf32>
  %b = memref.alloc() : memref<32x4x56x56x16xf32>
  kernel.conv %x, %w outs(%a) : (memref<32x4x56x56x16xf32>, memref<4x4x1x1x16x16xf32>, memref<32x4x56x56x16xf32>) -> ()
  linalg.generic {indexing_maps = [affine_map<(n, c, h, w, b) -> (31 - n, c, h, w, b)>, affine_map<(n, c, h, w, b) -> (n, c, h, w, b)>],
                  iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]}
      ins(%a : memref<32x4x56x56x16xf32>) outs(%b : memref<32x4x56x56x16xf32>) {
  ^bb0(%e: f32, %out: f32):
    linalg.yield %e : f32
  }
  linalg.generic {indexing_maps = [affine_map<(n, c, h, w, b) -> (n, c, h, w, b)>, affine_map<(n, c, h, w, b) -> (n, c, h, w, b)>],
                  iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]}
      ins(%b : memref<32x4x56x56x16xf32>) outs(%y : memref<32x4x56x56x16xf32>) {
  ^bb0(%e: f32, %out: f32):
    %n = linalg.index 0 : index
    %i = arith.index_cast %n : index to i32
    %number = arith.sitofp %i : i32 to f32
    %sum = arith.addf %e, %number : f32
    linalg.yield %sum : f32
  }
  return
}
