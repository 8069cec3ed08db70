// The bn dialect's ops survive a round trip.
// RUN: bn-opt --verify-roundtrip %s

func.func @inference(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) -> tensor<2x3x5xf32> {
  %y = bn.inference %x scale %p offset %p mean %p variance %p axes [1] epsilon 1.0e-5
     : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
  return %y : tensor<2x3x5xf32>
}

func.func @inference_without_scale_multi_axis(%x: tensor<2x3x?x7xf16>, %p: tensor<3x7xf32>) -> tensor<2x3x?x7xf16> {
  %y = bn.inference %x offset %p mean %p variance %p axes [1, 3] epsilon 0.0
     : (tensor<2x3x?x7xf16>, tensor<3x7xf32>, tensor<3x7xf32>, tensor<3x7xf32>) -> tensor<2x3x?x7xf16>
  return %y : tensor<2x3x?x7xf16>
}

func.func @affine(%x: tensor<?x2x5xf32>) -> tensor<?x2x5xf32> {
  %y = bn.affine %x scale [2.0, 3.0] offset [0.0, 0.5] axis 1 : tensor<?x2x5xf32>
  return %y : tensor<?x2x5xf32>
}

func.func @affine_with_originals(%x: tensor<3x2xf32>, %two: tensor<2xf32>) -> tensor<3x2xf32> {
  %y = bn.affine %x scale [2.0, 2.0] offset [0.0, 0.0] axis 1 standing_for {
  ^bb0(%input: tensor<3x2xf32>):
    %m = onnx.mul %input, %two {version = 14 : i64} : (tensor<3x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
    onnx.yield %m : tensor<3x2xf32>
  } {bn.sources = ["mul1"]} : tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

func.func @training(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>) {
  %y, %mean, %inv, %new_mean, %new_variance = bn.training %x scale %p offset %p running(%p, %p) axes [1] epsilon 1.0e-5 momentum 0.9
     : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
     -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %y, %new_mean : tensor<2x3x5xf32>, tensor<3xf32>
}

// Every optional group of the training op, each with some of the others; shapes tell the operands apart.
func.func @training_bare(%x: tensor<2x3x5xf32>) -> tensor<2x3x5xf32> {
  %y, %mean, %inv = bn.training %x axes [1] epsilon 1.0e-3 momentum 0.99 : (tensor<2x3x5xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
  return %y : tensor<2x3x5xf32>
}

func.func @training_offset_mask(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>, %m: tensor<2x1x5xf32>) -> tensor<2x3x5xf32> {
  %y, %mean, %inv = bn.training %x offset %p mask %m axes [1] epsilon 1.0e-3 momentum 0.99 {mask_epsilon = 1.0e-7 : f64}
    : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<2x1x5xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
  return %y : tensor<2x3x5xf32>
}

func.func @training_adjustment_bessel(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>, %a: tensor<3x1xf32>, %b: tensor<2x3x5xf32>) -> tensor<2x3x5xf32> {
  %y, %mean, %inv, %m, %v = bn.training %x running(%p, %p) adjustment(%a, %b) axes [1] epsilon 1.0e-3 momentum 0.0 {variance_update = #bn.variance<bessel>}
    : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3x1xf32>, tensor<2x3x5xf32>)
    -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %y : tensor<2x3x5xf32>
}

func.func @training_renorm_one_bound(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>, %s: tensor<f32>) -> tensor<2x3x5xf32> {
  %y, %mean, %inv, %state:5 = bn.training %x running(%p, %p) renorm(%p, %p, %p) rmax %s axes [1] epsilon 1.0e-3 momentum 0.99
    : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<f32>)
    -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %y : tensor<2x3x5xf32>
}

func.func @training_everything(%x: tensor<?x3x5x7xf16>, %p: tensor<3x7xf32>, %s: tensor<f32>, %a: tensor<3x1x7xf32>, %m: tensor<?x1x5x1xf32>) -> tensor<?x3x5x7xf16> {
  %y, %mean, %inv, %state:5 = bn.training %x scale %p offset %p running(%p, %p) renorm(%p, %p, %p) rmin %s rmax %s dmax %s adjustment(%a, %a) mask %m
      axes [1, 3] epsilon 1.0e-3 momentum 0.99 {renorm_momentum = 0.9}
    : (tensor<?x3x5x7xf16>, tensor<3x7xf32>, tensor<3x7xf32>, tensor<3x7xf32>, tensor<3x7xf32>, tensor<3x7xf32>, tensor<3x7xf32>, tensor<3x7xf32>,
       tensor<f32>, tensor<f32>, tensor<f32>, tensor<3x1x7xf32>, tensor<3x1x7xf32>, tensor<?x1x5x1xf32>)
    -> (tensor<?x3x5x7xf16>, tensor<3x7xf32>, tensor<3x7xf32>, tensor<3x7xf32>, tensor<3x7xf32>, tensor<3x7xf32>, tensor<3x7xf32>, tensor<3x7xf32>)
  return %y : tensor<?x3x5x7xf16>
}

func.func @training_ghosts(%x: tensor<6x3x5xf32>) -> tensor<2x3xf32> {
  %y, %mean, %inv = bn.training %x axes [1] epsilon 1.0e-3 momentum 0.99 {ghosts = 2 : i64, grouping = #bn.grouping<contiguous>}
    : (tensor<6x3x5xf32>) -> (tensor<6x3x5xf32>, tensor<2x3xf32>, tensor<2x3xf32>)
  return %mean : tensor<2x3xf32>
}

// A whole training step with ghosts and renormalization, decomposed.
func.func @decomposed(%x: tensor<6x3x5xf32>, %g: tensor<3xf32>, %rm: tensor<3xf32>, %rs: tensor<3xf32>, %rmax: tensor<f32>) -> (tensor<6x3x5xf32>, tensor<3xf32>) {
  %means, %variances, %counts = bn.moments %x axes [1] {ghosts = 2 : i64} : (tensor<6x3x5xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>)
  %mean = bn.pool_ghosts %means : tensor<2x3xf32> -> tensor<3xf32>
  %variance = bn.pool_ghosts %variances : tensor<2x3xf32> -> tensor<3xf32>
  %s = bn.inv_stddev %variances epsilon 1.0e-3 : tensor<2x3xf32>
  %r, %d, %stddev = bn.renorm_correction %mean, %variance, %rm, %rs rmax %rmax epsilon 1.0e-3
    : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<f32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  %y = bn.normalize %x mean %means inv_stddev %s correction(%r, %d) scale %g axes [1] {ghosts = 2 : i64}
    : (tensor<6x3x5xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<6x3x5xf32>
  %new = bn.update_average %rs, %stddev momentum 0.9 : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  return %y, %new : tensor<6x3x5xf32>, tensor<3xf32>
}

func.func @masked_moments(%x: tensor<2x3x5xf64>, %m: tensor<2x1x5xf64>) -> tensor<3xf64> {
  %mean, %variance, %count = bn.moments %x mask %m axes [1] {mask_epsilon = 1.0e-7 : f64}
    : (tensor<2x3x5xf64>, tensor<2x1x5xf64>) -> (tensor<3xf64>, tensor<3xf64>, tensor<3xf64>)
  return %count : tensor<3xf64>
}

func.func @renorm_all_bounds(%p: tensor<3xf32>, %s: tensor<f32>) -> tensor<3xf32> {
  %r, %d, %stddev = bn.renorm_correction %p, %p, %p, %p rmin %s rmax %s dmax %s epsilon 1.0e-3
    : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<f32>, tensor<f32>, tensor<f32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %d : tensor<3xf32>
}

func.func @normalize_adjusted(%x: tensor<2x3x5xf32>, %p: tensor<3xf32>, %a: tensor<3x1xf32>) -> tensor<2x3x5xf32> {
  %y = bn.normalize %x mean %p inv_stddev %p adjustment(%a, %a) offset %p axes [1]
    : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3x1xf32>, tensor<3x1xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
  return %y : tensor<2x3x5xf32>
}

func.func @update_and_merge(%p: tensor<3xf32>, %h: tensor<3xf16>) -> (tensor<3xf16>, tensor<3xf32>) {
  %mean, %variance, %count = bn.merge_moments (%p, %p, %p), (%p, %p, %p) : tensor<3xf32>
  %plain = bn.update_average %p, %variance count %count momentum 0.9 : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %restored = bn.restore_variance %plain epsilon 1.0e-3 : tensor<3xf32>
  %new = bn.update_average %h, %variance count %count bessel momentum 0.9 : (tensor<3xf16>, tensor<3xf32>, tensor<3xf32>) -> tensor<3xf16>
  return %new, %mean : tensor<3xf16>, tensor<3xf32>
}

func.func @inference_grad(%dy: tensor<2x3x5xf32>, %x: tensor<2x3x5xf32>, %p: tensor<3xf32>) -> tensor<2x3x5xf32> {
  %dx, %dg, %db, %dm, %dv = bn.inference_grad %dy, %x scale %p mean %p variance %p axes [1] epsilon 1.0e-3
    : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
    -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %dx : tensor<2x3x5xf32>
}

func.func @training_grad(%dy: tensor<2x3x5xf32>, %x: tensor<2x3x5xf32>, %p: tensor<3xf32>) -> tensor<2x3x5xf32> {
  %dx, %dg, %db = bn.training_grad %dy, %x mean %p inv_stddev %p axes [1]
    : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
  return %dx : tensor<2x3x5xf32>
}

func.func @training_grad_everything(%dy: tensor<2x3x5xf32>, %x: tensor<2x3x5xf32>, %p: tensor<3xf32>, %a: tensor<3x1xf32>, %m: tensor<2x1x5xf32>) -> tensor<3x1xf32> {
  %dx, %dg, %db, %da:2 = bn.training_grad %dy, %x scale %p mean %p inv_stddev %p correction(%p, %p) adjustment(%a, %a) mask %m axes [1]
    : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3x1xf32>, tensor<3x1xf32>, tensor<2x1x5xf32>)
    -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3x1xf32>, tensor<3x1xf32>)
  return %da#0 : tensor<3x1xf32>
}

func.func @training_grad_ghosts(%dy: tensor<6x3x5xf32>, %x: tensor<6x3x5xf32>, %s: tensor<2x3xf32>) -> tensor<3xf32> {
  %dx, %dg, %db = bn.training_grad %dy, %x mean %s inv_stddev %s axes [1] {ghosts = 2 : i64}
    : (tensor<6x3x5xf32>, tensor<6x3x5xf32>, tensor<2x3xf32>, tensor<2x3xf32>) -> (tensor<6x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
  return %dg : tensor<3xf32>
}

func.func @normalize_grad_everything(%dy: tensor<2x3x5xf32>, %x: tensor<2x3x5xf32>, %p: tensor<3xf32>, %a: tensor<3x1xf32>) -> tensor<3x1xf32> {
  %dx, %dm, %ds, %dg, %db, %da:2 = bn.normalize_grad %dy, %x scale %p mean %p inv_stddev %p correction(%p, %p) adjustment(%a, %a) axes [1]
    : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3x1xf32>, tensor<3x1xf32>)
    -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3x1xf32>, tensor<3x1xf32>)
  return %da#0 : tensor<3x1xf32>
}

func.func @moments_grad(%g: tensor<2x3x5xf32>, %x: tensor<2x3x5xf32>, %p: tensor<3xf32>, %m: tensor<2x1x5xf32>) -> tensor<2x3x5xf32> {
  %dv = bn.inv_stddev_grad %p, %p : tensor<3xf32>
  %dx = bn.moments_grad %g, %x mean %p mean_grad %p variance_grad %dv mask %m axes [1] {mask_epsilon = 1.0e-7 : f64}
    : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<2x1x5xf32>) -> tensor<2x3x5xf32>
  return %dx : tensor<2x3x5xf32>
}
