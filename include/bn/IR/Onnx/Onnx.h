// Onnx.h - the onnx dialect in C++: any ONNX node as an op, and the names that ride along.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_IR_ONNX_ONNX_H
#define BN_IR_ONNX_ONNX_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "bn/IR/Onnx/OnnxDialect.h.inc"
#include "bn/IR/Onnx/OnnxInterfaces.h.inc"

#define GET_TYPEDEF_CLASSES
#include "bn/IR/Onnx/OnnxTypes.h.inc"
#define GET_ATTRDEF_CLASSES
#include "bn/IR/Onnx/OnnxAttributes.h.inc"

namespace bn::onnx {
/// The attribute of a defined op with this ONNX name, or null; the op's own `version` and dialect attributes are none.
mlir::Attribute getDefinedNodeAttr(mlir::Operation *op, llvm::StringRef name);
/// The attributes of a defined op by ONNX name.
mlir::DictionaryAttr getDefinedNodeAttrs(mlir::Operation *op);
} // namespace bn::onnx

#define GET_OP_CLASSES
#include "bn/IR/Onnx/OnnxOps.h.inc"

#endif // BN_IR_ONNX_ONNX_H
