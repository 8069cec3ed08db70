// What canonicalization does to the bn dialect, and what it must leave alone because a number would change.
// RUN: bn-opt --canonicalize %s | FileCheck %s

// CHECK-LABEL: @affine_identity
// CHECK-NEXT: return %arg0
func.func @affine_identity(%x: tensor<?x2x5xf32>) -> tensor<?x2x5xf32> {
  %y = bn.affine %x scale [1.0, 1.0] offset [0.0, 0.0] axis 1 : tensor<?x2x5xf32>
  return %y : tensor<?x2x5xf32>
}

// One channel is scaled.
// CHECK-LABEL: @no_affine_identity_scale
// CHECK: bn.affine
func.func @no_affine_identity_scale(%x: tensor<?x2x5xf32>) -> tensor<?x2x5xf32> {
  %y = bn.affine %x scale [1.0, 2.0] offset [0.0, 0.0] axis 1 : tensor<?x2x5xf32>
  return %y : tensor<?x2x5xf32>
}

// One channel is shifted.
// CHECK-LABEL: @no_affine_identity_offset
// CHECK: bn.affine
func.func @no_affine_identity_offset(%x: tensor<?x2x5xf32>) -> tensor<?x2x5xf32> {
  %y = bn.affine %x scale [1.0, 1.0] offset [0.0, 0.5] axis 1 : tensor<?x2x5xf32>
  return %y : tensor<?x2x5xf32>
}

// NaN is not 1.
// CHECK-LABEL: @no_affine_identity_nan
// CHECK: bn.affine
func.func @no_affine_identity_nan(%x: tensor<?x2x5xf32>) -> tensor<?x2x5xf32> {
  %y = bn.affine %x scale [1.0, 0x7FF8000000000000] offset [0.0, 0.0] axis 1 : tensor<?x2x5xf32>
  return %y : tensor<?x2x5xf32>
}

// The pass that raised the originals accounts for them.
// CHECK-LABEL: @no_affine_identity_with_originals
// CHECK: bn.affine
func.func @no_affine_identity_with_originals(%x: tensor<3x2xf32>, %one: tensor<2xf32>) -> tensor<3x2xf32> {
  %y = bn.affine %x scale [1.0, 1.0] offset [0.0, 0.0] axis 1 standing_for {
  ^bb0(%input: tensor<3x2xf32>):
    %m = onnx.mul %input, %one {version = 14 : i64} : (tensor<3x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
    onnx.yield %m : tensor<3x2xf32>
  } : tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// Two affines in a row are merged by a pass, which can say so in its report.
// CHECK-LABEL: @no_affine_chain
// CHECK-COUNT-2: bn.affine
func.func @no_affine_chain(%x: tensor<?x2x5xf32>) -> tensor<?x2x5xf32> {
  %y = bn.affine %x scale [1.0, 2.0] offset [0.0, 0.5] axis 1 : tensor<?x2x5xf32>
  %z = bn.affine %y scale [1.0, 2.0] offset [0.0, 0.5] axis 1 : tensor<?x2x5xf32>
  return %z : tensor<?x2x5xf32>
}

// One ghost is the whole batch however samples are dealt; without a mask there is no sum for mask_epsilon.
// CHECK-LABEL: @training_unread_attributes
// CHECK: bn.training %arg0 axes [1] epsilon 1.000000e-03 momentum 9.000000e-01 : (
func.func @training_unread_attributes(%x: tensor<2x3x5xf32>) -> tensor<2x3x5xf32> {
  %y, %mean, %inv = bn.training %x axes [1] epsilon 1.0e-3 momentum 0.9
      {grouping = #bn.grouping<contiguous>, mask_epsilon = 1.0e-7 : f64, renorm_momentum = 0.5, variance_update = #bn.variance<bessel>}
    : (tensor<2x3x5xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
  return %y : tensor<2x3x5xf32>
}

// Two contiguous ghosts of three samples each are not the interleaved ones.
// CHECK-LABEL: @no_grouping_several_samples
// CHECK: bn.moments {{.*}} {ghosts = 2 : i64, grouping = #bn.grouping<contiguous>}
func.func @no_grouping_several_samples(%x: tensor<6x3x5xf32>) -> tensor<2x3xf32> {
  %mean, %variance, %count = bn.moments %x axes [1] {ghosts = 2 : i64, grouping = #bn.grouping<contiguous>}
    : (tensor<6x3x5xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>)
  return %mean : tensor<2x3xf32>
}

// With as many ghosts as samples both groupings are the same.
// CHECK-LABEL: @grouping_one_sample_each
// CHECK: bn.normalize {{.*}} axes [1] {ghosts = 2 : i64} :
func.func @grouping_one_sample_each(%x: tensor<2x3x5xf32>, %s: tensor<2x3xf32>) -> tensor<2x3x5xf32> {
  %y = bn.normalize %x mean %s inv_stddev %s axes [1] {ghosts = 2 : i64, grouping = #bn.grouping<contiguous>}
    : (tensor<2x3x5xf32>, tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3x5xf32>
  return %y : tensor<2x3x5xf32>
}

// The batch is not known, so it may hold more samples than ghosts.
// CHECK-LABEL: @no_grouping_unknown_batch
// CHECK: grouping = #bn.grouping<contiguous>
func.func @no_grouping_unknown_batch(%dy: tensor<?x3x5xf32>, %x: tensor<?x3x5xf32>, %s: tensor<2x3xf32>) -> tensor<?x3x5xf32> {
  %dx, %dg, %db = bn.training_grad %dy, %x mean %s inv_stddev %s axes [1] {ghosts = 2 : i64, grouping = #bn.grouping<contiguous>}
    : (tensor<?x3x5xf32>, tensor<?x3x5xf32>, tensor<2x3xf32>, tensor<2x3xf32>) -> (tensor<?x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
  return %dx : tensor<?x3x5xf32>
}

// The masked sum reads mask_epsilon.
// CHECK-LABEL: @no_mask_epsilon_with_mask
// CHECK: bn.moments {{.*}} {mask_epsilon = 9.9999999999999995E-8 : f64}
func.func @no_mask_epsilon_with_mask(%x: tensor<2x3x5xf32>, %m: tensor<2x1x5xf32>) -> tensor<3xf32> {
  %mean, %variance, %count = bn.moments %x mask %m axes [1] {mask_epsilon = 1.0e-7 : f64}
    : (tensor<2x3x5xf32>, tensor<2x1x5xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %mean : tensor<3xf32>
}

// The running variance is Bessel's, N/(N−1) away from the population's.
// CHECK-LABEL: @no_bessel_with_state
// CHECK: variance_update = #bn.variance<bessel>
func.func @no_bessel_with_state(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) -> tensor<3xf32> {
  %y, %mean, %inv, %m, %v = bn.training %x running(%p, %p) axes [1] epsilon 1.0e-3 momentum 0.9 {variance_update = #bn.variance<bessel>}
    : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %v : tensor<3xf32>
}

// The state belongs to the node that was imported; a dead one is not dropped.
// CHECK-LABEL: @no_drop_dead_state
// CHECK: bn.training %arg0 running(%arg1, %arg1)
func.func @no_drop_dead_state(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) -> tensor<2x3x5xf32> {
  %y, %mean, %inv, %m, %v = bn.training %x running(%p, %p) axes [1] epsilon 1.0e-3 momentum 0.9
    : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %y : tensor<2x3x5xf32>
}

// Momentum 1 and 0 would lose a NaN of the operand that they multiply by 0.
// CHECK-LABEL: @no_momentum_extremes
// CHECK-COUNT-2: bn.update_average
func.func @no_momentum_extremes(%old: tensor<3xf32>, %batch: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
  %a = bn.update_average %old, %batch momentum 1.0 : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %b = bn.update_average %old, %batch momentum 0.0 : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  return %a, %b : tensor<3xf32>, tensor<3xf32>
}

// The mean of one ghost still has to lose its leading dimension.
// CHECK-LABEL: @no_pool_of_one
// CHECK: bn.pool_ghosts
func.func @no_pool_of_one(%x: tensor<1x3xf32>) -> tensor<3xf32> {
  %y = bn.pool_ghosts %x : tensor<1x3xf32> -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// Without bounds the output's value is scale·(x − renorm_mean)/S̃ + offset, but its gradient still sees the batch's statistics.
// CHECK-LABEL: @no_unclipped_renorm_to_state
// CHECK: bn.training {{.*}} renorm(
func.func @no_unclipped_renorm_to_state(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) -> tensor<2x3x5xf32> {
  %y, %mean, %inv, %s:5 = bn.training %x running(%p, %p) renorm(%p, %p, %p) axes [1] epsilon 1.0e-3 momentum 0.9
    : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
    -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %y : tensor<2x3x5xf32>
}

// The mean of two variances is not the variance of both batches together.
// CHECK-LABEL: @no_merge_to_mean
// CHECK: bn.merge_moments
func.func @no_merge_to_mean(%m: tensor<3xf32>, %v: tensor<3xf32>, %w: tensor<3xf32>, %n: tensor<3xf32>) -> tensor<3xf32> {
  %mean, %variance, %count = bn.merge_moments (%m, %v, %n), (%m, %w, %n) : tensor<3xf32>
  return %variance : tensor<3xf32>
}

// Bounds that leave r = 1 and d = 0: the output is the plain one. The state still follows the standard deviation.
// CHECK-LABEL: @renorm_of_unit_bounds
// CHECK: %{{.*}}, %{{.*}}, %[[stddev:.*]] = bn.renorm_correction
// CHECK: bn.normalize %arg0 mean %arg1 inv_stddev %arg1 axes [1] :
// CHECK: return {{.*}}, %[[stddev]]
func.func @renorm_of_unit_bounds(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>) {
  %one = onnx.constant dense<1.0> : tensor<f32>
  %zero = onnx.constant dense<0.0> : tensor<f32>
  %r, %d, %s = bn.renorm_correction %p, %p, %p, %p rmin %one rmax %one dmax %zero epsilon 1.0e-3
    : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<f32>, tensor<f32>, tensor<f32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  %y = bn.normalize %x mean %p inv_stddev %p correction(%r, %d) axes [1]
    : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
  return %y, %s : tensor<2x3x5xf32>, tensor<3xf32>
}

// A bound that is not there, or comes at run time, leaves a choice.
// CHECK-LABEL: @no_renorm_of_unit_bounds
// CHECK-COUNT-2: bn.normalize {{.*}} correction(
func.func @no_renorm_of_unit_bounds(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>, %dmax: tensor<f32>) -> (tensor<2x3x5xf32>, tensor<2x3x5xf32>) {
  %one = onnx.constant dense<1.0> : tensor<f32>
  %r, %d, %s = bn.renorm_correction %p, %p, %p, %p rmin %one rmax %one dmax %dmax epsilon 1.0e-3
    : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<f32>, tensor<f32>, tensor<f32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  %y = bn.normalize %x mean %p inv_stddev %p correction(%r, %d) axes [1]
    : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
  %q, %e, %t = bn.renorm_correction %p, %p, %p, %p rmin %one dmax %dmax epsilon 1.0e-3
    : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<f32>, tensor<f32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  %z = bn.normalize %x mean %p inv_stddev %p correction(%q, %e) axes [1]
    : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
  return %y, %z : tensor<2x3x5xf32>, tensor<2x3x5xf32>
}

// A scale of 1 is none.
// CHECK-LABEL: @scale_of_one
// CHECK: bn.normalize %arg0 mean %arg1 inv_stddev %arg1 offset %arg1 axes [1] :
func.func @scale_of_one(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) -> tensor<2x3x5xf32> {
  %one = onnx.constant dense<1.0> : tensor<3xf32>
  %y = bn.normalize %x mean %p inv_stddev %p scale %one offset %p axes [1]
    : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
  return %y : tensor<2x3x5xf32>
}

// One channel has another scale; and -0 becomes 0 by an offset of 0.
// CHECK-LABEL: @no_scale_of_one
// CHECK: bn.normalize {{.*}} scale %{{.*}} offset
func.func @no_scale_of_one(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) -> tensor<2x3x5xf32> {
  %scale = onnx.constant dense<[1.0, 1.0, 2.0]> : tensor<3xf32>
  %zero = onnx.constant dense<0.0> : tensor<3xf32>
  %y = bn.normalize %x mean %p inv_stddev %p scale %scale offset %zero axes [1]
    : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
  return %y : tensor<2x3x5xf32>
}
