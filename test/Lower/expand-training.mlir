// Training steps and gradients as the ops that they decompose into.
// RUN: bn-opt %s --bn-expand-training | FileCheck %s

// CHECK-LABEL: func.func @plain
// CHECK: %[[m:.*]], %[[v:.*]], %[[n:.*]] = bn.moments %[[x:.*]] axes [1]
// CHECK: %[[s:.*]] = bn.inv_stddev %[[v]]
// CHECK: %[[y:.*]] = bn.normalize %[[x]] mean %[[m]] inv_stddev %[[s]] scale %{{.*}} axes [1]
// CHECK: %[[nm:.*]] = bn.update_average %{{.*}}, %[[m]] count %[[n]] momentum
// CHECK: %[[nv:.*]] = bn.update_average %{{.*}}, %[[v]] count %[[n]] bessel momentum
// CHECK: return %[[y]], %[[nm]], %[[nv]]
func.func @plain(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>) {
  %y, %m, %i, %s:2 = bn.training %x scale %p running(%p, %p) axes [1] epsilon 1.0e-3 momentum 0.9 {variance_update = #bn.variance<bessel>}
    : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %y, %s#0, %s#1 : tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>
}

// State and correction follow the mean over the ghosts, normalization each ghost's own statistics.
// CHECK-LABEL: func.func @ghosts_renorm
// CHECK: %[[m:.*]], %[[v:.*]], %[[n:.*]] = bn.moments %{{.*}} axes [1] {ghosts = 2 : i64}
// CHECK: %[[pm:.*]] = bn.pool_ghosts %[[m]]
// CHECK: %[[pv:.*]] = bn.pool_ghosts %[[v]]
// CHECK: %[[r:.*]], %[[d:.*]], %[[sigma:.*]] = bn.renorm_correction %[[pm]], %[[pv]], {{.*}} rmax %{{.*}}
// CHECK: bn.normalize %{{.*}} mean %[[m]] {{.*}} correction(%[[r]], %[[d]])
// CHECK: %[[moved:.*]] = bn.update_average %{{.*}}, %[[sigma]]
// CHECK: bn.restore_variance %[[moved]]
func.func @ghosts_renorm(%x: tensor<6x3x5xf32>, %p: tensor<3xf32>, %rmax: tensor<f32>) -> (tensor<6x3x5xf32>, tensor<3xf32>) {
  %y, %m, %i, %s:5 = bn.training %x running(%p, %p) renorm(%p, %p, %p) rmax %rmax axes [1] epsilon 1.0e-3 momentum 0.9 {ghosts = 2 : i64}
    : (tensor<6x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<f32>)
    -> (tensor<6x3x5xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %y, %s#1 : tensor<6x3x5xf32>, tensor<3xf32>
}

// The decomposition has one type for both.
// CHECK-LABEL: func.func @no_expand_mixed_state
// CHECK: bn.training
func.func @no_expand_mixed_state(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>, %h: tensor<3xf16>) -> tensor<2x3x5xf32> {
  %y, %m, %i, %s:5 = bn.training %x running(%p, %h) renorm(%p, %p, %p) axes [1] epsilon 1.0e-3 momentum 0.9
    : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf16>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
    -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf16>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %y : tensor<2x3x5xf32>
}

// The gradient goes the steps backwards; only the one of the moments reads the mask.
// CHECK-LABEL: func.func @gradient
// CHECK: %[[direct:.*]], %[[dm:.*]], %[[ds:.*]], %[[dg:.*]], %[[db:.*]] = bn.normalize_grad %[[dy:.*]], %[[x:.*]] scale %[[p:.*]] mean %[[m:.*]] inv_stddev %[[s:.*]] correction(%[[p]], %[[p]]) axes [1] :
// CHECK: %[[dv:.*]] = bn.inv_stddev_grad %[[ds]], %[[s]]
// CHECK: %[[dx:.*]] = bn.moments_grad %[[direct]], %[[x]] mean %[[m]] mean_grad %[[dm]] variance_grad %[[dv]] mask %{{.*}} axes [1] {mask_epsilon = 1.000000e-01 : f64}
// CHECK: return %[[dx]], %[[dg]], %[[db]]
func.func @gradient(%dy: tensor<2x3x5xf32>, %x: tensor<2x3x5xf32>, %p: tensor<3xf32>, %m: tensor<3xf32>, %s: tensor<3xf32>, %w: tensor<2x1x5xf32>)
    -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>) {
  %dx, %dg, %db = bn.training_grad %dy, %x scale %p mean %m inv_stddev %s correction(%p, %p) mask %w axes [1] {mask_epsilon = 0.1 : f64}
    : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<2x1x5xf32>)
    -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
  return %dx, %dg, %db : tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>
}

// Ghosts stay with every step.
// CHECK-LABEL: func.func @gradient_ghosts
// CHECK: bn.normalize_grad {{.*}} {ghosts = 2 : i64} {{.*}} -> (tensor<6x3x5xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>)
// CHECK: bn.inv_stddev_grad {{.*}} : tensor<2x3xf32>
// CHECK: bn.moments_grad {{.*}} {ghosts = 2 : i64}
func.func @gradient_ghosts(%dy: tensor<6x3x5xf32>, %x: tensor<6x3x5xf32>, %s: tensor<2x3xf32>) -> tensor<6x3x5xf32> {
  %dx, %dg, %db = bn.training_grad %dy, %x mean %s inv_stddev %s axes [1] {ghosts = 2 : i64}
    : (tensor<6x3x5xf32>, tensor<6x3x5xf32>, tensor<2x3xf32>, tensor<2x3xf32>) -> (tensor<6x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
  return %dx : tensor<6x3x5xf32>
}

// Given statistics have gradients of their own; nothing else reaches the input.
// CHECK-LABEL: func.func @gradient_of_inference
// CHECK: %[[s:.*]] = bn.inv_stddev %[[v:.*]] epsilon
// CHECK: %[[dx:.*]], %[[dm:.*]], %[[ds:.*]], %[[dg:.*]], %[[db:.*]] = bn.normalize_grad %{{.*}}, %{{.*}} mean %{{.*}} inv_stddev %[[s]] axes [1]
// CHECK: %[[dv:.*]] = bn.inv_stddev_grad %[[ds]], %[[s]]
// CHECK: return %[[dx]], %[[dg]], %[[db]], %[[dm]], %[[dv]]
func.func @gradient_of_inference(%dy: tensor<2x3x5xf32>, %x: tensor<2x3x5xf32>, %m: tensor<3xf32>, %v: tensor<3xf32>)
    -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) {
  %r:5 = bn.inference_grad %dy, %x mean %m variance %v axes [1] epsilon 1.0e-3
    : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
    -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %r#0, %r#1, %r#2, %r#3, %r#4 : tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
}

// The decomposition has one type for a variance and its gradient.
// CHECK-LABEL: func.func @no_expand_mixed_gradient
// CHECK: bn.inference_grad
func.func @no_expand_mixed_gradient(%dy: tensor<2x3x5xf32>, %x: tensor<2x3x5xf32>, %p: tensor<3xf32>) -> tensor<3xf64> {
  %r:5 = bn.inference_grad %dy, %x mean %p variance %p axes [1] epsilon 1.0e-3
    : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
    -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf64>)
  return %r#4 : tensor<3xf64>
}
