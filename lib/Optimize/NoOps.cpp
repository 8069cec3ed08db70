// NoOps.cpp - the table of nodes whose result is their first input.
// SPDX-License-Identifier: Apache-2.0

#include "NoOps.h"

#include "Initializers.h"
#include "SliceRanges.h"

using namespace mlir;

namespace bn {

static bool always(onnx::NodeOpInterface) { return true; }

static bool hasOneInput(onnx::NodeOpInterface node) { return node->getNumOperands() == 1; }

/// The element type is known.
static bool isTensor(onnx::NodeOpInterface node) { return isa<TensorType>(node->getResult(0).getType()); }

/// The rank is known, hence none was added or dropped.
static bool isRanked(onnx::NodeOpInterface node) { return isa<RankedTensorType>(node->getResult(0).getType()); }

/// Equal types tell equal shapes where at most one size is open: the others and the number of elements fix it.
static bool keepsElements(onnx::NodeOpInterface node) {
  auto type = dyn_cast<RankedTensorType>(node->getResult(0).getType());
  return type && type.getNumDynamicDims() <= 1 && !llvm::is_contained(type.getShape(), 0);
}

/// A broadcast to what is known to be the same shape.
static bool isStatic(onnx::NodeOpInterface node) {
  auto type = dyn_cast<RankedTensorType>(node->getResult(0).getType());
  return type && type.hasStaticShape();
}

static bool movesNothing(onnx::NodeOpInterface node) {
  auto type = dyn_cast<RankedTensorType>(node->getResult(0).getType());
  std::optional<ArrayRef<int64_t>> perm = node.getInts("perm");
  return perm ? llvm::is_sorted(*perm) : type && type.getRank() <= 1;
}

static bool takesAll(onnx::NodeOpInterface node) {
  std::optional<SmallVector<SliceRange>> ranges = getSliceRanges(node);
  return ranges && llvm::all_of(*ranges, [](const SliceRange &range) { return range.isWhole(); });
}

/// Versions 1 and 6 say so by `is_test`, 7 and 10 never train, later ones have an input that is absent or false.
static bool isInference(onnx::NodeOpInterface node) {
  if (node.getSchemaVersion() < 7)
    return node.getInt("is_test", 0) != 0;
  if (node.getSchemaVersion() < 12 || node->getNumOperands() < 3 || isAbsent(node->getOperand(2)))
    return true;
  onnx::ConstantOp training = getConstant(node->getOperand(2));
  auto value = training ? dyn_cast<DenseElementsAttr>(training.getValue()) : DenseElementsAttr();
  return value && value.getElementType().isInteger(1) && value.isSplat() && !value.getSplatValue<bool>();
}

namespace {
struct NoOpRule {
  StringLiteral opType;
  bool (*holds)(onnx::NodeOpInterface node); ///< given that input and result have one type
};
} // namespace

static constexpr NoOpRule noOpRules[] = {
    {"Identity", always},       {"Dropout", isInference},      {"Cast", isTensor},       {"CastLike", isTensor},
    {"Reshape", keepsElements}, {"Flatten", keepsElements},    {"Squeeze", isRanked},    {"Unsqueeze", isRanked},
    {"Expand", isStatic},       {"Transpose", movesNothing},   {"Concat", hasOneInput},  {"Sum", hasOneInput},
    {"Mean", hasOneInput},      {"Max", hasOneInput},          {"Min", hasOneInput},
    {"Slice", takesAll},
};

bool isNoOp(Operation *op) {
  auto node = dyn_cast<onnx::NodeOpInterface>(op);
  if (!node || !node.getDomain().empty() || op->getNumOperands() == 0 || op->getNumResults() == 0)
    return false;
  const NoOpRule *rule = llvm::find_if(noOpRules, [&](const NoOpRule &rule) { return rule.opType == node.getOpType(); });
  if (rule == std::end(noOpRules) || op->getOperand(0).getType() != op->getResult(0).getType())
    return false;
  bool onlyFirst = llvm::all_of(op->getResults().drop_front(), [](Value result) { return result.use_empty(); });
  return onlyFirst && rule->holds(node);
}

} // namespace bn
