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
