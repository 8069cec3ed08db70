// OnnxDialect.td - the onnx dialect: ONNX nodes, types and constants as graph form carries them.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_IR_ONNX_ONNXDIALECT_TD
#define BN_IR_ONNX_ONNXDIALECT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/OpBase.td"

def Onnx_Dialect : Dialect {
  let name = "onnx";
  let cppNamespace = "::bn::onnx";
  let summary = "the neighbours of a BatchNormalization: any ONNX node, without loss";
  let description = [{
    An operator has an op of its own when a pass reads it; every other node, of any domain and opset, is an
    `onnx.node`. Both implement `NodeOpInterface`, so code that treats nodes alike (import, export, the interpreter,
    most lowerings) never asks which of the two it holds.

    Model data that no op models rides along as discardable attributes of this dialect:

    | on | attribute | meaning |
    |---|---|---|
    | module | `onnx.opset_imports` | dictionary, domain (`ai.onnx` for the default one) to version |
    | module | `onnx.ir_version` | the model's IR version |
    | module | `onnx.model` | serialized ModelProto without graph and functions |
    | function | `onnx.graph` | serialized GraphProto without nodes and initializers |
    | function | `onnx.function` | serialized FunctionProto without nodes; marks a model-local function |
    | function | `onnx.dangling` | names in the graph's `value_info` that never belonged to a value |
    | argument | `onnx.name`, `onnx.dim_params` | value name; names of symbolic dimensions, "" where there is none |
    | argument | `onnx.default` | value of an initializer that the caller may override |
    | result | `onnx.name` | name of the graph output |
    | op | `onnx.name` | name of the node, absent when it has none |
    | op | `onnx.outputs` | names of the results, "" for an absent one |
    | op | `onnx.residue` | serialized message with what neither the op nor the attributes above say |

    What was imported is exported verbatim as long as the IR still says the same, and anew from the IR otherwise.
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

class Onnx_Type<string name, string typeMnemonic> : TypeDef<Onnx_Dialect, name> {
  let mnemonic = typeMnemonic;
}

def Onnx_AnyType : Onnx_Type<"Any", "any"> {
  let summary = "a value whose type nobody declared and inference could not tell";
}

def Onnx_StringType : Onnx_Type<"String", "string"> {
  let summary = "element type of string tensors";
}

def Onnx_SequenceType : Onnx_Type<"Sequence", "seq"> {
  let summary = "a sequence of values of one type";
  let parameters = (ins "::mlir::Type":$elementType);
  let assemblyFormat = "`<` $elementType `>`";
}

def Onnx_OptionalType : Onnx_Type<"Optional", "optional"> {
  let summary = "a value that may be absent at run time";
  let parameters = (ins "::mlir::Type":$elementType);
  let assemblyFormat = "`<` $elementType `>`";
}

def Onnx_MapType : Onnx_Type<"Map", "map"> {
  let summary = "a map from integers or strings to values of one type";
  let parameters = (ins "::mlir::Type":$keyType, "::mlir::Type":$valueType);
  let assemblyFormat = "`<` $keyType `,` $valueType `>`";
}

def Onnx_SparseType : Onnx_Type<"Sparse", "sparse"> {
  let summary = "a sparse tensor of the given dense type";
  let parameters = (ins "::mlir::Type":$denseType);
  let assemblyFormat = "`<` $denseType `>`";
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

def Onnx_ProtoAttr : AttrDef<Onnx_Dialect, "Proto"> {
  let mnemonic = "proto";
  let summary = "a serialized ONNX message carried verbatim";
  let description = [{
    An attribute of a node that MLIR has no equal for: a reference to an attribute of the enclosing function, a sparse
    tensor, a list of tensors, an attribute with a doc string.
  }];
  let parameters = (ins StringRefParameter<"serialized message">:$bytes);
  let assemblyFormat = "`<` $bytes `>`";
}

//===----------------------------------------------------------------------===//
// Operand constraints
//===----------------------------------------------------------------------===//

def Onnx_Tensor : AnyTypeOf<[AnyTensor, Onnx_AnyType], "tensor or value of unknown type">;
def Onnx_OptionalTensor : AnyTypeOf<[AnyTensor, Onnx_AnyType, NoneType], "tensor or absent">;

#endif // BN_IR_ONNX_ONNXDIALECT_TD
