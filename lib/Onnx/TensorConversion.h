// TensorConversion.h - TensorProto to ElementsAttr and back.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_ONNX_TENSORCONVERSION_H
#define BN_LIB_ONNX_TENSORCONVERSION_H

#include "Proto.h"

#include "mlir/IR/BuiltinAttributes.h"

namespace bn::onnx {

/// Elements up to which a value is a DenseElementsAttr; larger ones are resources.
inline constexpr int64_t maxDenseElements = 64;

/// The type of the tensor. Errors: dimensions that are negative or too many, or an element type that bn does not know.
llvm::Expected<mlir::RankedTensorType> importTensorType(const proto::TensorProto &tensor, mlir::MLIRContext *context);

/// The value of the tensor, whose content `blobs` holds where it is large or external. Refers to blobs, never copies them.
llvm::Expected<mlir::ElementsAttr> importTensor(const proto::TensorProto &tensor, const BlobMap &blobs, mlir::MLIRContext *context);

/// A value of elements stored as HostTensor says, which stay where they are if there are many.
mlir::ElementsAttr makeElements(mlir::RankedTensorType type, Blob blob, llvm::StringRef name);

/// The elements as HostTensor stores them. Not for strings. Errors: another kind of attribute than bn makes.
llvm::Expected<Blob> getElementBytes(mlir::ElementsAttr value);

/// The content of `tensor` as HostTensor stores elements. Not for strings.
llvm::Expected<Blob> getTensorBytes(const proto::TensorProto &tensor, mlir::RankedTensorType type, const BlobMap &blobs);

/// Writes a value into `tensor`, in the way of `residue` if given; large and external contents go to `blobs`.
llvm::Error exportTensor(mlir::ElementsAttr value, const proto::TensorProto *residue, proto::TensorProto &tensor, BlobMap &blobs);

/// What `exportTensor` needs to make `original` from `value`: the message without its data. A typed field that held them
/// keeps one zero. Where the data have no second form they stay. Empty when nothing is needed but the name.
std::optional<proto::TensorProto> getTensorResidue(const proto::TensorProto &original, mlir::ElementsAttr value);

} // namespace bn::onnx

#endif // BN_LIB_ONNX_TENSORCONVERSION_H
