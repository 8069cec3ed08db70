// NodeExport.h - an op of graph form as the ONNX node that it stands for.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_ONNX_NODEEXPORT_H
#define BN_LIB_ONNX_NODEEXPORT_H

#include "Operators.h"

#include "mlir/IR/Operation.h"

namespace bn::onnx {

/// What the op says of its node. Absent inputs and outputs are null, those at the end are left out where the op has them
/// by its definition only.
struct NodeParts {
  llvm::StringRef opType, domain;
  llvm::SmallVector<mlir::NamedAttribute> attributes;
  mlir::ArrayAttr graphs; ///< of onnx.node; null without subgraphs
  llvm::SmallVector<mlir::Value> inputs, outputs;
};

/// The parts of the node; `residue` is the message that was imported, if the op keeps one. Errors:
/// `std::errc::not_supported` for an op that ONNX cannot say.
llvm::Expected<NodeParts> getNodeParts(mlir::Operation *op, const OpsetImports &imports, const proto::NodeProto *residue);

/// Writes the node: inputs and outputs are empty names, subgraphs empty graphs. What `residue` says stays verbatim where
/// it agrees with `parts`.
llvm::Error exportNode(mlir::Operation *op, const NodeParts &parts, const proto::NodeProto *residue, proto::NodeProto &node,
                       BlobMap &blobs);

/// Stores with the op what `exportNode` needs to make `original` from it, if it needs anything.
llvm::Error keepNodeResidue(mlir::Operation *op, const proto::NodeProto &original, const OpsetImports &imports);

/// The residue that the op keeps.
std::optional<proto::NodeProto> getNodeResidue(mlir::Operation *op);

} // namespace bn::onnx

#endif // BN_LIB_ONNX_NODEEXPORT_H
