// BNOps.td - the ops of the bn dialect that stand for a whole layer, and the normal form of folding.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_IR_BN_BNOPS_TD
#define BN_IR_BN_BNOPS_TD

include "bn/IR/BN/BNDialect.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class BN_Op<string mnemonic, list<Trait> traits = []> : Op<BN_Dialect, mnemonic, [Pure] # traits> {
  let hasVerifier = 1;
}

def BN_Axes : ConfinedAttr<DenseI64ArrayAttr, [DenseArrayNonNegative<DenseI64ArrayAttr>, DenseArrayStrictlySorted<DenseI64ArrayAttr>]>;

/// A tensor of floats. Data may be f16, bf16, f32 or f64, each operand its own (ONNX 15 mixes them).
def BN_Tensor : TensorOf<[AnyFloat]>;

/// How many parts the batch is split into, and how samples are dealt to them. `grouping` says nothing where `ghosts` is 1.
defvar BN_GhostAttributes = (ins DefaultValuedAttr<I64Attr, "1">:$ghosts,
                                 DefaultValuedAttr<BN_GhostGroupingAttr, "GhostGrouping::Interleaved">:$grouping);

def BN_InferenceOp : BN_Op<"inference", [AttrSizedOperandSegments, AllTypesMatch<["input", "output"]>]> {
  let summary = "BatchNormalization with given statistics";
  let description = [{
    output = scale·(input − mean)/√(variance + epsilon) + offset, each parameter taken at the input's index along `axes`.
    An absent scale is 1, an absent offset 0. Source: semantics of Keras 2.2 and ONNX 15, mode inference.

    ```mlir
    %y = bn.inference %x scale %g offset %b mean %m variance %v axes [1] epsilon 1.0e-5
       : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x5xf32>
    ```

    Constraints:
    * (C1) `axes` is not empty and its entries are below the rank of input.
    * (C2) every parameter has rank |axes|, and its dimensions are those of input at `axes`.
    * (C3) `epsilon` is not negative.
  }];
  let arguments = (ins BN_Tensor:$input, Optional<BN_Tensor>:$scale, Optional<BN_Tensor>:$offset, BN_Tensor:$mean,
                       BN_Tensor:$variance, BN_Axes:$axes, F64Attr:$epsilon);
  let results = (outs BN_Tensor:$output);
  let assemblyFormat = [{
    $input (`scale` $scale^)? (`offset` $offset^)? `mean` $mean `variance` $variance `axes` $axes `epsilon` $epsilon
    attr-dict `:` functional-type(operands, results)
  }];
}

def BN_AffineOp : BN_Op<"affine", [AllTypesMatch<["input", "output"]>]> {
  let summary = "a·x + b along one axis: the normal form of everything that folding touches";
  let description = [{
    output = scale·input + offset, scale and offset taken at the input's index along `axis`; f64, so that chains compose
    without rounding and a weight is rounded once, when it is stored. Scale 1 and offset 0 everywhere fold to the input,
    unless the op stands for others.

    ```mlir
    %y = bn.affine %x scale [2.0, 3.0] offset [0.0, 0.5] axis 1 : tensor<?x2x5xf32>
    ```

    `originals` may hold the ops that the affine stands for, as a block from input to output: whoever cannot use the
    affine puts them back, unchanged. The region means the same as the attributes; nobody needs it to compute the output.

    Constraints:
    * (C1) `axis` is below the rank of input.
    * (C2) scale and offset have as many elements as input has along `axis`.
    * (C3) `originals` is empty, or one block with an argument of the input's type that ends in a terminator with one
      operand of the output's type.
  }];
  let arguments = (ins BN_Tensor:$input, DenseF64ArrayAttr:$scale, DenseF64ArrayAttr:$offset,
                       ConfinedAttr<I64Attr, [IntNonNegative]>:$axis);
  let regions = (region MaxSizedRegion<1>:$originals);
  let results = (outs BN_Tensor:$output);
  let assemblyFormat = [{
    $input `scale` $scale `offset` $offset `axis` $axis (`standing_for` $originals^)? attr-dict `:` type($input)
  }];
  let hasFolder = 1;
  let hasRegionVerifier = 1;
}

def BN_TrainingOp : BN_Op<"training", [AttrSizedOperandSegments]> {
  let summary = "BatchNormalization with the statistics of its own input, and the state after the step";
  let description = [{
    With mean μ and population variance v of input over the axes that are not kept, σ = √(v + epsilon), z = (input − μ)/σ:

        u = z·r + d        renormalization: r = σ/S̃, d = (μ − renorm_mean)/S̃ with S̃ = max(renorm_stddev, √epsilon), clamped
                           to [rmin, rmax] and [−dmax, dmax] and constant for the gradient; r = 1, d = 0 without
        w = u·a + b        the adjustment; a = 1, b = 0 without
        output = w·scale + offset

    State: running ← momentum·running + (1 − momentum)·batch for mean and variance, the variance as `variance_update` says;
    with renormalization renorm_mean and renorm_stddev follow μ and σ with `renorm_momentum`, moving_stddev follows σ with
    `momentum`, and running_variance becomes max(moving_stddev² − epsilon, 0).
    `ghosts` = G splits the batch (axis 0) into G parts normalized on their own; the state follows the mean of the parts'
    statistics. `mask` weights the elements that statistics are taken from; all elements are normalized.
    Source: semantics of Keras 2.1–2.10, ONNX 14/15, mode training. Attributes that nothing reads canonicalize to their default.

    ```mlir
    %y, %mean, %inv_stddev, %new_mean, %new_variance = bn.training %x scale %g running(%m, %v) axes [1] epsilon 1.0e-5 momentum 0.9
       : (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
       -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
    ```

    Constraints:
    * (C1) `axes` is not empty and its entries are below the rank of input.
    * (C2) every parameter has rank |axes|, and its dimensions are those of input at `axes`.
    * (C3) `epsilon` is not negative; `momentum` and `renorm_momentum` are in [0, 1].
    * (C4) `new_state` is the state after the step, one result per state operand given, in their order and types.
    * (C5) running_mean and running_variance come together; so do renorm_mean, renorm_stddev and moving_stddev, and only
      with those two; rmin, rmax and dmax come with renormalization only and are scalars.
    * (C6) `ghosts` is positive; above 1, axis 0 is not kept, its size is a multiple of `ghosts` where known, and there is
      neither adjustment nor mask.
    * (C7) the results of batch statistics are parameters, with a leading dimension `ghosts` where that is above 1.
    * (C8) adjustment_scale and adjustment_offset come together; they and the mask broadcast to the input.
    * (C9) output has the input's element type, and no dimension that contradicts the input's.
  }];
  let arguments = !con((ins BN_Tensor:$input, Optional<BN_Tensor>:$scale, Optional<BN_Tensor>:$offset,
                       Optional<BN_Tensor>:$running_mean, Optional<BN_Tensor>:$running_variance,
                       Optional<BN_Tensor>:$renorm_mean, Optional<BN_Tensor>:$renorm_stddev, Optional<BN_Tensor>:$moving_stddev,
                       Optional<BN_Tensor>:$rmin, Optional<BN_Tensor>:$rmax, Optional<BN_Tensor>:$dmax,
                       Optional<BN_Tensor>:$adjustment_scale, Optional<BN_Tensor>:$adjustment_offset, Optional<BN_Tensor>:$mask,
                       BN_Axes:$axes, F64Attr:$epsilon, F64Attr:$momentum,
                       DefaultValuedAttr<BN_VarianceUpdateAttr, "VarianceUpdate::Population">:$variance_update,
                       DefaultValuedAttr<F64Attr, "0.99">:$renorm_momentum),
                  BN_GhostAttributes, (ins DefaultValuedAttr<F64Attr, "0.0">:$mask_epsilon));
  let results = (outs BN_Tensor:$output, BN_Tensor:$batch_mean, BN_Tensor:$batch_inv_stddev, Variadic<BN_Tensor>:$new_state);
  let assemblyFormat = [{
    $input (`scale` $scale^)? (`offset` $offset^)? (`running` `(` $running_mean^ `,` $running_variance `)`)?
    (`renorm` `(` $renorm_mean^ `,` $renorm_stddev `,` $moving_stddev `)`)? (`rmin` $rmin^)? (`rmax` $rmax^)? (`dmax` $dmax^)?
    (`adjustment` `(` $adjustment_scale^ `,` $adjustment_offset `)`)? (`mask` $mask^)?
    `axes` $axes `epsilon` $epsilon `momentum` $momentum attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    /// The state that the step reads, in the order of `new_state`: running mean and variance, then the renormalization's three.
    ::llvm::SmallVector<::mlir::Value, 5> getState();
  }];
  let hasCanonicalizer = 1;
}

include "bn/IR/BN/BNDecomposition.td"
include "bn/IR/BN/BNGradients.td"
include "bn/IR/BN/BNGradientSteps.td"

#endif // BN_IR_BN_BNOPS_TD
