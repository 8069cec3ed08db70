// Names.h - names of nodes and values: where the IR keeps them, and how a message speaks of a node.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_IR_ONNX_NAMES_H
#define BN_IR_ONNX_NAMES_H

#include "mlir/IR/Operation.h"

namespace bn::onnx {

/// Names of the discardable attributes; OnnxDialect.td says what each holds.
namespace attr {
inline constexpr llvm::StringLiteral opsetImports = "onnx.opset_imports", irVersion = "onnx.ir_version", model = "onnx.model",
                                     graph = "onnx.graph", function = "onnx.function", name = "onnx.name",
                                     dimParams = "onnx.dim_params", defaultValue = "onnx.default", outputs = "onnx.outputs",
                                     residue = "onnx.residue", dangling = "onnx.dangling";
} // namespace attr

/// The name of the node that `op` came from; empty when it has none.
llvm::StringRef getNodeName(mlir::Operation *op);

/// The ONNX name of a result or of a function's argument; empty when it has none yet.
llvm::StringRef getValueName(mlir::Value value);

/// Names the results of `op`.
void setOutputNames(mlir::Operation *op, llvm::ArrayRef<llvm::StringRef> names);

/// Gives the results of `to` the names of the results of `from`. For rewrites that replace `from`.
void takeOutputNames(mlir::Operation *from, mlir::Operation *to);

/// The ONNX operator of `op` ("BatchNormalization" for the bn dialect's layers), or the MLIR op's name.
llvm::StringRef getOperatorName(mlir::Operation *op);

/// The name that reports and messages use: the node's, or its first output's, or the one in the location.
std::string getDisplayName(mlir::Operation *op);

} // namespace bn::onnx

#endif // BN_IR_ONNX_NAMES_H
