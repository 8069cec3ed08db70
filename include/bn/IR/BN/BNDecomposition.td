// BNDecomposition.td - the ops that bn.training decomposes into, each one formula.
// SPDX-License-Identifier: Apache-2.0
//
// bn.training is: moments → (pool_ghosts) → inv_stddev → (renorm_correction) → normalize, and update_average for each
// state tensor, restore_variance for the one that follows from another. Statistics of several devices or batches meet in merge_moments.

#ifndef BN_IR_BN_BNDECOMPOSITION_TD
#define BN_IR_BN_BNDECOMPOSITION_TD

def BN_MomentsOp : BN_Op<"moments"> {
  let summary = "mean, population variance and element count over the axes that are not kept";
  let description = [{
    With weights w, the mask or 1 everywhere, and W = Σw:

        mean = Σw·input / (W + mask_epsilon)    variance = Σw·(input − mean)² / (W + mask_epsilon)    count = W

    `mask_epsilon` is 0 in Keras 2 (a channel with nothing in it gives NaN) and 1e-7 in Keras 3 (it gives 0).
    `ghosts` = G splits the batch (axis 0) into G parts with statistics of their own: interleaved, sample n belongs to part
    n mod G; contiguous, to part ⌊n·G/B⌋. Source: semantics 2.1, 2.5, 2.8.

    ```mlir
    %mean, %variance, %count = bn.moments %x axes [1] {ghosts = 2 : i64}
       : (tensor<6x3x5xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>)
    ```

    Constraints:
    * (C1) `axes` is not empty and its entries are below the rank of input.
    * (C2) `ghosts` is positive; above 1, axis 0 is not kept, its size is a multiple of `ghosts` where known, and there is no mask.
    * (C3) the results are parameters, with a leading dimension `ghosts` where that is above 1.
    * (C4) the mask broadcasts to the input.
  }];
  let arguments = !con((ins BN_Tensor:$input, Optional<BN_Tensor>:$mask, BN_Axes:$axes), BN_GhostAttributes,
                       (ins DefaultValuedAttr<F64Attr, "0.0">:$mask_epsilon));
  let results = (outs BN_Tensor:$mean, BN_Tensor:$variance, BN_Tensor:$count);
  let assemblyFormat = "$input (`mask` $mask^)? `axes` $axes attr-dict `:` functional-type(operands, results)";
  let hasCanonicalizer = 1;
}

def BN_PoolGhostsOp : BN_Op<"pool_ghosts"> {
  let summary = "arithmetic mean of a statistic over the ghost batches";
  let description = [{
    What the state follows when a batch is split: output = (1/G)·Σ input over the leading dimension. The variance between the
    ghosts is dropped, as Keras does. Source: semantics 2.5.

    ```mlir
    %mean = bn.pool_ghosts %means : tensor<2x3xf32> -> tensor<3xf32>
    ```

    Constraints:
    * (C1) output is the input without its leading dimension.
  }];
  let arguments = (ins BN_Tensor:$input);
  let results = (outs BN_Tensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
}

def BN_InvStddevOp : BN_Op<"inv_stddev", [AllTypesMatch<["variance", "output"]>]> {
  let summary = "1/√(variance + epsilon)";
  let description = [{
    The factor that normalizes, and what a forward step keeps for its gradient. Source: semantics 2.1.

    ```mlir
    %inv_stddev = bn.inv_stddev %variance epsilon 1.0e-3 : tensor<3xf32>
    ```

    Constraints:
    * (C1) `epsilon` is not negative.
  }];
  let arguments = (ins BN_Tensor:$variance, F64Attr:$epsilon);
  let results = (outs BN_Tensor:$output);
  let assemblyFormat = "$variance `epsilon` $epsilon attr-dict `:` type($output)";
}

def BN_RestoreVarianceOp : BN_Op<"restore_variance", [AllTypesMatch<["stddev", "output"]>]> {
  let summary = "max(stddev² − epsilon, 0)";
  let description = [{
    The variance that a standard deviation with epsilon in it stands for: how renormalization keeps the running variance.
    Source: semantics 2.4.

    ```mlir
    %variance = bn.restore_variance %moving_stddev epsilon 1.0e-3 : tensor<3xf32>
    ```

    Constraints:
    * (C1) `epsilon` is not negative.
  }];
  let arguments = (ins BN_Tensor:$stddev, F64Attr:$epsilon);
  let results = (outs BN_Tensor:$output);
  let assemblyFormat = "$stddev `epsilon` $epsilon attr-dict `:` type($output)";
}

def BN_RenormCorrectionOp : BN_Op<"renorm_correction", [AttrSizedOperandSegments]> {
  let summary = "r and d of batch renormalization, clamped";
  let description = [{
    With σ = √(variance + epsilon) and S̃ = max(renorm_stddev, √epsilon), of the state before the step:

        r = min(max(σ/S̃, rmin), rmax)    d = min(max((mean − renorm_mean)/S̃, −dmax), dmax)    stddev = σ

    A bound that is absent does not clamp. No gradient flows through r and d. `stddev` is what renorm_stddev and
    moving_stddev follow. Source: semantics 2.4.

    ```mlir
    %r, %d, %stddev = bn.renorm_correction %mean, %variance, %renorm_mean, %renorm_stddev rmax %rmax epsilon 1.0e-3
       : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<f32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
    ```

    Constraints:
    * (C1) statistics, state and results have one shape.
    * (C2) rmin, rmax and dmax are scalars.
    * (C3) `epsilon` is not negative.
  }];
  let arguments = (ins BN_Tensor:$mean, BN_Tensor:$variance, BN_Tensor:$renorm_mean, BN_Tensor:$renorm_stddev,
                       Optional<BN_Tensor>:$rmin, Optional<BN_Tensor>:$rmax, Optional<BN_Tensor>:$dmax, F64Attr:$epsilon);
  let results = (outs BN_Tensor:$r, BN_Tensor:$d, BN_Tensor:$stddev);
  let assemblyFormat = [{
    $mean `,` $variance `,` $renorm_mean `,` $renorm_stddev (`rmin` $rmin^)? (`rmax` $rmax^)? (`dmax` $dmax^)?
    `epsilon` $epsilon attr-dict `:` functional-type(operands, results)
  }];
}

def BN_NormalizeOp : BN_Op<"normalize", [AttrSizedOperandSegments, AllTypesMatch<["input", "output"]>]> {
  let summary = "applies statistics, correction, adjustment, scale and offset to data";
  let description = [{
        output = (((input − mean)·inv_stddev·r + d)·a + b)·scale + offset

    in this, the centred order, which does not cancel for data far from zero. The correction (r, d) is that of
    renormalization, the adjustment (a, b) the layer's; absent factors are 1, absent summands 0. With `ghosts` above 1, mean
    and inv_stddev are those of the sample's part. Source: semantics 2.1, 2.4, 2.5, 2.7.

    ```mlir
    %y = bn.normalize %x mean %m inv_stddev %s correction(%r, %d) scale %g axes [1]
       : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
    ```

    Constraints:
    * (C1) `axes` is not empty and its entries are below the rank of input.
    * (C2) every parameter has rank |axes|, and its dimensions are those of input at `axes`; mean and inv_stddev have a
      leading dimension `ghosts` where that is above 1.
    * (C3) `ghosts` is positive; above 1, axis 0 is not kept, its size is a multiple of `ghosts` where known, and there is
      no adjustment.
    * (C4) r and d come together; so do a and b, which broadcast to the input.
  }];
  let arguments = !con((ins BN_Tensor:$input, BN_Tensor:$mean, BN_Tensor:$inv_stddev, Optional<BN_Tensor>:$r,
                            Optional<BN_Tensor>:$d, Optional<BN_Tensor>:$adjustment_scale,
                            Optional<BN_Tensor>:$adjustment_offset, Optional<BN_Tensor>:$scale, Optional<BN_Tensor>:$offset,
                            BN_Axes:$axes),
                       BN_GhostAttributes);
  let results = (outs BN_Tensor:$output);
  let assemblyFormat = [{
    $input `mean` $mean `inv_stddev` $inv_stddev (`correction` `(` $r^ `,` $d `)`)?
    (`adjustment` `(` $adjustment_scale^ `,` $adjustment_offset `)`)? (`scale` $scale^)? (`offset` $offset^)?
    `axes` $axes attr-dict `:` functional-type(operands, results)
  }];
  let hasCanonicalizer = 1;
}

def BN_UpdateAverageOp : BN_Op<"update_average", [AllTypesMatch<["old", "output"]>]> {
  let summary = "one step of an exponential average";
  let description = [{
    output = momentum·old + (1 − momentum)·batch. With the `count` n of elements that `batch` was taken from, old stays where n
    is 0: an empty batch changes nothing. With `bessel` the average follows batch·n/max(n − 1, 1), batch being a population
    variance. Source: semantics 2.3, 2.11.

    Momentum 1 does not fold to `old`, nor momentum 0 to `batch`: a NaN in the other one would be lost.

    ```mlir
    %new = bn.update_average %old, %variance count %n bessel momentum 0.9
       : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    ```

    Constraints:
    * (C1) old, batch and count have one shape.
    * (C2) `momentum` is in [0, 1].
    * (C3) `bessel` comes with count.
  }];
  let arguments = (ins BN_Tensor:$old, BN_Tensor:$batch, Optional<BN_Tensor>:$count, UnitAttr:$bessel, F64Attr:$momentum);
  let results = (outs BN_Tensor:$output);
  let assemblyFormat = [{
    $old `,` $batch (`count` $count^)? (`bessel` $bessel^)? `momentum` $momentum attr-dict `:` functional-type(operands, results)
  }];
}

def BN_MergeMomentsOp
    : BN_Op<"merge_moments", [AllTypesMatch<["mean_a", "variance_a", "count_a", "mean_b", "variance_b", "count_b", "mean",
                                             "variance", "count"]>]> {
  let summary = "moments of two sets of elements taken together (Chan's formula)";
  let description = [{
    With n = count_a + count_b and δ = mean_b − mean_a:

        mean = mean_a + δ·count_b/n    variance = (count_a·variance_a + count_b·variance_b + δ²·count_a·count_b/n)/n    count = n

    A set without elements leaves the other's moments as they are; of two such the result is a's. Exact for synchronized statistics
    and for calibration over many batches, where the average of the variances would be wrong. Source: semantics 2.9.

    ```mlir
    %mean, %variance, %count = bn.merge_moments (%ma, %va, %na), (%mb, %vb, %nb) : tensor<3xf32>
    ```
  }];
  let arguments = (ins BN_Tensor:$mean_a, BN_Tensor:$variance_a, BN_Tensor:$count_a, BN_Tensor:$mean_b,
                       BN_Tensor:$variance_b, BN_Tensor:$count_b);
  let results = (outs BN_Tensor:$mean, BN_Tensor:$variance, BN_Tensor:$count);
  let assemblyFormat = [{
    `(` $mean_a `,` $variance_a `,` $count_a `)` `,` `(` $mean_b `,` $variance_b `,` $count_b `)` attr-dict `:` type($mean)
  }];
  let hasVerifier = 0;
}

#endif // BN_IR_BN_BNDECOMPOSITION_TD
