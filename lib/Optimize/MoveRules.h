// MoveRules.h - which operators an affine passes, and what becomes of it there.
// SPDX-License-Identifier: Apache-2.0
//
// A further operator is a further row of the table in MoveRules.cpp. Most have one path, from the first operand to the first
// result: one function says what becomes of the map on the way, in either direction.

#ifndef BN_OPTIMIZE_MOVERULES_H
#define BN_OPTIMIZE_MOVERULES_H

#include "MovePlan.h"
#include "bn/IR/Onnx/Onnx.h"

namespace bn {

/// Demands of the node's operands what makes `result` become map(result).
using PullRule = Reason (*)(mlir::OpResult result, const BroadcastMap &map, MovePlan &plan);
/// Promises for the node's results what follows when `use` comes without `map`.
using PushRule = Reason (*)(mlir::OpOperand &use, const BroadcastMap &map, MovePlan &plan);

/// What an operator may do to the size of numbers: a sum of two large ones may be small, their product larger.
enum class Change { None, Shrinks, Grows, Both };

struct MoveRule {
  llvm::StringLiteral opType;
  PullRule pull;
  PushRule push; ///< null where there is none
  Change change = Change::None;
};

/// The operator's rule, or null.
const MoveRule *findMoveRule(onnx::NodeOpInterface node);

enum class Direction {
  ToInput, ///< the map is one of the result
  ToResult ///< the map is one of the operand
};

/// Turns the map at one end of a node into that at the other end.
using Transfer = Reason (*)(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &plan);

// Layouts: MoveLayouts.cpp
Reason transferIdentity(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &plan);
Reason transferCast(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &plan);
Reason transferReshape(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &plan);
Reason transferSqueeze(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &plan);
Reason transferUnsqueeze(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &plan);
Reason transferTranspose(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &plan);
Reason transferSlice(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &plan);
Reason transferGather(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &plan);
Reason transferUniform(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &plan);
Reason transferRepeat(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &plan);

// Nodes that compute with one input: MoveThroughMeans.cpp
Reason transferHomogeneous(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &plan);
Reason transferNegation(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &plan);
Reason transferAveragePool(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &plan);
Reason transferMaxPool(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &plan);
Reason transferReduceMean(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &plan);
Reason transferReduceExtreme(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &plan);
Reason transferReduceSum(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &plan);
Reason transferResize(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &plan);
Reason transferPad(onnx::NodeOpInterface node, Direction direction, BroadcastMap &map, MovePlan &plan);

// Nodes that compute with several values: MoveBranches.cpp
Reason pullSum(mlir::OpResult result, const BroadcastMap &map, MovePlan &plan);
Reason pushSum(mlir::OpOperand &use, const BroadcastMap &map, MovePlan &plan);
Reason pullProduct(mlir::OpResult result, const BroadcastMap &map, MovePlan &plan);
Reason pushProduct(mlir::OpOperand &use, const BroadcastMap &map, MovePlan &plan);
Reason pullQuotient(mlir::OpResult result, const BroadcastMap &map, MovePlan &plan);
Reason pushQuotient(mlir::OpOperand &use, const BroadcastMap &map, MovePlan &plan);
Reason pullMatMul(mlir::OpResult result, const BroadcastMap &map, MovePlan &plan);
Reason pullGemm(mlir::OpResult result, const BroadcastMap &map, MovePlan &plan);
Reason pushMatMul(mlir::OpOperand &use, const BroadcastMap &map, MovePlan &plan);
Reason pullMean(mlir::OpResult result, const BroadcastMap &map, MovePlan &plan);
Reason pullMax(mlir::OpResult result, const BroadcastMap &map, MovePlan &plan);
Reason pullWhere(mlir::OpResult result, const BroadcastMap &map, MovePlan &plan);

// Nodes that join or split values along an axis: MoveParts.cpp
Reason pullConcat(mlir::OpResult result, const BroadcastMap &map, MovePlan &plan);
Reason pushConcat(mlir::OpOperand &use, const BroadcastMap &map, MovePlan &plan);
Reason pullSplit(mlir::OpResult result, const BroadcastMap &map, MovePlan &plan);
Reason pushSplit(mlir::OpOperand &use, const BroadcastMap &map, MovePlan &plan);

/// The shape of a tensor, or nothing.
std::optional<llvm::ArrayRef<int64_t>> getShape(mlir::Value value);

} // namespace bn

#endif // BN_OPTIMIZE_MOVERULES_H
