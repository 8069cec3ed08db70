// MomentsInBodies.cpp - brings moments that are measured in the bodies of nodes out of them.
// SPDX-License-Identifier: Apache-2.0
//
//   If           the branch yields them too; the other one yields zeros, among them the count
//   Loop, Scan   they go around: %m, %v, %n = bn.merge_moments (carried), (of this iteration), from zeros on
//   SequenceMap  it makes lists of them, whose moments, weighted by the counts, are those of all

#include "MomentsInBodies.h"

#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Reference/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace bn::driver {

bool canBringOut(Operation *op) {
  for (Operation *parent = op->getParentOp(); !isa<func::FuncOp>(parent); parent = parent->getParentOp()) {
    if (!reference::isControlFlow(parent))
      return false;
    auto node = cast<onnx::GenericNodeOp>(parent);
    if (node.getOpType() == "Scan" && node.getVersion() < 9) // runs sample by sample
      return false;
  }
  return true;
}

static SmallVector<Value> createZeros(OpBuilder &b, ArrayRef<Value> like) {
  return llvm::map_to_vector(like, [&](Value value) -> Value {
    auto type = cast<RankedTensorType>(value.getType());
    return onnx::ConstantOp::create(b, value.getLoc(), DenseElementsAttr::get(type, b.getFloatAttr(type.getElementType(), 0)));
  });
}

/// Puts a copy with more results, from `position` on, in the node's place. Returns these.
static SmallVector<Value> addResults(onnx::GenericNodeOp node, unsigned position, TypeRange types) {
  SmallVector<Type> all(node->getResultTypes());
  all.insert(all.begin() + position, types.begin(), types.end());
  OpBuilder b(node);
  OperationState state(node.getLoc(), node->getName(), node->getOperands(), all, node->getDiscardableAttrDictionary().getValue());
  state.propertiesAttr = node->getPropertiesAsAttribute();
  for (unsigned i = 0; i < node->getNumRegions(); ++i)
    state.addRegion();
  Operation *copy = b.create(state);
  for (auto [from, to] : llvm::zip_equal(node->getRegions(), copy->getRegions()))
    to.takeBody(from);
  for (auto [i, result] : llvm::enumerate(node->getResults()))
    result.replaceAllUsesWith(copy->getResult(i < position ? i : i + types.size()));
  node->erase();
  return llvm::to_vector_of<Value>(copy->getResults().slice(position, types.size()));
}

static SmallVector<Value> leaveBranch(onnx::GenericNodeOp node, ArrayRef<Value> moments) {
  Region *own = Value(moments[0]).getParentRegion();
  for (Region &branch : node.getBodies()) {
    Operation *terminator = branch.front().getTerminator();
    OpBuilder b(terminator);
    terminator->insertOperands(terminator->getNumOperands(), &branch == own ? SmallVector<Value>(moments) : createZeros(b, moments));
  }
  return addResults(node, node->getNumResults(), ValueRange(moments).getTypes());
}

static SmallVector<Value> leaveIterations(onnx::GenericNodeOp node, ArrayRef<Value> moments) {
  bool isLoop = node.getOpType() == "Loop";
  // A Loop's trip count, condition and state, and what goes around in a body after its condition; a Scan's state is followed by slices.
  unsigned lead = isLoop ? 2 : 0, sliced = isLoop ? 0 : cast<IntegerAttr>(node.getNodeAttr("num_scan_inputs")).getInt();
  unsigned states = node->getNumOperands() - lead - sliced;
  OpBuilder b(node);
  node->insertOperands(lead + states, createZeros(b, moments));
  Block &body = node.getBodies()[0].front();
  SmallVector<Value> both;
  for (auto [i, value] : llvm::enumerate(moments))
    both.push_back(body.insertArgument(lead + states + i, value.getType(), value.getLoc()));
  llvm::append_range(both, moments);
  b.setInsertionPoint(body.getTerminator());
  auto merged = MergeMomentsOp::create(b, node.getLoc(), ValueRange(moments).getTypes(), both);
  body.getTerminator()->insertOperands((isLoop ? 1 : 0) + states, merged.getResults());
  return addResults(node, states, ValueRange(moments).getTypes());
}

/// A list of tensors as one tensor, behind zeros, since a list may be empty.
static Value stack(OpBuilder &b, Location loc, Value list, Value zeros) {
  constexpr int64_t opset = 11;
  auto element = cast<RankedTensorType>(zeros.getType());
  SmallVector<int64_t> shape = {ShapedType::kDynamic};
  llvm::append_range(shape, element.getShape());
  auto create = [&](StringRef type, ValueRange operands, Type result, DictionaryAttr attributes) {
    return onnx::GenericNodeOp::create(b, loc, result, operands, b.getStringAttr(type), b.getStringAttr(""), b.getI64IntegerAttr(opset),
                                       attributes, ArrayAttr(), 0)
        .getResult(0);
  };
  auto integer = [&](int64_t value) { return b.getIntegerAttr(b.getIntegerType(64, /*isSigned=*/true), value); };
  Value first =
      onnx::ConstantOp::create(b, loc, DenseIntElementsAttr::get(RankedTensorType::get({}, b.getIntegerType(64, true)), {int64_t(0)}));
  Value longer = create("SequenceInsert", {list, zeros, first}, list.getType(), b.getDictionaryAttr({}));
  return create("ConcatFromSequence", longer, element.clone(shape),
                b.getDictionaryAttr({b.getNamedAttr("axis", integer(0)), b.getNamedAttr("new_axis", integer(1))}));
}

static SmallVector<Value> leaveSequence(onnx::GenericNodeOp node, ArrayRef<Value> moments) {
  Operation *terminator = node.getBodies()[0].front().getTerminator();
  terminator->insertOperands(terminator->getNumOperands(), moments);
  SmallVector<Type> types =
      llvm::map_to_vector(moments, [](Value value) -> Type { return onnx::SequenceType::get(value.getContext(), value.getType()); });
  OpBuilder b(node->getContext());
  b.setInsertionPointAfter(node);
  SmallVector<Value> lists = addResults(node, node->getNumResults(), types), zeros = createZeros(b, moments);
  Location loc = zeros[0].getLoc();
  SmallVector<Value> stacked;
  for (auto [list, zero] : llvm::zip_equal(lists, zeros))
    stacked.push_back(stack(b, loc, list, zero));
  auto axes = llvm::to_vector(llvm::seq<int64_t>(1, cast<RankedTensorType>(stacked[0].getType()).getRank()));
  auto weighted = [&](Value values) {
    return MomentsOp::create(b, loc, ValueRange(zeros).getTypes(), values, stacked[2], b.getDenseI64ArrayAttr(axes), b.getI64IntegerAttr(1),
                             GhostGroupingAttr::get(b.getContext(), GhostGrouping::Interleaved), b.getF64FloatAttr(0));
  };
  MomentsOp between = weighted(stacked[0]), within = weighted(stacked[1]);
  constexpr int64_t opset = 14;
  Value variance = onnx::AddOp::create(b, loc, zeros[1].getType(), between.getVariance(), within.getMean(), /*axis=*/nullptr,
                                       /*broadcast=*/nullptr, /*consumed_inputs=*/nullptr, opset);
  return {between.getMean(), variance, between.getCount()};
}

SmallVector<Value> bringOut(SmallVector<Value> moments) {
  while (auto node = dyn_cast<onnx::GenericNodeOp>(moments[0].getParentRegion()->getParentOp())) {
    bool isBranch = node.getOpType() == "If", isSequence = node.getOpType() == "SequenceMap";
    moments = isBranch ? leaveBranch(node, moments) : isSequence ? leaveSequence(node, moments) : leaveIterations(node, moments);
  }
  return moments;
}

} // namespace bn::driver
