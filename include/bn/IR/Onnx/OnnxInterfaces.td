// OnnxInterfaces.td - what every ONNX node answers, whether it has an op of its own or not.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_IR_ONNX_ONNXINTERFACES_TD
#define BN_IR_ONNX_ONNXINTERFACES_TD

include "mlir/IR/OpBase.td"

def Onnx_NodeOpInterface : OpInterface<"NodeOpInterface"> {
  let cppNamespace = "::bn::onnx";
  let description = [{
    An ONNX node: operator name, domain, the version of the operator's schema, and the attributes by their ONNX names.
    Absent optional inputs are operands of type `none`; absent optional outputs are results of type `none`.
  }];
  let methods = [
    InterfaceMethod<"The ONNX operator, for instance `HardSigmoid`.", "::llvm::StringRef", "getOpType">,
    InterfaceMethod<"The operator's domain; empty for the default domain.", "::llvm::StringRef", "getDomain">,
    InterfaceMethod<[{The version (`since_version`) of the operator's schema; the opset version that the model imports
      when the schema is unknown.}], "int64_t", "getSchemaVersion">,
    InterfaceMethod<"The attribute with this ONNX name, or null.", "::mlir::Attribute", "getNodeAttr", (ins "::llvm::StringRef":$name)>,
    InterfaceMethod<"The attributes of the node by ONNX name, subgraphs excepted.", "::mlir::DictionaryAttr", "getNodeAttrs">,
  ];
  let extraSharedClassDeclaration = [{
    /// The node's attribute as a C++ value; `fallback` where it is absent or of another kind.
    int64_t getInt(::llvm::StringRef name, int64_t fallback) {
      auto attr = ::mlir::dyn_cast_or_null<::mlir::IntegerAttr>($_op.getNodeAttr(name));
      return attr ? attr.getInt() : fallback;
    }
    double getFloat(::llvm::StringRef name, double fallback) {
      auto attr = ::mlir::dyn_cast_or_null<::mlir::FloatAttr>($_op.getNodeAttr(name));
      return attr ? attr.getValueAsDouble() : fallback;
    }
    ::llvm::StringRef getString(::llvm::StringRef name, ::llvm::StringRef fallback) {
      auto attr = ::mlir::dyn_cast_or_null<::mlir::StringAttr>($_op.getNodeAttr(name));
      return attr ? attr.getValue() : fallback;
    }
    /// The list of integers, or nothing where the attribute is absent.
    std::optional<::llvm::ArrayRef<int64_t>> getInts(::llvm::StringRef name) {
      auto attr = ::mlir::dyn_cast_or_null<::mlir::DenseI64ArrayAttr>($_op.getNodeAttr(name));
      return attr ? std::optional(attr.asArrayRef()) : std::nullopt;
    }
    /// Whether this is the default domain's operator `opType`.
    bool is(::llvm::StringRef opType) { return $_op.getDomain().empty() && $_op.getOpType() == opType; }
  }];
}

#endif // BN_IR_ONNX_ONNXINTERFACES_TD
