// A training step as the ops that it decomposes into.
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
