// RUN: bn-opt %s --bn-use-bfloat16 --split-input-file | FileCheck %s
// RUN: bn-opt %s --bn-lower=bfloat16=true --split-input-file | FileCheck %s --check-prefix=PIPELINE
// RUN: bn-opt %s --bn-lower --split-input-file | FileCheck %s --check-prefix=DEFAULT
// PIPELINE: bf16
// DEFAULT-NOT: bf16

// Rounded to the nearest, a half to even: 1.01171875 lies between two, 2.625 is exact. Rows of input channels lie in pairs, and the last
// channel's partner is read, too. What comes behind the sums stays f32.
// CHECK-LABEL: func @conv
// CHECK: %[[W:.*]] = kernel.constant dense<{{\[\[\[\[\[\[}}1.015630e+00, 3.000000e+00, 2.625000e+00, 4.000000e+00]]]]]]> : tensor<1x1x1x1x1x4xbf16>
// CHECK: %[[H:.*]] = linalg.generic {{.*}} ins(%arg0 : tensor<1x1x5x7x2xf32>)
// CHECK: arith.truncf {{.*}} : f32 to bf16
// CHECK: kernel.conv %[[H]], %[[W]] bias %arg1 with(%arg2) {{.*}} channels 2
// CHECK-NEXT: ^bb0(%{{.*}}: f32, %{{.*}}: f32):
// CHECK: (tensor<1x1x5x7x2xbf16>, tensor<1x1x1x1x1x4xbf16>, tensor<1x2xf32>, tensor<1x1x5x7x2xf32>, tensor<1x1x5x7x2xf32>)
func.func @conv(%x: tensor<1x1x5x7x2xf32>, %b: tensor<1x2xf32>, %s: tensor<1x1x5x7x2xf32>) -> tensor<1x1x5x7x2xf32> {
  %w = kernel.constant dense<[[[[[[1.01171875, 2.625], [3.0, 4.0]]]]]]> : tensor<1x1x1x1x2x2xf32>
  %e = tensor.empty() : tensor<1x1x5x7x2xf32>
  %y = kernel.conv %x, %w bias %b with(%s) outs(%e) channels 1 epilogue {
  ^bb0(%acc: f32, %a: f32):
    %sum = arith.addf %acc, %a : f32
    kernel.yield %sum : f32
  } : (tensor<1x1x5x7x2xf32>, tensor<1x1x1x1x2x2xf32>, tensor<1x2xf32>, tensor<1x1x5x7x2xf32>, tensor<1x1x5x7x2xf32>) -> tensor<1x1x5x7x2xf32>
  return %y : tensor<1x1x5x7x2xf32>
}

// -----

// Three rows are two pairs, the last with a zero.
// CHECK-LABEL: func @matmul
// CHECK: %[[W:.*]] = kernel.constant dense<{{\[\[\[}}1.000000e+00, 3.000000e+00, 2.000000e+00, 4.000000e+00], [5.000000e+00, 0.000000e+00, 6.000000e+00, 0.000000e+00]]]> : tensor<1x2x4xbf16>
// CHECK: %[[P:.*]] = tensor.pad %{{.*}} low[0, 0] high[0, 1]
// CHECK: kernel.matmul %[[P]], %[[W]]
// CHECK-SAME: (tensor<5x4xbf16>, tensor<1x2x4xbf16>, tensor<5x2xf32>) -> tensor<5x2xf32>
func.func @matmul(%x: tensor<5x3xf32>) -> tensor<5x2xf32> {
  %w = kernel.constant dense<[[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]]> : tensor<1x3x2xf32>
  %e = tensor.empty() : tensor<5x2xf32>
  %y = kernel.matmul %x, %w outs(%e) {packed} : (tensor<5x3xf32>, tensor<1x3x2xf32>, tensor<5x2xf32>) -> tensor<5x2xf32>
  return %y : tensor<5x2xf32>
}

// -----

// PIPELINE-LABEL: func @no_unknown_weights
// CHECK-LABEL: func @no_unknown_weights
// CHECK-NOT: bf16
// CHECK: return
func.func @no_unknown_weights(%x: tensor<5x3xf32>, %w: tensor<1x3x2xf32>) -> tensor<5x2xf32> {
  %e = tensor.empty() : tensor<5x2xf32>
  %y = kernel.matmul %x, %w outs(%e) {packed} : (tensor<5x3xf32>, tensor<1x3x2xf32>, tensor<5x2xf32>) -> tensor<5x2xf32>
  return %y : tensor<5x2xf32>
}

// -----

// Channels in planes lie too far apart to be in one lane.
// CHECK-LABEL: func @no_planes
// CHECK-NOT: bf16
// CHECK: return
func.func @no_planes(%x: tensor<1x1x5x7xf32>) -> tensor<1x1x5x7x2xf32> {
  %w = kernel.constant dense<[[[[[[1.0, 2.0], [3.0, 4.0]]]]]]> : tensor<1x1x1x1x2x2xf32>
  %e = tensor.empty() : tensor<1x1x5x7x2xf32>
  %y = kernel.conv %x, %w outs(%e) channels 1
    : (tensor<1x1x5x7xf32>, tensor<1x1x1x1x2x2xf32>, tensor<1x1x5x7x2xf32>) -> tensor<1x1x5x7x2xf32>
  return %y : tensor<1x1x5x7x2xf32>
}

// -----

// Rounded, the weight would be infinite.
// CHECK-LABEL: func @no_huge_weight
// CHECK-NOT: bf16
// CHECK: return
func.func @no_huge_weight(%x: tensor<5x2xf32>) -> tensor<5x2xf32> {
  %w = kernel.constant dense<[[[1.0, 3.4e38], [3.0, 4.0]]]> : tensor<1x2x2xf32>
  %e = tensor.empty() : tensor<5x2xf32>
  %y = kernel.matmul %x, %w outs(%e) {packed} : (tensor<5x2xf32>, tensor<1x2x2xf32>, tensor<5x2xf32>) -> tensor<5x2xf32>
  return %y : tensor<5x2xf32>
}

// -----

// Small tiles of Winograd's method are rounded when they are transformed.
// CHECK-LABEL: func @small_tiles
// CHECK: %[[V:.*]] = kernel.winograd_input
// CHECK-SAME: -> tensor<16x4x2xbf16>
// CHECK: kernel.matmul %[[V]]
// CHECK-SAME: (tensor<16x4x2xbf16>, tensor<16x1x1x4xbf16>, tensor<16x4x2xf32>)
func.func @small_tiles(%x: tensor<1x1x6x6x2xf32>) -> tensor<16x4x2xf32> {
  %w = kernel.constant dense<1.5> : tensor<16x1x2x2xf32>
  %e = tensor.empty() : tensor<16x4x2xf32>
  %v = kernel.winograd_input %x outs(%e) tile 2 tiles [2, 2] : (tensor<1x1x6x6x2xf32>, tensor<16x4x2xf32>) -> tensor<16x4x2xf32>
  %y = kernel.matmul %v, %w outs(%e) {packed} : (tensor<16x4x2xf32>, tensor<16x1x2x2xf32>, tensor<16x4x2xf32>) -> tensor<16x4x2xf32>
  return %y : tensor<16x4x2xf32>
}

// -----

// In larger ones the errors of bf16 would grow: their products stay f32.
// CHECK-LABEL: func @no_large_tiles
// CHECK: kernel.matmul
// CHECK-SAME: (tensor<36x1x2xf32>, tensor<36x1x2x2xf32>, tensor<36x1x2xf32>)
func.func @no_large_tiles(%x: tensor<1x1x6x6x2xf32>) -> tensor<36x1x2xf32> {
  %w = kernel.constant dense<1.5> : tensor<36x1x2x2xf32>
  %e = tensor.empty() : tensor<36x1x2xf32>
  %v = kernel.winograd_input %x outs(%e) tile 4 tiles [1, 1] : (tensor<1x1x6x6x2xf32>, tensor<36x1x2xf32>) -> tensor<36x1x2xf32>
  %y = kernel.matmul %v, %w outs(%e) {packed} : (tensor<36x1x2xf32>, tensor<36x1x2x2xf32>, tensor<36x1x2xf32>) -> tensor<36x1x2xf32>
  return %y : tensor<36x1x2xf32>
}

// -----

// What another product reads rounded is stored so. The border moves with it, and whoever reads the numbers as f32 widens them.
// CHECK-LABEL: func @flow
// CHECK: %[[A:.*]] = kernel.conv
// CHECK-NEXT: ^bb0(%[[ACC:.*]]: f32):
// CHECK-NEXT: %[[R:.*]] = arith.maximumf %[[ACC]]
// CHECK-NEXT: %[[T:.*]] = arith.truncf %[[R]] : f32 to bf16
// CHECK-NEXT: kernel.yield %[[T]] : bf16
// CHECK: %[[P:.*]] = tensor.pad %[[A]]
// CHECK: tensor<1x1x5x7x2xbf16> to tensor<1x1x7x9x2xbf16>
// CHECK: kernel.conv %[[P]], %{{.*}} with(%[[A]])
// CHECK-NEXT: ^bb0(%{{.*}}: f32, %[[H:.*]]: bf16):
// CHECK-NEXT: arith.extf %[[H]] : bf16 to f32
// CHECK: kernel.yield %{{.*}} : f32
// CHECK: (tensor<1x1x7x9x2xbf16>, tensor<1x1x3x3x1x4xbf16>, tensor<1x1x5x7x2xbf16>, tensor<1x1x5x7x2xf32>) -> tensor<1x1x5x7x2xf32>
// CHECK: linalg.generic {{.*}} ins(%[[A]] : tensor<1x1x5x7x2xbf16>)
// CHECK: arith.extf
// CHECK-NEXT: arith.addf
func.func @flow(%x: tensor<1x1x5x7x2xf32>) -> (tensor<1x1x5x7x2xf32>, tensor<1x1x2xf32>) {
  %zero = arith.constant 0.0 : f32
  %w = kernel.constant dense<1.5> : tensor<1x1x1x1x2x2xf32>
  %v = kernel.constant dense<2.5> : tensor<1x1x3x3x2x2xf32>
  %e = tensor.empty() : tensor<1x1x5x7x2xf32>
  %a = kernel.conv %x, %w outs(%e) epilogue {
  ^bb0(%acc: f32):
    %r = arith.maximumf %acc, %zero : f32
    kernel.yield %r : f32
  } : (tensor<1x1x5x7x2xf32>, tensor<1x1x1x1x2x2xf32>, tensor<1x1x5x7x2xf32>) -> tensor<1x1x5x7x2xf32>
  %p = tensor.pad %a low[0, 0, 1, 1, 0] high[0, 0, 1, 1, 0] {
  ^bb0(%i: index, %j: index, %k: index, %l: index, %m: index):
    tensor.yield %zero : f32
  } : tensor<1x1x5x7x2xf32> to tensor<1x1x7x9x2xf32>
  %y = kernel.conv %p, %v with(%a) outs(%e) epilogue {
  ^bb0(%acc: f32, %s: f32):
    %sum = arith.addf %acc, %s : f32
    kernel.yield %sum : f32
  } : (tensor<1x1x7x9x2xf32>, tensor<1x1x3x3x2x2xf32>, tensor<1x1x5x7x2xf32>, tensor<1x1x5x7x2xf32>) -> tensor<1x1x5x7x2xf32>
  %z = kernel.constant dense<0.0> : tensor<1x1x2xf32>
  %mean = linalg.generic {
    indexing_maps = [affine_map<(n, c, h, w, b) -> (n, c, h, w, b)>, affine_map<(n, c, h, w, b) -> (n, c, b)>],
    iterator_types = ["parallel", "parallel", "reduction", "reduction", "parallel"]
  } ins(%a : tensor<1x1x5x7x2xf32>) outs(%z : tensor<1x1x2xf32>) {
  ^bb0(%in: f32, %sum: f32):
    %next = arith.addf %in, %sum : f32
    linalg.yield %next : f32
  } -> tensor<1x1x2xf32>
  return %y, %mean : tensor<1x1x5x7x2xf32>, tensor<1x1x2xf32>
}

// -----

// Loops round what they store, and a depthwise convolution reads it. Parts of a concatenation and the largest of a window are rounded before.
// CHECK-LABEL: func @moved
// CHECK: %[[S:.*]] = linalg.generic {{.*}} ins(%arg0 : tensor<1x1x6x8x2xf32>)
// CHECK: math.exp
// CHECK-NEXT: arith.truncf
// CHECK: %[[D:.*]] = kernel.grouped_conv %[[S]]
// CHECK: %[[C:.*]] = tensor.concat dim(1) %{{.*}}, %[[D]] : (tensor<1x1x6x8x2xbf16>, tensor<1x1x6x8x2xbf16>)
// CHECK: %[[M:.*]] = kernel.pool max %[[C]]
// CHECK-SAME: -> tensor<1x2x3x4x2xbf16>
// CHECK: kernel.conv %[[M]]
func.func @moved(%x: tensor<1x1x6x8x2xf32>) -> tensor<1x1x3x4x2xf32> {
  %v = kernel.constant dense<2.5> : tensor<1x2x1x1x2x2xf32>
  %g = kernel.constant dense<3.5> : tensor<1x1x1x1x2xf32>
  %e = tensor.empty() : tensor<1x1x6x8x2xf32>
  %s = linalg.generic {
    indexing_maps = [affine_map<(n, c, h, w, b) -> (n, c, h, w, b)>, affine_map<(n, c, h, w, b) -> (n, c, h, w, b)>],
    iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]
  } ins(%x : tensor<1x1x6x8x2xf32>) outs(%e : tensor<1x1x6x8x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %r = math.exp %in : f32
    linalg.yield %r : f32
  } -> tensor<1x1x6x8x2xf32>
  %d = kernel.grouped_conv %s, %g outs(%e) : (tensor<1x1x6x8x2xf32>, tensor<1x1x1x1x2xf32>, tensor<1x1x6x8x2xf32>) -> tensor<1x1x6x8x2xf32>
  %c = tensor.concat dim(1) %x, %d : (tensor<1x1x6x8x2xf32>, tensor<1x1x6x8x2xf32>) -> tensor<1x2x6x8x2xf32>
  %f = tensor.empty() : tensor<1x2x3x4x2xf32>
  %m = kernel.pool max %c outs(%f) window [2, 2] strides [2, 2] : (tensor<1x2x6x8x2xf32>, tensor<1x2x3x4x2xf32>) -> tensor<1x2x3x4x2xf32>
  %o = tensor.empty() : tensor<1x1x3x4x2xf32>
  %y = kernel.conv %m, %v outs(%o) : (tensor<1x2x3x4x2xf32>, tensor<1x2x1x1x2x2xf32>, tensor<1x1x3x4x2xf32>) -> tensor<1x1x3x4x2xf32>
  return %y : tensor<1x1x3x4x2xf32>
}

// -----

// There are no odd vectors of bf16: five columns are stored as f32.
// CHECK-LABEL: func @no_part_of_a_block
// CHECK: kernel.matmul {{.*}} -> tensor<3x5xf32>
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<3x5xf32>)
// CHECK: kernel.matmul
func.func @no_part_of_a_block(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %w = kernel.constant dense<1.5> : tensor<3x2x2xf32>
  %v = kernel.constant dense<2.5> : tensor<1x5x2xf32>
  %e = tensor.empty() : tensor<3x5xf32>
  %f = tensor.empty() : tensor<3x2xf32>
  %a = kernel.matmul %x, %w outs(%e) {packed} : (tensor<3x2xf32>, tensor<3x2x2xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
  %y = kernel.matmul %a, %v outs(%f) {packed} : (tensor<3x5xf32>, tensor<1x5x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// -----

// Known weights times a factor of each input channel: pairs of both are multiplied, and rounded.
// CHECK-LABEL: func @scaled_weights
// CHECK-DAG: %[[W:.*]] = kernel.constant dense<{{\[\[\[\[\[\[}}1.000000e+00, 3.000000e+00, 2.000000e+00, 4.000000e+00]]]]]]> : tensor<1x1x1x1x1x4xbf16>
// CHECK: } -> tensor<1x1x1x1x2x2xf32>
// CHECK: %[[P:.*]] = tensor.collapse_shape %{{.*}} into tensor<1x1x1x1x4xf32>
// CHECK: %[[V:.*]] = linalg.generic {{.*}} ins(%[[W]], %[[P]] : tensor<1x1x1x1x1x4xbf16>, tensor<1x1x1x1x4xf32>)
// CHECK: arith.extf
// CHECK: arith.mulf
// CHECK: arith.truncf
// CHECK: kernel.conv %{{.*}}, %[[V]]
func.func @scaled_weights(%x: tensor<1x1x5x7x2xf32>, %g: tensor<1x1x1x2xf32>) -> tensor<1x1x5x7x2xf32> {
  %w = kernel.constant dense<[[[[[[1.0, 2.0], [3.0, 4.0]]]]]]> : tensor<1x1x1x1x2x2xf32>
  %f = tensor.empty() : tensor<1x1x1x1x2x2xf32>
  %v = linalg.generic {
    indexing_maps = [affine_map<(o, i, h, w, a, b) -> (o, i, h, w, a, b)>, affine_map<(o, i, h, w, a, b) -> (i, h, w, a)>,
                     affine_map<(o, i, h, w, a, b) -> (o, i, h, w, a, b)>],
    iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel", "parallel"]
  } ins(%w, %g : tensor<1x1x1x1x2x2xf32>, tensor<1x1x1x2xf32>) outs(%f : tensor<1x1x1x1x2x2xf32>) {
  ^bb0(%a: f32, %s: f32, %out: f32):
    %m = arith.mulf %a, %s : f32
    linalg.yield %m : f32
  } -> tensor<1x1x1x1x2x2xf32>
  %e = tensor.empty() : tensor<1x1x5x7x2xf32>
  %y = kernel.conv %x, %v outs(%e) channels 2
    : (tensor<1x1x5x7x2xf32>, tensor<1x1x1x1x2x2xf32>, tensor<1x1x5x7x2xf32>) -> tensor<1x1x5x7x2xf32>
  return %y : tensor<1x1x5x7x2xf32>
}

// -----

// CHECK-LABEL: func @no_factor_of_outputs
// CHECK: kernel.conv
// CHECK: (tensor<1x1x5x7x2xf32>, tensor<1x1x1x1x2x2xf32>
func.func @no_factor_of_outputs(%x: tensor<1x1x5x7x2xf32>, %g: tensor<2xf32>) -> tensor<1x1x5x7x2xf32> {
  %w = kernel.constant dense<[[[[[[1.0, 2.0], [3.0, 4.0]]]]]]> : tensor<1x1x1x1x2x2xf32>
  %f = tensor.empty() : tensor<1x1x1x1x2x2xf32>
  %v = linalg.generic {
    indexing_maps = [affine_map<(o, i, h, w, a, b) -> (o, i, h, w, a, b)>, affine_map<(o, i, h, w, a, b) -> (b)>,
                     affine_map<(o, i, h, w, a, b) -> (o, i, h, w, a, b)>],
    iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel", "parallel"]
  } ins(%w, %g : tensor<1x1x1x1x2x2xf32>, tensor<2xf32>) outs(%f : tensor<1x1x1x1x2x2xf32>) {
  ^bb0(%a: f32, %s: f32, %out: f32):
    %m = arith.mulf %a, %s : f32
    linalg.yield %m : f32
  } -> tensor<1x1x1x1x2x2xf32>
  %e = tensor.empty() : tensor<1x1x5x7x2xf32>
  %y = kernel.conv %x, %v outs(%e) channels 2
    : (tensor<1x1x5x7x2xf32>, tensor<1x1x1x1x2x2xf32>, tensor<1x1x5x7x2xf32>) -> tensor<1x1x5x7x2xf32>
  return %y : tensor<1x1x5x7x2xf32>
}
