// BNGradientSteps.td - the ops that bn.training_grad and bn.inference_grad decompose into, each one formula.
// SPDX-License-Identifier: Apache-2.0
//
// The steps of bn.training that depend on the data, backwards: normalize_grad → inv_stddev_grad → moments_grad. Given statistics
// (bn.inference) need the first two only. Renormalization's r and d are constants, state has no gradient.

#ifndef BN_IR_BN_BNGRADIENTSTEPS_TD
#define BN_IR_BN_BNGRADIENTSTEPS_TD

def BN_NormalizeGradOp
    : BN_Op<"normalize_grad", [AttrSizedOperandSegments, AllTypesMatch<["output_grad", "input", "input_grad"]>]> {
  let summary = "gradients of bn.normalize: of input, statistics, scale, offset and the adjustment";
  let description = [{
    With dy the gradient of the output, z, u = z·r + d and w = u·a + b as in bn.normalize, g = dy·scale·a·r, and sums over the
    axes that are not kept, in each part where `ghosts` is above 1:

        input_grad  = g·inv_stddev    mean_grad   = −inv_stddev·Σg    inv_stddev_grad = Σg·(input − mean)
        scale_grad  = Σdy·w           offset_grad = Σdy
        adjustment_scale_grad = Σ' dy·scale·u                         adjustment_offset_grad = Σ' dy·scale

    scale_grad and offset_grad sum over all parts, Σ' over the axes that the adjustment was broadcast along. Statistics are operands
    here, so `input_grad` is only what reaches the input past them. Source: semantics 3.1, 3.3, 3.4.

    ```mlir
    %dx, %dm, %ds, %dg, %db = bn.normalize_grad %dy, %x scale %g mean %m inv_stddev %s axes [1]
       : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
       -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
    ```

    Constraints:
    * (C1) `axes` is not empty and its entries are below the rank of input.
    * (C2) every parameter and its gradient have rank |axes|, and their dimensions are those of input at `axes`; mean, inv_stddev
      and their gradients have a leading dimension `ghosts` where that is above 1.
    * (C3) `ghosts` is positive; above 1, axis 0 is not kept, its size is a multiple of `ghosts` where known, and there is
      no adjustment.
    * (C4) r and d come together; so do the adjustment's two, which broadcast to the input.
    * (C5) `adjustment_grads` are the gradients of adjustment_scale and adjustment_offset, in their types; none without.
  }];
  let arguments = !con((ins BN_Tensor:$output_grad, BN_Tensor:$input, Optional<BN_Tensor>:$scale, BN_Tensor:$mean,
                            BN_Tensor:$inv_stddev, Optional<BN_Tensor>:$r, Optional<BN_Tensor>:$d,
                            Optional<BN_Tensor>:$adjustment_scale, Optional<BN_Tensor>:$adjustment_offset, BN_Axes:$axes),
                       BN_GhostAttributes);
  let results = (outs BN_Tensor:$input_grad, BN_Tensor:$mean_grad, BN_Tensor:$inv_stddev_grad, BN_Tensor:$scale_grad,
                      BN_Tensor:$offset_grad, Variadic<BN_Tensor>:$adjustment_grads);
  let assemblyFormat = [{
    $output_grad `,` $input (`scale` $scale^)? `mean` $mean `inv_stddev` $inv_stddev (`correction` `(` $r^ `,` $d `)`)?
    (`adjustment` `(` $adjustment_scale^ `,` $adjustment_offset `)`)? `axes` $axes attr-dict `:` functional-type(operands, results)
  }];
  let hasCanonicalizer = 1;
}

def BN_InvStddevGradOp : BN_Op<"inv_stddev_grad", [AllTypesMatch<["output_grad", "inv_stddev", "variance_grad"]>]> {
  let summary = "gradient of bn.inv_stddev: of the variance";
  let description = [{
    variance_grad = −½·inv_stddev³·output_grad. Epsilon enters through inv_stddev, the result of bn.inv_stddev.
    Source: semantics 3.2, 3.4.

    ```mlir
    %dv = bn.inv_stddev_grad %ds, %s : tensor<3xf32>
    ```
  }];
  let arguments = (ins BN_Tensor:$output_grad, BN_Tensor:$inv_stddev);
  let results = (outs BN_Tensor:$variance_grad);
  let assemblyFormat = "$output_grad `,` $inv_stddev attr-dict `:` type($variance_grad)";
  let hasVerifier = 0;
}

def BN_MomentsGradOp
    : BN_Op<"moments_grad", [AllTypesMatch<["direct_grad", "input", "input_grad"]>]> {
  let summary = "gradient of the input of bn.moments, added to what reaches it past them";
  let description = [{
    With dμ and dv the gradients of mean and variance, weights m (1 without mask), M = Σm + mask_epsilon, and sums over the axes that
    are not kept, in each part where `ghosts` is above 1:

        input_grad = direct_grad + m·(dμ − (2/M)·dv·Σm·(input − mean) + 2·(input − mean)·dv)/M

    The inner sum is 0 up to rounding and `mask_epsilon`. Source: semantics 3.4.

    ```mlir
    %dx = bn.moments_grad %direct, %x mean %m mean_grad %dm variance_grad %dv axes [1]
       : (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
    ```

    Constraints:
    * (C1) `axes` is not empty and its entries are below the rank of input.
    * (C2) mean and the gradients of the statistics are parameters, with a leading dimension `ghosts` where that is above 1.
    * (C3) `ghosts` is positive; above 1, axis 0 is not kept, its size is a multiple of `ghosts` where known, and there is no mask.
    * (C4) the mask broadcasts to the input.
  }];
  let arguments = !con((ins BN_Tensor:$direct_grad, BN_Tensor:$input, BN_Tensor:$mean, BN_Tensor:$mean_grad,
                            BN_Tensor:$variance_grad, Optional<BN_Tensor>:$mask, BN_Axes:$axes),
                       BN_GhostAttributes, (ins DefaultValuedAttr<F64Attr, "0.0">:$mask_epsilon));
  let results = (outs BN_Tensor:$input_grad);
  let assemblyFormat = [{
    $direct_grad `,` $input `mean` $mean `mean_grad` $mean_grad `variance_grad` $variance_grad (`mask` $mask^)? `axes` $axes attr-dict `:`
    functional-type(operands, results)
  }];
  let hasCanonicalizer = 1;
}

#endif // BN_IR_BN_BNGRADIENTSTEPS_TD
