// BNDialect.td - the bn dialect: BatchNormalization with training semantics, its gradients and its normal form.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_IR_BN_BNDIALECT_TD
#define BN_IR_BN_BNDIALECT_TD

include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def BN_Dialect : Dialect {
  let name = "bn";
  let cppNamespace = "::bn";
  let summary = "BatchNormalization, complete: inference, training, gradients, renormalization, ghost batches, masks";
  let description = [{
    Conventions of all ops:
    * **Kept axes** A (`axes`: sorted, unique, non-negative) are the axes along which parameters and statistics vary; every
      other axis is reduced. A *parameter* is a tensor of rank |A| whose dimensions are those of the input at A.
    * **State is explicit**: what a step reads is an operand, what it writes is a result. Nothing is updated in place.
    * **Momentum is decay**: new = momentum·old + (1 − momentum)·batch.
    * Statistics and state are at least f32: f32 for f16, bf16 and f32 inputs, f64 for f64.
  }];
  let useDefaultAttributePrinterParser = 1;
}

def BN_VarianceUpdate : I32EnumAttr<"VarianceUpdate", "the estimator that a running variance is updated with",
                                    [I32EnumAttrCase<"Population", 0, "population">, I32EnumAttrCase<"Bessel", 1, "bessel">]> {
  let cppNamespace = "::bn";
  let genSpecializedAttr = 0;
}
def BN_VarianceUpdateAttr : EnumAttr<BN_Dialect, BN_VarianceUpdate, "variance"> {
  let assemblyFormat = "`<` $value `>`";
}

def BN_GhostGrouping
    : I32EnumAttr<"GhostGrouping", "how samples are dealt to ghost batches: n mod G (Keras), or contiguous blocks",
                  [I32EnumAttrCase<"Interleaved", 0, "interleaved">, I32EnumAttrCase<"Contiguous", 1, "contiguous">]> {
  let cppNamespace = "::bn";
  let genSpecializedAttr = 0;
}
def BN_GhostGroupingAttr : EnumAttr<BN_Dialect, BN_GhostGrouping, "grouping"> {
  let assemblyFormat = "`<` $value `>`";
}

#endif // BN_IR_BN_BNDIALECT_TD
