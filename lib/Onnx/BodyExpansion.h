// BodyExpansion.h - puts the nodes of a function in the place of a node.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_ONNX_BODYEXPANSION_H
#define BN_LIB_ONNX_BODYEXPANSION_H

#include "FunctionBody.h"

#include "bn/IR/Onnx/FreshNames.h"

#include "mlir/IR/PatternMatch.h"

namespace bn::onnx {

/// Whether the model imports the opsets of `function`, so that its nodes mean the same outside of it.
bool importsSameOpsets(mlir::Operation *op, const proto::FunctionProto &function);

/// Replaces `op`, of which `parts` tells, by the nodes of `body`. Nodes and values have no names then; with `names` they keep
/// theirs, made free ones where they are values. Fails where a node is not valid, and with `names` also where a name inside a
/// subgraph is taken, or a result is no node's own.
mlir::LogicalResult replaceByBody(mlir::Operation *op, const NodeParts &parts, FunctionBody &body, mlir::RewriterBase &rewriter,
                                  FreshNames *names = nullptr);

} // namespace bn::onnx

#endif // BN_LIB_ONNX_BODYEXPANSION_H
