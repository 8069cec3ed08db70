// OnnxTensorOps.td - ONNX category tensor: the operators that a pass reads.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_IR_ONNX_ONNXTENSOROPS_TD
#define BN_IR_ONNX_ONNXTENSOROPS_TD

def Onnx_IdentityOp : Onnx_NodeOp<"identity", "Identity", (ins AnyType:$input), (outs AnyType:$output)> {
  let summary = "its input";
}

def Onnx_CastOp
    : Onnx_NodeOp<"cast", "Cast",
                  (ins Onnx_Tensor:$input, AnyAttr:$to, OptionalAttr<I64Attr>:$saturate, OptionalAttr<StrAttr>:$round_mode),
                  (outs Onnx_Tensor:$output)> {
  let summary = "elementwise conversion to the element type `to` (TensorProto.DataType; its name before version 6)";
}

def Onnx_ReshapeOp
    : Onnx_NodeOp<"reshape", "Reshape",
                  (ins Onnx_Tensor:$data, Onnx_OptionalTensor:$shape_input, OptionalAttr<DenseI64ArrayAttr>:$shape,
                       DefaultValuedOptionalAttr<I64Attr, "0">:$allowzero, OptionalAttr<DenseI64ArrayAttr>:$consumed_inputs),
                  (outs Onnx_Tensor:$reshaped)> {
  let summary = "same elements, other shape; the shape is an attribute before version 5";
}

def Onnx_TransposeOp
    : Onnx_NodeOp<"transpose", "Transpose", (ins Onnx_Tensor:$data, OptionalAttr<DenseI64ArrayAttr>:$perm),
                  (outs Onnx_Tensor:$transposed)> {
  let summary = "dimensions permuted; reversed where `perm` is absent";
}

def Onnx_SqueezeOp
    : Onnx_NodeOp<"squeeze", "Squeeze",
                  (ins Onnx_Tensor:$data, Onnx_OptionalTensor:$axes_input, OptionalAttr<DenseI64ArrayAttr>:$axes),
                  (outs Onnx_Tensor:$squeezed)> {
  let summary = "unit dimensions dropped; the axes are an attribute before version 13";
}

def Onnx_UnsqueezeOp
    : Onnx_NodeOp<"unsqueeze", "Unsqueeze",
                  (ins Onnx_Tensor:$data, Onnx_OptionalTensor:$axes_input, OptionalAttr<DenseI64ArrayAttr>:$axes),
                  (outs Onnx_Tensor:$expanded)> {
  let summary = "unit dimensions inserted; the axes are an attribute before version 13";
}

def Onnx_ConcatOp
    : Onnx_NodeOp<"concat", "Concat", (ins Variadic<Onnx_Tensor>:$inputs, OptionalAttr<I64Attr>:$axis),
                  (outs Onnx_Tensor:$concat_result)> {
  let summary = "inputs one after the other along `axis` (1 by default before version 4)";
}

def Onnx_SplitOp
    : Onnx_NodeOp<"split", "Split",
                  (ins Onnx_Tensor:$input, Onnx_OptionalTensor:$split_input, DefaultValuedOptionalAttr<I64Attr, "0">:$axis,
                       OptionalAttr<DenseI64ArrayAttr>:$split, OptionalAttr<I64Attr>:$num_outputs),
                  (outs Variadic<Onnx_Tensor>:$outputs)> {
  let summary = "pieces along `axis`; their sizes are an attribute or an input before version 13, an input from then on";
}

def Onnx_SliceOp
    : Onnx_NodeOp<"slice", "Slice",
                  (ins Onnx_Tensor:$data, Onnx_OptionalTensor:$starts_input, Onnx_OptionalTensor:$ends_input,
                       Onnx_OptionalTensor:$axes_input, Onnx_OptionalTensor:$steps_input,
                       OptionalAttr<DenseI64ArrayAttr>:$starts, OptionalAttr<DenseI64ArrayAttr>:$ends,
                       OptionalAttr<DenseI64ArrayAttr>:$axes),
                  (outs Onnx_Tensor:$output)> {
  let summary = "a strided box of the input; described by attributes before version 10";
}

def Onnx_PadOp
    : Onnx_NodeOp<"pad", "Pad",
                  (ins Onnx_Tensor:$data, Onnx_OptionalTensor:$pads_input, Onnx_OptionalTensor:$constant_value,
                       Onnx_OptionalTensor:$axes, DefaultValuedOptionalAttr<StrAttr, "\"constant\"">:$mode,
                       OptionalAttr<DenseI64ArrayAttr>:$pads, OptionalAttr<DenseI64ArrayAttr>:$paddings,
                       OptionalAttr<F32Attr>:$value),
                  (outs Onnx_Tensor:$output)> {
  let summary = "a border around the input; described by attributes before version 11";
}

def Onnx_ExpandOp
    : Onnx_NodeOp<"expand", "Expand", (ins Onnx_Tensor:$input, Onnx_Tensor:$shape), (outs Onnx_Tensor:$output)> {
  let summary = "broadcast to the common shape of the input and `shape`";
}

#endif // BN_IR_ONNX_ONNXTENSOROPS_TD
