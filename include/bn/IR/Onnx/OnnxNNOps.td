// OnnxNNOps.td - ONNX category nn: the operators that a pass reads. BatchNormalization is in the bn dialect.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_IR_ONNX_ONNXNNOPS_TD
#define BN_IR_ONNX_ONNXNNOPS_TD

/// An activation: elementwise, one input.
class Onnx_ActivationOp<string mnemonic, string opType, dag attributes = (ins)>
    : Onnx_NodeOp<mnemonic, opType,
                  !con((ins Onnx_Tensor:$X), attributes, (ins OptionalAttr<DenseI64ArrayAttr>:$consumed_inputs)),
                  (outs Onnx_Tensor:$Y)> {
  let summary = "elementwise " # opType;
}

def Onnx_ReluOp : Onnx_ActivationOp<"relu", "Relu">;
def Onnx_LeakyReluOp
    : Onnx_ActivationOp<"leaky_relu", "LeakyRelu", (ins DefaultValuedOptionalAttr<F32Attr, "0.01f">:$alpha)>;

def Onnx_ConvOp
    : Onnx_NodeOp<"conv", "Conv",
                  (ins Onnx_Tensor:$X, Onnx_Tensor:$W, Onnx_OptionalTensor:$B,
                       DefaultValuedOptionalAttr<StrAttr, "\"NOTSET\"">:$auto_pad,
                       OptionalAttr<DenseI64ArrayAttr>:$dilations, DefaultValuedOptionalAttr<I64Attr, "1">:$group,
                       OptionalAttr<DenseI64ArrayAttr>:$kernel_shape, OptionalAttr<DenseI64ArrayAttr>:$pads,
                       OptionalAttr<DenseI64ArrayAttr>:$strides),
                  (outs Onnx_Tensor:$Y)> {
  let summary = "convolution of X (N×C×D1…Dn) with W (M×C/group×k1…kn) and bias B (M)";
  let description = [{
    Constraints:
    * (C1) `group` is positive.
    * (C2) W has the rank of X, at least 3.
    * (C3) X's channels are `group` times W's dimension 1, and W's dimension 0 is a multiple of `group`.
    * (C4) B has rank 1 and as many elements as W's dimension 0.
    * (C5) `strides`, `dilations`, `kernel_shape` have one entry per spatial dimension, `pads` two; the first three are positive.
  }];
  let hasVerifier = 1;
}

def Onnx_ConvTransposeOp
    : Onnx_NodeOp<"conv_transpose", "ConvTranspose",
                  (ins Onnx_Tensor:$X, Onnx_Tensor:$W, Onnx_OptionalTensor:$B,
                       DefaultValuedOptionalAttr<StrAttr, "\"NOTSET\"">:$auto_pad,
                       OptionalAttr<DenseI64ArrayAttr>:$dilations, DefaultValuedOptionalAttr<I64Attr, "1">:$group,
                       OptionalAttr<DenseI64ArrayAttr>:$kernel_shape, OptionalAttr<DenseI64ArrayAttr>:$output_padding,
                       OptionalAttr<DenseI64ArrayAttr>:$output_shape, OptionalAttr<DenseI64ArrayAttr>:$pads,
                       OptionalAttr<DenseI64ArrayAttr>:$strides),
                  (outs Onnx_Tensor:$Y)> {
  let summary = "transposed convolution of X (N×C×D1…Dn) with W (C×M/group×k1…kn) and bias B (M)";
  let description = [{
    Constraints:
    * (C1) `group` is positive.
    * (C2) W has the rank of X, at least 3.
    * (C3) X's channels are W's dimension 0 and a multiple of `group`.
    * (C4) B has rank 1 and `group` times as many elements as W's dimension 1.
  }];
  let hasVerifier = 1;
}

/// Attributes that the windowed pooling operators share.
defvar Onnx_PoolAttributes = (ins DefaultValuedOptionalAttr<StrAttr, "\"NOTSET\"">:$auto_pad,
                                  DefaultValuedOptionalAttr<I64Attr, "0">:$ceil_mode,
                                  OptionalAttr<DenseI64ArrayAttr>:$dilations, OptionalAttr<DenseI64ArrayAttr>:$kernel_shape,
                                  OptionalAttr<DenseI64ArrayAttr>:$pads, OptionalAttr<DenseI64ArrayAttr>:$strides);

def Onnx_AveragePoolOp
    : Onnx_NodeOp<"average_pool", "AveragePool",
                  !con((ins Onnx_Tensor:$X), Onnx_PoolAttributes,
                       (ins DefaultValuedOptionalAttr<I64Attr, "0">:$count_include_pad)),
                  (outs Onnx_Tensor:$Y)> {
  let summary = "mean over windows of X (N×C×D1…Dn)";
}

def Onnx_MaxPoolOp
    : Onnx_NodeOp<"max_pool", "MaxPool",
                  !con((ins Onnx_Tensor:$X), Onnx_PoolAttributes,
                       (ins DefaultValuedOptionalAttr<I64Attr, "0">:$storage_order)),
                  (outs Onnx_Tensor:$Y, Onnx_OptionalTensor:$Indices)> {
  let summary = "maximum over windows of X (N×C×D1…Dn), and its flat position";
}

def Onnx_GlobalAveragePoolOp
    : Onnx_NodeOp<"global_average_pool", "GlobalAveragePool", (ins Onnx_Tensor:$X), (outs Onnx_Tensor:$Y)> {
  let summary = "mean over all spatial dimensions, which become 1";
}

def Onnx_FlattenOp
    : Onnx_NodeOp<"flatten", "Flatten", (ins Onnx_Tensor:$input, DefaultValuedOptionalAttr<I64Attr, "1">:$axis),
                  (outs Onnx_Tensor:$output)> {
  let summary = "matrix of the dimensions before `axis` times those from it on";
}

def Onnx_DropoutOp
    : Onnx_NodeOp<"dropout", "Dropout",
                  (ins Onnx_Tensor:$data, Onnx_OptionalTensor:$ratio_input, Onnx_OptionalTensor:$training_mode,
                       OptionalAttr<F32Attr>:$ratio, OptionalAttr<I64Attr>:$seed, OptionalAttr<I64Attr>:$is_test,
                       OptionalAttr<DenseI64ArrayAttr>:$consumed_inputs),
                  (outs Onnx_Tensor:$output, Onnx_OptionalTensor:$mask)> {
  let summary = "identity at inference";
}

#endif // BN_IR_ONNX_ONNXNNOPS_TD
