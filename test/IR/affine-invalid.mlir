// What bn.affine refuses.
// RUN: bn-opt %s -split-input-file -verify-diagnostics

func.func @affine_c1(%x: tensor<3x2xf32>) {
  // expected-error @below {{expected 'axis' below the input's rank 2, got 2}}
  bn.affine %x scale [2.0, 2.0] offset [0.0, 0.0] axis 2 : tensor<3x2xf32>
  return
}

// -----

func.func @affine_c2(%x: tensor<3x2xf32>) {
  // expected-error @below {{expected 'offset' to have 2 elements, got 1}}
  bn.affine %x scale [2.0, 2.0] offset [0.0] axis 1 : tensor<3x2xf32>
  return
}

// -----

func.func @affine_c3(%x: tensor<3x2xf32>) {
  // expected-error @below {{expected 'originals' to be a block from the input's type to the output's type}}
  bn.affine %x scale [2.0, 2.0] offset [0.0, 0.0] axis 1 standing_for {
    onnx.yield %x : tensor<3x2xf32>
  } : tensor<3x2xf32>
  return
}
