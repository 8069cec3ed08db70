// Every constraint of the gradients' steps refuses what it forbids, in its own words. Cases are named op_constraint.
// RUN: bn-opt -verify-diagnostics -split-input-file %s

func.func @normalize_grad_c1(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected 'axes' below the input's rank 3, got 5}}
  %r:5 = bn.normalize_grad %x, %x mean %p inv_stddev %p axes [5] : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @normalize_grad_c2(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected offset_grad to have the input's size 3 along axis 1, got 4}}
  %r:5 = bn.normalize_grad %x, %x mean %p inv_stddev %p axes [1] : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<4xf32>)
  return
}

// -----

func.func @normalize_grad_c2_ghosts(%x: tensor<2x3x5xf32>, %p: tensor<2x3xf32>) {
  // expected-error @below {{expected inv_stddev_grad of rank 2, got 'tensor<3xf32>'}}
  %r:5 = bn.normalize_grad %x, %x mean %p inv_stddev %p axes [1] {ghosts = 2 : i64} : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<2x3xf32>, tensor<2x3xf32>) -> (tensor<2x3x5xf32>, tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @normalize_grad_c3(%x: tensor<2x3x5xf32>, %p: tensor<2x3xf32>, %a: tensor<3x1xf32>) {
  // expected-error @below {{expected no adjustment_scale where the batch is split, got 'ghosts' 2}}
  %r:7 = bn.normalize_grad %x, %x mean %p inv_stddev %p adjustment(%a, %a) axes [1] {ghosts = 2 : i64} : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<3x1xf32>, tensor<3x1xf32>) -> (tensor<2x3x5xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3x1xf32>, tensor<3x1xf32>)
  return
}

// -----

func.func @normalize_grad_c4(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected adjustment_scale to broadcast to 'tensor<2x3x5xf32>', got 'tensor<3xf32>'}}
  %r:7 = bn.normalize_grad %x, %x mean %p inv_stddev %p adjustment(%p, %p) axes [1] : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @normalize_grad_c5(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>, %a: tensor<3x1xf32>) {
  // expected-error @below {{expected 2 gradients of the adjustment, got 0}}
  %r:5 = bn.normalize_grad %x, %x mean %p inv_stddev %p adjustment(%a, %a) axes [1] : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3x1xf32>, tensor<3x1xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @moments_grad_c1(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected 'axes' not to be empty}}
  %dx = bn.moments_grad %x, %x mean %p mean_grad %p variance_grad %p axes [] : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
  return
}

// -----

func.func @moments_grad_c2(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>, %q: tensor<4xf32>) {
  // expected-error @below {{expected variance_grad to have the input's size 3 along axis 1, got 4}}
  %dx = bn.moments_grad %x, %x mean %p mean_grad %p variance_grad %q axes [1] : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<4xf32>) -> tensor<2x3x5xf32>
  return
}

// -----

func.func @moments_grad_c3(%x: tensor<2x3x5xf32>, %p: tensor<2x3xf32>, %m: tensor<5xf32>) {
  // expected-error @below {{expected no mask where the batch is split, got 'ghosts' 2}}
  %dx = bn.moments_grad %x, %x mean %p mean_grad %p variance_grad %p mask %m axes [1] {ghosts = 2 : i64} : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<5xf32>) -> tensor<2x3x5xf32>
  return
}

// -----

func.func @moments_grad_c4(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) {
  // expected-error @below {{expected mask to broadcast to 'tensor<2x3x5xf32>', got 'tensor<3xf32>'}}
  %dx = bn.moments_grad %x, %x mean %p mean_grad %p variance_grad %p mask %p axes [1] : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
  return
}
