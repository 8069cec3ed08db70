// OnnxMathOps.td - ONNX category math: the operators that a pass reads.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_IR_ONNX_ONNXMATHOPS_TD
#define BN_IR_ONNX_ONNXMATHOPS_TD

/// An elementwise operator with one input.
class Onnx_UnaryOp<string mnemonic, string opType>
    : Onnx_NodeOp<mnemonic, opType, (ins Onnx_Tensor:$X), (outs Onnx_Tensor:$Y)> {
  let summary = "elementwise " # opType;
}

/// An elementwise operator with two inputs that broadcast against each other (before version 7 by `axis` and `broadcast`).
class Onnx_BinaryOp<string mnemonic, string opType>
    : Onnx_NodeOp<mnemonic, opType,
                  (ins Onnx_Tensor:$A, Onnx_Tensor:$B, OptionalAttr<I64Attr>:$axis, OptionalAttr<I64Attr>:$broadcast,
                       OptionalAttr<DenseI64ArrayAttr>:$consumed_inputs),
                  (outs Onnx_Tensor:$C)> {
  let summary = "elementwise " # opType;
}

def Onnx_AddOp : Onnx_BinaryOp<"add", "Add">;
def Onnx_SubOp : Onnx_BinaryOp<"sub", "Sub">;
def Onnx_MulOp : Onnx_BinaryOp<"mul", "Mul">;
def Onnx_DivOp : Onnx_BinaryOp<"div", "Div">;

def Onnx_SqrtOp : Onnx_UnaryOp<"sqrt", "Sqrt">;
def Onnx_ReciprocalOp : Onnx_UnaryOp<"reciprocal", "Reciprocal">;

def Onnx_MatMulOp
    : Onnx_NodeOp<"mat_mul", "MatMul", (ins Onnx_Tensor:$A, Onnx_Tensor:$B), (outs Onnx_Tensor:$Y)> {
  let summary = "matrix product with numpy's rules for other ranks than 2";
}

def Onnx_GemmOp
    : Onnx_NodeOp<"gemm", "Gemm",
                  (ins Onnx_Tensor:$A, Onnx_Tensor:$B, Onnx_OptionalTensor:$C,
                       DefaultValuedOptionalAttr<F32Attr, "1.0f">:$alpha, DefaultValuedOptionalAttr<F32Attr, "1.0f">:$beta,
                       DefaultValuedOptionalAttr<I64Attr, "0">:$transA, DefaultValuedOptionalAttr<I64Attr, "0">:$transB,
                       OptionalAttr<I64Attr>:$broadcast),
                  (outs Onnx_Tensor:$Y)> {
  let summary = "alpha·A'·B' + beta·C, A' and B' transposed where asked";
}

def Onnx_ReduceMeanOp
    : Onnx_NodeOp<"reduce_mean", "ReduceMean",
                  (ins Onnx_Tensor:$data, Onnx_OptionalTensor:$axes_input, OptionalAttr<DenseI64ArrayAttr>:$axes,
                       DefaultValuedOptionalAttr<I64Attr, "1">:$keepdims,
                       DefaultValuedOptionalAttr<I64Attr, "0">:$noop_with_empty_axes),
                  (outs Onnx_Tensor:$reduced)> {
  let summary = "mean over axes, an attribute before version 18 and an input from then on";
}

#endif // BN_IR_ONNX_ONNXMATHOPS_TD
