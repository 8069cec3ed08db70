// Every constraint of the bn dialect refuses what it forbids, in its own words. Cases are named op_constraint.
// RUN: bn-opt -verify-diagnostics -split-input-file %s

func.func @inference_c1_empty(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected 'axes' not to be empty}}
  %y = bn.inference %x mean %p variance %p axes [] epsilon 1.0e-3 : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
  return
}

// -----

func.func @inference_c1_range(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected 'axes' below the input's rank 3, got 3}}
  %y = bn.inference %x mean %p variance %p axes [3] epsilon 1.0e-3 : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
  return
}

// -----

func.func @inference_axes_sorted(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{attribute 'axes' failed to satisfy constraint: i64 dense array attribute whose value is non-negative}}
  %y = bn.inference %x mean %p variance %p axes [2, 1] epsilon 1.0e-3 : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
  return
}

// -----

func.func @inference_c2_rank(%x: tensor<2x3x5xf32>, %p: tensor<3x1xf32>) {
  // expected-error @below {{expected mean of rank 1, got 'tensor<3x1xf32>'}}
  %y = bn.inference %x mean %p variance %p axes [1] epsilon 1.0e-3 : (tensor<2x3x5xf32>, tensor<3x1xf32>, tensor<3x1xf32>) -> tensor<2x3x5xf32>
  return
}

// -----

func.func @inference_c2_size(%x: tensor<2x3x5xf32>, %p: tensor<5xf32>) {
  // expected-error @below {{expected mean to have the input's size 3 along axis 1, got 5}}
  %y = bn.inference %x mean %p variance %p axes [1] epsilon 1.0e-3 : (tensor<2x3x5xf32>, tensor<5xf32>, tensor<5xf32>) -> tensor<2x3x5xf32>
  return
}

// -----

func.func @inference_c3(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected 'epsilon' to be finite and not negative, got}}
  %y = bn.inference %x mean %p variance %p axes [1] epsilon -1.0e-3 : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
  return
}

// -----

func.func @affine_c1(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected 'axis' below the input's rank 3, got 3}}
  %y = bn.affine %x scale [1.0] offset [0.0] axis 3 : tensor<2x3x5xf32>
  return
}

// -----

func.func @affine_c2_size(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected 'offset' to have 3 elements, got 1}}
  %y = bn.affine %x scale [1.0, 2.0, 3.0] offset [0.0] axis 1 : tensor<2x3x5xf32>
  return
}

// -----

func.func @affine_c2_one_size(%x: tensor<2x?xf32>) {
  // expected-error @below {{expected 'scale' and 'offset' of one size, got 2 and 1}}
  %y = bn.affine %x scale [1.0, 2.0] offset [0.0] axis 1 : tensor<2x?xf32>
  return
}

// -----

func.func @affine_c3(%x: tensor<2x3x5xf32>) {
  // expected-error @below {{expected 'originals' to be a block from the input's type to the output's type}}
  %y = bn.affine %x scale [1.0, 2.0, 3.0] offset [0.0, 0.0, 0.0] axis 1 standing_for {
  ^bb0(%input: tensor<2x3x7xf32>):
    onnx.yield %input : tensor<2x3x7xf32>
  } : tensor<2x3x5xf32>
  return
}

// -----

func.func @training_c1_empty(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected 'axes' not to be empty}}
  %y, %m, %s = bn.training %x axes [] epsilon 1.0e-3 momentum 0.9 : (tensor<2x3x5xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_c1_range(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected 'axes' below the input's rank 3, got 3}}
  %y, %m, %s = bn.training %x axes [1, 3] epsilon 1.0e-3 momentum 0.9 : (tensor<2x3x5xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_c2(%x: tensor<2x3x5xf32>, %p: tensor<5xf32>) {
  // expected-error @below {{expected offset to have the input's size 3 along axis 1, got 5}}
  %y, %m, %s = bn.training %x offset %p axes [1] epsilon 1.0e-3 momentum 0.9 : (tensor<2x3x5xf32>, tensor<5xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_c2_renorm(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>, %q: tensor<4xf32>) {
  // expected-error @below {{expected moving_stddev to have the input's size 3 along axis 1, got 4}}
  %y, %m, %s, %state:5 = bn.training %x running(%p, %p) renorm(%p, %p, %q) axes [1] epsilon 1.0e-3 momentum 0.9 : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<4xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<4xf32>)
  return
}

// -----

func.func @training_c3_epsilon(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected 'epsilon' to be finite and not negative}}
  %y, %m, %s = bn.training %x axes [1] epsilon 0x7FF0000000000000 momentum 0.9 : (tensor<2x3x5xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_c3_momentum(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected 'momentum' to be in [0, 1], got 1.5}}
  %y, %m, %s = bn.training %x axes [1] epsilon 1.0e-3 momentum 1.5 : (tensor<2x3x5xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_c3_renorm_momentum(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected 'renorm_momentum' to be in [0, 1], got -5.000000e-01}}
  %y, %m, %s = bn.training %x axes [1] epsilon 1.0e-3 momentum 0.9 {renorm_momentum = -0.5} : (tensor<2x3x5xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_c4_count(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected 2 results of the state, got 1}}
  %y, %m, %s, %state:1 = bn.training %x running(%p, %p) axes [1] epsilon 1.0e-3 momentum 0.9 : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_c4_type(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected the state after the step to have the type 'tensor<3xf32>', got 'tensor<3xf16>'}}
  %y, %m, %s, %state:2 = bn.training %x running(%p, %p) axes [1] epsilon 1.0e-3 momentum 0.9 : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf16>)
  return
}

// -----

func.func @training_c5_running(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected running_variance where there is running_mean}}
  %r:4 = "bn.training"(%x, %p) <{operandSegmentSizes = array<i32: 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>, axes = array<i64: 1>, epsilon = 1.0e-3 : f64, momentum = 0.9 : f64}> : (tensor<2x3x5xf32>, tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_c5_renorm(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected renorm_stddev where there is renorm_mean}}
  %r:6 = "bn.training"(%x, %p, %p, %p) <{operandSegmentSizes = array<i32: 1, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0>, axes = array<i64: 1>, epsilon = 1.0e-3 : f64, momentum = 0.9 : f64}> : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_c5_renorm_without_running(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected running_mean where there is renorm_mean}}
  %y, %m, %s, %state:3 = bn.training %x renorm(%p, %p, %p) axes [1] epsilon 1.0e-3 momentum 0.9 : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_c5_bound(%x: tensor<2x3x5xf32>, %bound: tensor<f32>) {
  // expected-error @below {{expected renorm_mean where there is dmax}}
  %y, %m, %s = bn.training %x dmax %bound axes [1] epsilon 1.0e-3 momentum 0.9 : (tensor<2x3x5xf32>, tensor<f32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_c5_scalar(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected rmin to be a scalar, got 'tensor<3xf32>'}}
  %y, %m, %s, %state:5 = bn.training %x running(%p, %p) renorm(%p, %p, %p) rmin %p axes [1] epsilon 1.0e-3 momentum 0.9 : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_c6_positive(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected 'ghosts' to be positive, got 0}}
  %y, %m, %s = bn.training %x axes [1] epsilon 1.0e-3 momentum 0.9 {ghosts = 0 : i64} : (tensor<2x3x5xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_c6_axis(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected axis 0 not to be kept where the batch is split, got 'ghosts' 2}}
  %y, %m, %s = bn.training %x axes [0] epsilon 1.0e-3 momentum 0.9 {ghosts = 2 : i64} : (tensor<2x3x5xf32>) -> (tensor<2x3x5xf32>, tensor<2x2xf32>, tensor<2x2xf32>)
  return
}

// -----

func.func @training_c6_multiple(%x: tensor<5x3xf32>) {
  // expected-error @below {{expected the batch to be a multiple of 'ghosts' 2, got 5}}
  %y, %m, %s = bn.training %x axes [1] epsilon 1.0e-3 momentum 0.9 {ghosts = 2 : i64} : (tensor<5x3xf32>) -> (tensor<5x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>)
  return
}

// -----

func.func @training_c6_adjustment(%x: tensor<2x3x5xf32>, %a: tensor<3x1xf32>) {
  // expected-error @below {{expected no adjustment_scale where the batch is split, got 'ghosts' 2}}
  %y, %m, %s = bn.training %x adjustment(%a, %a) axes [1] epsilon 1.0e-3 momentum 0.9 {ghosts = 2 : i64} : (tensor<2x3x5xf32>, tensor<3x1xf32>, tensor<3x1xf32>) -> (tensor<2x3x5xf32>, tensor<2x3xf32>, tensor<2x3xf32>)
  return
}

// -----

func.func @training_c6_mask(%x: tensor<2x3x5xf32>, %a: tensor<2x1x5xf32>) {
  // expected-error @below {{expected no mask where the batch is split, got 'ghosts' 2}}
  %y, %m, %s = bn.training %x mask %a axes [1] epsilon 1.0e-3 momentum 0.9 {ghosts = 2 : i64} : (tensor<2x3x5xf32>, tensor<2x1x5xf32>) -> (tensor<2x3x5xf32>, tensor<2x3xf32>, tensor<2x3xf32>)
  return
}

// -----

func.func @training_c7_parameter(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected batch_mean to have the input's size 3 along axis 1, got 2}}
  %y, %m, %s = bn.training %x axes [1] epsilon 1.0e-3 momentum 0.9 : (tensor<2x3x5xf32>) -> (tensor<2x3x5xf32>, tensor<2xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_c7_rank(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected batch_inv_stddev of rank 2, got 'tensor<3xf32>'}}
  %y, %m, %s = bn.training %x axes [1] epsilon 1.0e-3 momentum 0.9 {ghosts = 2 : i64} : (tensor<2x3x5xf32>) -> (tensor<2x3x5xf32>, tensor<2x3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_c7_ghosts(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected batch_mean to have a leading dimension of 2 ghosts, got 1}}
  %y, %m, %s = bn.training %x axes [1] epsilon 1.0e-3 momentum 0.9 {ghosts = 2 : i64} : (tensor<2x3x5xf32>) -> (tensor<2x3x5xf32>, tensor<1x3xf32>, tensor<2x3xf32>)
  return
}

// -----

func.func @training_c8_together(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected adjustment_scale where there is adjustment_offset}}
  %r:3 = "bn.training"(%x, %p) <{operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0>, axes = array<i64: 1>, epsilon = 1.0e-3 : f64, momentum = 0.9 : f64}> : (tensor<2x3x5xf32>, tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_c8_broadcast(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected adjustment_scale to broadcast to 'tensor<2x3x5xf32>', got 'tensor<3xf32>'}}
  %y, %m, %s = bn.training %x adjustment(%p, %p) axes [1] epsilon 1.0e-3 momentum 0.9 : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_c8_mask_rank(%x: tensor<2x3x5xf32>, %m: tensor<1x2x3x5xf32>) {
  // expected-error @below {{expected mask to broadcast to 'tensor<2x3x5xf32>', got 'tensor<1x2x3x5xf32>'}}
  %y, %mean, %s = bn.training %x mask %m axes [1] epsilon 1.0e-3 momentum 0.9 : (tensor<2x3x5xf32>, tensor<1x2x3x5xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_c9_shape(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected output to have the type of the input 'tensor<2x3x5xf32>', got 'tensor<2x5x3xf32>'}}
  %y, %m, %s = bn.training %x axes [1] epsilon 1.0e-3 momentum 0.9 : (tensor<2x3x5xf32>) -> (tensor<2x5x3xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_c9_element(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected output to have the type of the input 'tensor<2x3x5xf32>', got 'tensor<2x3x5xf16>'}}
  %y, %m, %s = bn.training %x axes [1] epsilon 1.0e-3 momentum 0.9 : (tensor<2x3x5xf32>) -> (tensor<2x3x5xf16>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @moments_c1(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected 'axes' below the input's rank 3, got 4}}
  %r:3 = bn.moments %x axes [4] : (tensor<2x3x5xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @moments_c2(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected the batch to be a multiple of 'ghosts' 3, got 2}}
  %r:3 = bn.moments %x axes [1] {ghosts = 3 : i64} : (tensor<2x3x5xf32>) -> (tensor<3x3xf32>, tensor<3x3xf32>, tensor<3x3xf32>)
  return
}

// -----

func.func @moments_c2_mask(%x: tensor<2x3x5xf32>, %a: tensor<5xf32>) {
  // expected-error @below {{expected no mask where the batch is split, got 'ghosts' 2}}
  %r:3 = bn.moments %x mask %a axes [1] {ghosts = 2 : i64} : (tensor<2x3x5xf32>, tensor<5xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>)
  return
}

// -----

func.func @moments_c3(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected count of rank 1, got 'tensor<2x3xf32>'}}
  %r:3 = bn.moments %x axes [1] : (tensor<2x3x5xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<2x3xf32>)
  return
}

// -----

func.func @moments_c4(%x: tensor<2x3x5xf32>, %a: tensor<2x5xf32>) {
  // expected-error @below {{expected mask to broadcast to 'tensor<2x3x5xf32>', got 'tensor<2x5xf32>'}}
  %r:3 = bn.moments %x mask %a axes [1] : (tensor<2x3x5xf32>, tensor<2x5xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @pool_ghosts_c1(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected output to have the shape of the input without its leading dimension, got 'tensor<2x3xf32>' and 'tensor<2xf32>'}}
  %y = bn.pool_ghosts %x : tensor<2x3xf32> -> tensor<2xf32>
  return
}

// -----

func.func @pool_ghosts_c1_scalar(%x: tensor<f32>) {
  // expected-error @below {{expected output to have the shape of the input without its leading dimension}}
  %y = bn.pool_ghosts %x : tensor<f32> -> tensor<f32>
  return
}

// -----

func.func @inv_stddev_c1(%p: tensor<3xf32>) {
  // expected-error @below {{expected 'epsilon' to be finite and not negative, got -1}}
  %y = bn.inv_stddev %p epsilon -1.0 : tensor<3xf32>
  return
}

// -----

func.func @renorm_correction_c1(%p: tensor<3xf32>, %q: tensor<4xf32>) {
  // expected-error @below {{expected renorm_stddev to have the shape of mean, got 'tensor<4xf32>' and 'tensor<3xf32>'}}
  %r:3 = bn.renorm_correction %p, %p, %p, %q epsilon 1.0e-3 : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<4xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @renorm_correction_c2(%p: tensor<3xf32>) {
  // expected-error @below {{expected rmax to be a scalar, got 'tensor<3xf32>'}}
  %r:3 = bn.renorm_correction %p, %p, %p, %p rmax %p epsilon 1.0e-3 : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @renorm_correction_c3(%p: tensor<3xf32>) {
  // expected-error @below {{expected 'epsilon' to be finite and not negative, got -1}}
  %r:3 = bn.renorm_correction %p, %p, %p, %p epsilon -1.0 : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @normalize_c1(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected 'axes' not to be empty}}
  %y = bn.normalize %x mean %p inv_stddev %p axes [] : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
  return
}

// -----

func.func @normalize_c2(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>, %q: tensor<4xf32>) {
  // expected-error @below {{expected scale to have the input's size 3 along axis 1, got 4}}
  %y = bn.normalize %x mean %p inv_stddev %p scale %q axes [1] : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<4xf32>) -> tensor<2x3x5xf32>
  return
}

// -----

func.func @normalize_c2_ghosts(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected mean of rank 2, got 'tensor<3xf32>'}}
  %y = bn.normalize %x mean %p inv_stddev %p axes [1] {ghosts = 2 : i64} : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
  return
}

// -----

func.func @normalize_c3(%x: tensor<2x3x5xf32>, %p: tensor<2x3xf32>, %a: tensor<3x1xf32>) {
  // expected-error @below {{expected no adjustment_scale where the batch is split, got 'ghosts' 2}}
  %y = bn.normalize %x mean %p inv_stddev %p adjustment(%a, %a) axes [1] {ghosts = 2 : i64} : (tensor<2x3x5xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<3x1xf32>, tensor<3x1xf32>) -> tensor<2x3x5xf32>
  return
}

// -----

func.func @normalize_c4_together(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected r where there is d}}
  %y = "bn.normalize"(%x, %p, %p, %p) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0, 0>, axes = array<i64: 1>}> : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
  return
}

// -----

func.func @normalize_c4_broadcast(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected adjustment_scale to broadcast to 'tensor<2x3x5xf32>', got 'tensor<3xf32>'}}
  %y = bn.normalize %x mean %p inv_stddev %p adjustment(%p, %p) axes [1] : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
  return
}

// -----

func.func @update_average_c1(%p: tensor<3xf32>, %q: tensor<4xf32>) {
  // expected-error @below {{expected batch to have the shape of old, got 'tensor<4xf32>' and 'tensor<3xf32>'}}
  %y = bn.update_average %p, %q momentum 0.9 : (tensor<3xf32>, tensor<4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @update_average_c2(%p: tensor<3xf32>) {
  // expected-error @below {{expected 'momentum' to be in [0, 1], got -1.000000e-01}}
  %y = bn.update_average %p, %p momentum -0.1 : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @update_average_c3(%p: tensor<3xf32>) {
  // expected-error @below {{expected count where there is 'bessel'}}
  %y = bn.update_average %p, %p bessel momentum 0.9 : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @restore_variance_c1(%p: tensor<3xf32>) {
  // expected-error @below {{expected 'epsilon' to be finite and not negative, got -1}}
  %y = bn.restore_variance %p epsilon -1.0 : tensor<3xf32>
  return
}

// -----

func.func @inference_grad_c1(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected 'axes' not to be empty}}
  %r:5 = bn.inference_grad %x, %x mean %p variance %p axes [] epsilon 1.0e-3 : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @inference_grad_c2(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected variance_grad to have the input's size 3 along axis 1, got 4}}
  %r:5 = bn.inference_grad %x, %x mean %p variance %p axes [1] epsilon 1.0e-3 : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<4xf32>)
  return
}

// -----

func.func @inference_grad_c3(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected 'epsilon' to be finite and not negative, got -1}}
  %r:5 = bn.inference_grad %x, %x mean %p variance %p axes [1] epsilon -1.0 : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_grad_c1(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected 'axes' below the input's rank 3, got 5}}
  %r:3 = bn.training_grad %x, %x mean %p inv_stddev %p axes [5] : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_grad_c2(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected scale_grad to have the input's size 3 along axis 1, got 4}}
  %r:3 = bn.training_grad %x, %x mean %p inv_stddev %p axes [1] : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<4xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_grad_c2_ghosts(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected batch_mean of rank 2, got 'tensor<3xf32>'}}
  %r:3 = bn.training_grad %x, %x mean %p inv_stddev %p axes [1] {ghosts = 2 : i64} : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_grad_c3(%x: tensor<2x3x5xf32>, %p: tensor<2x3xf32>, %m: tensor<5xf32>) {
  // expected-error @below {{expected no mask where the batch is split, got 'ghosts' 2}}
  %r:3 = bn.training_grad %x, %x mean %p inv_stddev %p mask %m axes [1] {ghosts = 2 : i64} : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<5xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_grad_c4_together(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected d where there is r}}
  %r:3 = "bn.training_grad"(%x, %x, %p, %p, %p) <{operandSegmentSizes = array<i32: 1, 1, 0, 1, 1, 1, 0, 0, 0, 0>, axes = array<i64: 1>}> : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_grad_c4_broadcast(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected mask to broadcast to 'tensor<2x3x5xf32>', got 'tensor<3xf32>'}}
  %r:3 = bn.training_grad %x, %x mean %p inv_stddev %p mask %p axes [1] : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_grad_c5_count(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>, %a: tensor<3x1xf32>) {
  // expected-error @below {{expected 2 gradients of the adjustment, got 0}}
  %r:3 = bn.training_grad %x, %x mean %p inv_stddev %p adjustment(%a, %a) axes [1] : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3x1xf32>, tensor<3x1xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @training_grad_c5_type(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>, %a: tensor<3x1xf32>) {
  // expected-error @below {{expected the adjustment's gradient to have the type 'tensor<3x1xf32>', got 'tensor<3xf32>'}}
  %r:5 = bn.training_grad %x, %x mean %p inv_stddev %p adjustment(%a, %a) axes [1] : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3x1xf32>, tensor<3x1xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3x1xf32>, tensor<3xf32>)
  return
}
