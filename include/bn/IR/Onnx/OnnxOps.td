// OnnxOps.td - the ops that carry any node, and the includes of those that carry one operator.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_IR_ONNX_ONNXOPS_TD
#define BN_IR_ONNX_ONNXOPS_TD

include "bn/IR/Onnx/OnnxDialect.td"
include "bn/IR/Onnx/OnnxInterfaces.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Onnx_Op<string mnemonic, list<Trait> traits = []> : Op<Onnx_Dialect, mnemonic, traits>;

/// An op for one operator of the default domain. Operands follow the ONNX schema; a trailing input that the node does
/// not give is an `onnx.absent`. Attributes have their ONNX names and stay absent where the node leaves them out.
class Onnx_NodeOp<string mnemonic, string opType, dag operandsAndAttributes, dag outputs, list<Trait> traits = []>
    : Onnx_Op<mnemonic, [Pure, DeclareOpInterfaceMethods<Onnx_NodeOpInterface>] # traits> {
  let arguments = !con(operandsAndAttributes, (ins I64Attr:$version));
  let results = outputs;
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = [{
    /// The ONNX operator that this op stands for.
    static constexpr ::llvm::StringLiteral onnxOpType() { return "}] # opType # [{"; }
  }];
  let extraClassDefinition = [{
    ::llvm::StringRef $cppClass::getOpType() { return onnxOpType(); }
    ::llvm::StringRef $cppClass::getDomain() { return ""; }
    int64_t $cppClass::getSchemaVersion() { return getVersion(); }
    ::mlir::Attribute $cppClass::getNodeAttr(::llvm::StringRef name) { return ::bn::onnx::getDefinedNodeAttr(*this, name); }
    ::mlir::DictionaryAttr $cppClass::getNodeAttrs() { return ::bn::onnx::getDefinedNodeAttrs(*this); }
  }];
}

def Onnx_AbsentOp : Onnx_Op<"absent", [Pure, ConstantLike]> {
  let summary = "an optional input that the node does not give";
  let results = (outs NoneType:$result);
  let assemblyFormat = "attr-dict";
  let hasFolder = 1;
}

def Onnx_ConstantOp : Onnx_Op<"constant", [Pure, ConstantLike, AllTypesMatch<["value", "result"]>]> {
  let summary = "an initializer or a Constant node";
  let description = [{
    `node_attr` tells a Constant node (then it is the attribute that held the value: `value`, `value_float`, …) from an
    initializer (absent). Large values are resource blobs, memory-mapped where the file allows it.

    ```mlir
    %w = onnx.constant dense_resource<conv1.weight> : tensor<64x3x7x7xf32> {onnx.outputs = ["conv1.weight"]}
    ```
  }];
  let arguments = (ins ElementsAttr:$value, OptionalAttr<StrAttr>:$node_attr);
  let results = (outs AnyTensor:$result);
  let assemblyFormat = "$value (`node_attr` $node_attr^)? attr-dict";
  let hasFolder = 1;
  let builders = [OpBuilder<(ins "::mlir::ElementsAttr":$value),
                            [{ build($_builder, $_state, value.getType(), value, ::mlir::StringAttr()); }]>];
}

def Onnx_SparseConstantOp : Onnx_Op<"sparse_constant", [Pure]> {
  let summary = "a sparse initializer, carried as the serialized message";
  let arguments = (ins Onnx_ProtoAttr:$proto);
  let results = (outs Onnx_SparseType:$result);
  let assemblyFormat = "$proto attr-dict `->` type($result)";
}

def Onnx_GenericNodeOp : Onnx_Op<"node", [Onnx_NodeOpInterface,
                                            DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "any node that has no op of its own";
  let description = [{
    Carries operator, domain, attributes and subgraphs of the node unchanged. `graphs` has one entry per region, in
    order: a dictionary with `attribute` (the ONNX attribute that holds the subgraph), `inputs` (names of the block
    arguments) and `proto` (serialized GraphProto without nodes and initializers). A region refers to values around it
    freely, as ONNX subgraphs do, and ends in `onnx.yield`.

    ```mlir
    %y = onnx.node "HardSwish"(%x) version 14 : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```

    Constraints:
    * (C1) `graphs` has as many entries as there are regions.
    * (C2) every region is one block that ends in `onnx.yield`.
  }];
  let arguments = (ins Variadic<AnyType>:$inputs, StrAttr:$op_type, DefaultValuedAttr<StrAttr, "\"\"">:$domain,
                       I64Attr:$version, DefaultValuedAttr<DictionaryAttr, "{}">:$node_attrs,
                       OptionalAttr<ArrayAttr>:$graphs);
  let results = (outs Variadic<AnyType>:$outputs);
  let regions = (region VariadicRegion<AnyRegion>:$bodies);
  let assemblyFormat = [{
    $op_type `(` $inputs `)` (`domain` $domain^)? `version` $version ($node_attrs^)? (`graphs` $graphs^ $bodies)?
    attr-dict-with-keyword `:` functional-type($inputs, $outputs)
  }];
  let extraClassDeclaration = [{
    int64_t getSchemaVersion() { return getVersion(); }
    ::mlir::Attribute getNodeAttr(::llvm::StringRef name) { return getNodeAttrs().get(name); }
  }];
  let hasRegionVerifier = 1;
}

def Onnx_YieldOp : Onnx_Op<"yield", [Pure, Terminator, ReturnLike]> {
  let summary = "ends a subgraph with its outputs";
  let description = "The names of the outputs are in the `proto` of the node's `graphs`.";
  let arguments = (ins Variadic<AnyType>:$operands);
  let assemblyFormat = "($operands^ `:` type($operands))? attr-dict";
}

include "bn/IR/Onnx/OnnxMathOps.td"
include "bn/IR/Onnx/OnnxNNOps.td"
include "bn/IR/Onnx/OnnxTensorOps.td"

#endif // BN_IR_ONNX_ONNXOPS_TD
