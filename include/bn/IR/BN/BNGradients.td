// BNGradients.td - gradients of bn.inference and bn.training.
// SPDX-License-Identifier: Apache-2.0
//
// Both share two reductions, Σdy and Σdy·(x − μ); only the gradient of the input differs.

#ifndef BN_IR_BN_BNGRADIENTS_TD
#define BN_IR_BN_BNGRADIENTS_TD

def BN_InferenceGradOp
    : BN_Op<"inference_grad", [AllTypesMatch<["output_grad", "input", "input_grad"]>]> {
  let summary = "gradients of bn.inference: of input, scale, offset and the statistics";
  let description = [{
    With dy the gradient of the output, s = 1/√(variance + epsilon), sums over the axes that are not kept:

        input_grad    = dy·scale·s               scale_grad    = s·Σdy·(input − mean)
        offset_grad   = Σdy                      mean_grad     = −scale·s·Σdy
        variance_grad = −½·scale·s³·Σdy·(input − mean)

    An absent scale is 1; its gradient is defined all the same. Source: semantics 3.2.

    ```mlir
    %dx, %dg, %db, %dm, %dv = bn.inference_grad %dy, %x scale %g mean %m variance %v axes [1] epsilon 1.0e-3
       : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
       -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
    ```

    Constraints:
    * (C1) `axes` is not empty and its entries are below the rank of input.
    * (C2) every parameter and its gradient have rank |axes|, and their dimensions are those of input at `axes`.
    * (C3) `epsilon` is not negative.
  }];
  let arguments = (ins BN_Tensor:$output_grad, BN_Tensor:$input, Optional<BN_Tensor>:$scale, BN_Tensor:$mean,
                       BN_Tensor:$variance, BN_Axes:$axes, F64Attr:$epsilon);
  let results = (outs BN_Tensor:$input_grad, BN_Tensor:$scale_grad, BN_Tensor:$offset_grad, BN_Tensor:$mean_grad,
                      BN_Tensor:$variance_grad);
  let assemblyFormat = [{
    $output_grad `,` $input (`scale` $scale^)? `mean` $mean `variance` $variance `axes` $axes `epsilon` $epsilon
    attr-dict `:` functional-type(operands, results)
  }];
}

def BN_TrainingGradOp
    : BN_Op<"training_grad", [AttrSizedOperandSegments, AllTypesMatch<["output_grad", "input", "input_grad"]>]> {
  let summary = "gradients of bn.training: of input, scale, offset and the adjustment";
  let description = [{
    Takes what the forward step kept, μ = batch_mean and s = batch_inv_stddev, and renormalization's r and d
    (bn.renorm_correction), which are constants here. With dy the gradient of the output and z = (input − μ)·s, u = z·r + d,
    w = u·a + b, sums over the axes that are not kept:

        offset_grad            = Σdy                          scale_grad              = Σdy·w
        adjustment_scale_grad  = Σ' dy·scale·u                adjustment_offset_grad  = Σ' dy·scale

    Σ' sums over the axes that the adjustment was broadcast along. With g = dy·scale·a·r, mask weights m (1 without mask)
    and M = Σm + mask_epsilon:

        dv = −½·s³·Σg·(input − μ)    dμ = −s·Σg − (2/M)·dv·Σm·(input − μ)
        input_grad = g·s + m·(dμ + 2·(input − μ)·dv)/M

    which without a mask is s·(g − mean(g) − s²·(input − μ)·mean(g·(input − μ))). With `ghosts` above 1 the sums of dv, dμ and M
    run over each part; scale_grad and offset_grad over all. The running state has no gradient. Source: semantics 3.1, 3.3, 3.4.

    ```mlir
    %dx, %dg, %db = bn.training_grad %dy, %x scale %g mean %m inv_stddev %s axes [1]
       : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
       -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>)
    ```

    Constraints:
    * (C1) `axes` is not empty and its entries are below the rank of input.
    * (C2) every parameter and its gradient have rank |axes|, and their dimensions are those of input at `axes`; batch_mean and
      batch_inv_stddev have a leading dimension `ghosts` where that is above 1.
    * (C3) `ghosts` is positive; above 1, axis 0 is not kept, its size is a multiple of `ghosts` where known, and there is
      neither adjustment nor mask.
    * (C4) r and d come together; so do the adjustment's two, which broadcast to the input, as the mask does.
    * (C5) `adjustment_grads` are the gradients of adjustment_scale and adjustment_offset, in their types; none without.
  }];
  let arguments = !con((ins BN_Tensor:$output_grad, BN_Tensor:$input, Optional<BN_Tensor>:$scale, BN_Tensor:$batch_mean,
                            BN_Tensor:$batch_inv_stddev, Optional<BN_Tensor>:$r, Optional<BN_Tensor>:$d,
                            Optional<BN_Tensor>:$adjustment_scale, Optional<BN_Tensor>:$adjustment_offset,
                            Optional<BN_Tensor>:$mask, BN_Axes:$axes),
                       BN_GhostAttributes, (ins DefaultValuedAttr<F64Attr, "0.0">:$mask_epsilon));
  let results = (outs BN_Tensor:$input_grad, BN_Tensor:$scale_grad, BN_Tensor:$offset_grad,
                      Variadic<BN_Tensor>:$adjustment_grads);
  let assemblyFormat = [{
    $output_grad `,` $input (`scale` $scale^)? `mean` $batch_mean `inv_stddev` $batch_inv_stddev
    (`correction` `(` $r^ `,` $d `)`)? (`adjustment` `(` $adjustment_scale^ `,` $adjustment_offset `)`)? (`mask` $mask^)?
    `axes` $axes attr-dict `:` functional-type(operands, results)
  }];
  let hasCanonicalizer = 1;
}

#endif // BN_IR_BN_BNGRADIENTS_TD
