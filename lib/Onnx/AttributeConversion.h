// AttributeConversion.h - attributes of nodes to MLIR attributes and back.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_ONNX_ATTRIBUTECONVERSION_H
#define BN_LIB_ONNX_ATTRIBUTECONVERSION_H

#include "Proto.h"

#include "mlir/IR/BuiltinAttributes.h"

namespace bn::onnx {

/// The attribute's type; where old files do not say it, the one that its content has.
proto::AttributeProto::AttributeType getAttributeType(const proto::AttributeProto &attribute);

/// Whether the attribute holds subgraphs, which become regions.
bool holdsGraphs(const proto::AttributeProto &attribute);

/// The MLIR attribute; `#onnx.proto` where there is no other. Not for subgraphs. Errors: a tensor that is not valid.
llvm::Expected<mlir::Attribute> importAttribute(const proto::AttributeProto &attribute, const BlobMap &blobs,
                                                mlir::MLIRContext *context);

/// Writes an attribute of a node. Errors: an attribute of a kind that no node has.
llvm::Error exportAttribute(llvm::StringRef name, mlir::Attribute value, proto::AttributeProto &attribute, BlobMap &blobs);

} // namespace bn::onnx

#endif // BN_LIB_ONNX_ATTRIBUTECONVERSION_H
