// RUN: bn-opt %s --split-input-file --bn-scale-weights | FileCheck %s

// The gate multiplies 2·1·16·16 weights, not 1·9·9·16 elements.
// CHECK-LABEL: @gate
// CHECK: %[[FACTORS:.*]] = tensor.collapse_shape {{.*}} into tensor<1x1x1x16xf32>
// CHECK: %[[WEIGHTS:.*]] = linalg.generic {{.*}} ins(%arg2, %[[FACTORS]] :
// CHECK: arith.mulf
// CHECK: kernel.conv %arg0, %[[WEIGHTS]]
func.func @gate(%image: tensor<1x1x9x9x16xf32>, %gate: tensor<1x1x16xf32>, %weights: tensor<2x1x1x1x16x16xf32>) -> tensor<1x2x9x9x16xf32> {
  %e = tensor.empty() : tensor<1x1x9x9x16xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(n, c, h, w, b) -> (n, c, b)>, affine_map<(n, c, h, w, b) -> (n, c, h, w, b)>,
                                        affine_map<(n, c, h, w, b) -> (n, c, h, w, b)>],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]}
      ins(%gate, %image : tensor<1x1x16xf32>, tensor<1x1x9x9x16xf32>) outs(%e : tensor<1x1x9x9x16xf32>) {
  ^bb0(%g: f32, %x: f32, %o: f32):
    %p = arith.mulf %x, %g : f32
    linalg.yield %p : f32
  } -> tensor<1x1x9x9x16xf32>
  %i = tensor.empty() : tensor<1x2x9x9x16xf32>
  %y = kernel.conv %s, %weights outs(%i)
    : (tensor<1x1x9x9x16xf32>, tensor<2x1x1x1x16x16xf32>, tensor<1x2x9x9x16xf32>) -> tensor<1x2x9x9x16xf32>
  return %y : tensor<1x2x9x9x16xf32>
}

// -----

// Each image has its own gate: its weights would be others.
// CHECK-LABEL: @no_batch
// CHECK: kernel.conv %{{.*}}, %arg2
func.func @no_batch(%image: tensor<3x1x9x9x16xf32>, %gate: tensor<3x1x16xf32>, %weights: tensor<2x1x1x1x16x16xf32>)
    -> tensor<3x2x9x9x16xf32> {
  %e = tensor.empty() : tensor<3x1x9x9x16xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(n, c, h, w, b) -> (n, c, b)>, affine_map<(n, c, h, w, b) -> (n, c, h, w, b)>,
                                        affine_map<(n, c, h, w, b) -> (n, c, h, w, b)>],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]}
      ins(%gate, %image : tensor<3x1x16xf32>, tensor<3x1x9x9x16xf32>) outs(%e : tensor<3x1x9x9x16xf32>) {
  ^bb0(%g: f32, %x: f32, %o: f32):
    %p = arith.mulf %x, %g : f32
    linalg.yield %p : f32
  } -> tensor<3x1x9x9x16xf32>
  %i = tensor.empty() : tensor<3x2x9x9x16xf32>
  %y = kernel.conv %s, %weights outs(%i)
    : (tensor<3x1x9x9x16xf32>, tensor<2x1x1x1x16x16xf32>, tensor<3x2x9x9x16xf32>) -> tensor<3x2x9x9x16xf32>
  return %y : tensor<3x2x9x9x16xf32>
}

// -----

// 2·1·16·16 weights are more than 1·5·5·16 elements.
// CHECK-LABEL: @no_more_weights
// CHECK: kernel.conv %{{.*}}, %arg2
func.func @no_more_weights(%image: tensor<1x1x5x5x16xf32>, %gate: tensor<1x1x16xf32>, %weights: tensor<2x1x1x1x16x16xf32>)
    -> tensor<1x2x5x5x16xf32> {
  %e = tensor.empty() : tensor<1x1x5x5x16xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(n, c, h, w, b) -> (n, c, b)>, affine_map<(n, c, h, w, b) -> (n, c, h, w, b)>,
                                        affine_map<(n, c, h, w, b) -> (n, c, h, w, b)>],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]}
      ins(%gate, %image : tensor<1x1x16xf32>, tensor<1x1x5x5x16xf32>) outs(%e : tensor<1x1x5x5x16xf32>) {
  ^bb0(%g: f32, %x: f32, %o: f32):
    %p = arith.mulf %x, %g : f32
    linalg.yield %p : f32
  } -> tensor<1x1x5x5x16xf32>
  %i = tensor.empty() : tensor<1x2x5x5x16xf32>
  %y = kernel.conv %s, %weights outs(%i)
    : (tensor<1x1x5x5x16xf32>, tensor<2x1x1x1x16x16xf32>, tensor<1x2x5x5x16xf32>) -> tensor<1x2x5x5x16xf32>
  return %y : tensor<1x2x5x5x16xf32>
}

// -----

// A factor of each row is none of a channel.
// CHECK-LABEL: @no_rows
// CHECK: kernel.conv %{{.*}}, %arg2
func.func @no_rows(%image: tensor<1x1x9x9x16xf32>, %rows: tensor<9xf32>, %weights: tensor<2x1x1x1x16x16xf32>) -> tensor<1x2x9x9x16xf32> {
  %e = tensor.empty() : tensor<1x1x9x9x16xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(n, c, h, w, b) -> (h)>, affine_map<(n, c, h, w, b) -> (n, c, h, w, b)>,
                                        affine_map<(n, c, h, w, b) -> (n, c, h, w, b)>],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]}
      ins(%rows, %image : tensor<9xf32>, tensor<1x1x9x9x16xf32>) outs(%e : tensor<1x1x9x9x16xf32>) {
  ^bb0(%g: f32, %x: f32, %o: f32):
    %p = arith.mulf %x, %g : f32
    linalg.yield %p : f32
  } -> tensor<1x1x9x9x16xf32>
  %i = tensor.empty() : tensor<1x2x9x9x16xf32>
  %y = kernel.conv %s, %weights outs(%i)
    : (tensor<1x1x9x9x16xf32>, tensor<2x1x1x1x16x16xf32>, tensor<1x2x9x9x16xf32>) -> tensor<1x2x9x9x16xf32>
  return %y : tensor<1x2x9x9x16xf32>
}
