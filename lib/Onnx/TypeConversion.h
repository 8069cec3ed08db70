// TypeConversion.h - ONNX types to MLIR types and back.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_ONNX_TYPECONVERSION_H
#define BN_LIB_ONNX_TYPECONVERSION_H

#include "Proto.h"

#include "mlir/IR/BuiltinTypes.h"

namespace bn::onnx {

/// The MLIR type of a TensorProto.DataType; null for one that bn does not know.
mlir::Type importElementType(int32_t dataType, mlir::MLIRContext *context);

/// The TensorProto.DataType of an MLIR type; UNDEFINED where ONNX has none.
int32_t exportElementType(mlir::Type type);

/// `!onnx.any` where the message declares nothing, or something that bn does not know.
mlir::Type importType(const proto::TypeProto &type, mlir::MLIRContext *context);

/// The declaration of a type; dimensions named in `dimParams` get their names. Empty for `!onnx.any`.
proto::TypeProto exportType(mlir::Type type, llvm::ArrayRef<llvm::StringRef> dimParams = {});

/// Whether no value of one type is excluded by the other for certain: unknown types, ranks and dimensions agree with all.
bool areCompatible(mlir::Type a, mlir::Type b);

/// Adds to a declared type what inference found and the declaration left open. The declaration wins a contradiction.
void mergeType(proto::TypeProto &declared, const proto::TypeProto &inferred);

} // namespace bn::onnx

#endif // BN_LIB_ONNX_TYPECONVERSION_H
