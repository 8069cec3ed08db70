// TensorFields.h - the fields of a TensorProto that hold its elements.
// SPDX-License-Identifier: Apache-2.0
//
// Elements stand in `raw_data`, those below 8 bits packed, or in one of five typed fields, whose entries may be wider than they are.
// Source: the comments of TensorProto in onnx.proto.

#ifndef BN_LIB_ONNX_TENSORFIELDS_H
#define BN_LIB_ONNX_TENSORFIELDS_H

#include "Proto.h"

#include "mlir/IR/BuiltinTypes.h"

namespace bn::onnx {

/// Bits of one element in `raw_data`.
unsigned getPackedWidth(mlir::Type element);

/// Bytes of one element in memory.
size_t getElementSize(mlir::Type element);

/// Spreads elements of `width` bits, lowest bits first, to a byte each.
std::string unpack(llvm::ArrayRef<char> packed, unsigned width, int64_t count);

/// What `unpack` spreads: the lowest `width` bits of each byte in a row.
std::string pack(llvm::ArrayRef<char> bytes, unsigned width);

/// The content of the typed field in use, in the layout of `raw_data`; nothing where none is.
std::optional<std::string> readTypedFields(const proto::TensorProto &tensor, mlir::Type element);

/// Writes `bytes`, in the layout of `raw_data`, to the field that `like` uses; false where that is no typed one.
bool writeTypedField(llvm::ArrayRef<char> bytes, mlir::Type element, const proto::TensorProto &like, proto::TensorProto &tensor);

/// Empties every field that holds elements.
void clearData(proto::TensorProto &tensor);

/// Leaves one zero in the typed field in use, and no data otherwise.
void stripData(proto::TensorProto &tensor);

} // namespace bn::onnx

#endif // BN_LIB_ONNX_TENSORFIELDS_H
