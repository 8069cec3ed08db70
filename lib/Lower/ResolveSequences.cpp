// ResolveSequences.cpp - replaces sequences whose elements are known by the tensors themselves.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %s = SplitToSequence(%x, %sizes) {axis = 1}     %y = SequenceAt(%s, 0)     %z = SequenceAt(%s, -1)
//   after    %y, %z = Split(%x, %sizes) {axis = 1}
//
//   before   %s = SequenceConstruct(%x, %y)     %z = ConcatFromSequence(%s) {axis = 1}
//   after    %z = Concat(%x, %y) {axis = 1}
//
// Conditions: positions are constant and there; the sizes are constant, or follow from a known shape; nothing else uses the pieces of
// a tensor. Shapes are inferred again behind this pass.

#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Lower/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace bn::lower {
#define GEN_PASS_DEF_RESOLVESEQUENCES
#include "bn/Lower/Passes.h.inc"
} // namespace bn::lower

using namespace mlir;

namespace bn::lower {
namespace {

/// The versions of the operators that come in: the first with sizes as an input, and those of the same meaning.
constexpr int64_t newVersion = 13;

bool isNode(Operation *op, StringRef type) {
  auto node = dyn_cast_or_null<onnx::NodeOpInterface>(op);
  return node && node.is(type);
}

/// The integers of a constant of few elements, or nothing.
std::optional<SmallVector<int64_t>> getIntegers(Value value) {
  DenseIntElementsAttr constant;
  if (!matchPattern(value, m_Constant(&constant)))
    return std::nullopt;
  return llvm::map_to_vector(constant.getValues<APInt>(), [](const APInt &v) { return v.getSExtValue(); });
}

/// The place among `count` that a SequenceAt takes; nothing where that is not known.
std::optional<int64_t> getPlace(Operation *op, int64_t count) {
  std::optional<SmallVector<int64_t>> position = getIntegers(op->getOperand(1));
  if (!position || position->size() != 1)
    return std::nullopt;
  int64_t place = position->front() < 0 ? position->front() + count : position->front();
  return place >= 0 && place < count ? std::optional(place) : std::nullopt;
}

/// A node of the default domain in the place of `op`.
onnx::GenericNodeOp createNode(PatternRewriter &rewriter, Operation *op, StringRef type, ValueRange operands, TypeRange results,
                               ArrayRef<NamedAttribute> attributes) {
  return onnx::GenericNodeOp::create(rewriter, op->getLoc(), results, operands, rewriter.getStringAttr(type), rewriter.getStringAttr(""),
                                     rewriter.getI64IntegerAttr(newVersion), rewriter.getDictionaryAttr(attributes), ArrayAttr(), 0);
}

/// A constant list of integers.
Value createIntegers(PatternRewriter &rewriter, Location loc, ArrayRef<int64_t> values) {
  return onnx::ConstantOp::create(rewriter, loc, rewriter.getI64TensorAttr(values));
}

/// The sizes of the pieces; nothing where they are not known. `node` is a SplitToSequence.
std::optional<SmallVector<int64_t>> getPieces(onnx::NodeOpInterface node, int64_t axis) {
  Value x = node->getOperand(0);
  SmallVector<int64_t> each = {1};
  if (node->getNumOperands() > 1 && !isa<NoneType>(node->getOperand(1).getType())) {
    auto given = getIntegers(node->getOperand(1));
    if (!given || cast<ShapedType>(node->getOperand(1).getType()).getRank() == 1)
      return given;
    each = *given;
  }
  auto type = dyn_cast<RankedTensorType>(x.getType());
  if (!type || axis < -type.getRank() || axis >= type.getRank() || each.size() != 1 || each[0] < 1)
    return std::nullopt;
  int64_t size = type.getDimSize(axis < 0 ? axis + type.getRank() : axis);
  if (ShapedType::isDynamic(size))
    return std::nullopt;
  SmallVector<int64_t> pieces;
  for (int64_t left = size; left > 0; left -= each[0])
    pieces.push_back(std::min(left, each[0]));
  return pieces;
}

/// SplitToSequence and its SequenceAt ⇒ Split
struct ResolveSplit : public OpRewritePattern<onnx::GenericNodeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::GenericNodeOp op, PatternRewriter &rewriter) const override {
    if (!isNode(op, "SplitToSequence"))
      return rewriter.notifyMatchFailure(op, "no split");
    auto node = cast<onnx::NodeOpInterface>(op.getOperation());
    auto tensor = dyn_cast<TensorType>(op.getOperand(0).getType());
    int64_t axis = node.getInt("axis", 0);
    std::optional<SmallVector<int64_t>> pieces = getPieces(node, axis);
    if (!tensor || !pieces || pieces->empty())
      return rewriter.notifyMatchFailure(op, "the sizes are not known");
    for (Operation *user : op->getUsers())
      if (!isNode(user, "SequenceAt") || !getPlace(user, pieces->size()))
        return rewriter.notifyMatchFailure(op, "something else uses the sequence");

    bool drops = (op.getNumOperands() < 2 || isa<NoneType>(op.getOperand(1).getType())) && !node.getInt("keepdims", 1);
    Type open = UnrankedTensorType::get(tensor.getElementType());
    auto axisAttr = rewriter.getNamedAttr("axis", rewriter.getI64IntegerAttr(axis));
    Value sizes = createIntegers(rewriter, op.getLoc(), *pieces);
    auto split = createNode(rewriter, op, "Split", {op.getOperand(0), sizes}, SmallVector<Type>(pieces->size(), open), axisAttr);
    for (Operation *user : llvm::make_early_inc_range(op->getUsers())) {
      Value piece = split.getResult(*getPlace(user, pieces->size()));
      if (drops)
        piece = createNode(rewriter, user, "Squeeze", {piece, createIntegers(rewriter, op.getLoc(), axis)}, open, {}).getResult(0);
      rewriter.replaceOp(user, piece);
    }
    rewriter.eraseOp(op);
    return success();
  }
};

/// SequenceConstruct, then SequenceAt ⇒ the element;  SequenceConstruct, then ConcatFromSequence ⇒ Concat
struct ResolveConstruct : public OpRewritePattern<onnx::GenericNodeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::GenericNodeOp op, PatternRewriter &rewriter) const override {
    if (!isNode(op, "SequenceAt") && !isNode(op, "ConcatFromSequence"))
      return rewriter.notifyMatchFailure(op, "takes nothing from a sequence");
    Operation *producer = op.getOperand(0).getDefiningOp();
    if (!isNode(producer, "SequenceConstruct"))
      return rewriter.notifyMatchFailure(op, "the elements are not known");
    if (isNode(op, "SequenceAt")) {
      std::optional<int64_t> place = getPlace(op, producer->getNumOperands());
      if (!place)
        return rewriter.notifyMatchFailure(op, "the position is not known");
      rewriter.replaceOp(op, producer->getOperand(*place));
      return success();
    }
    auto node = cast<onnx::NodeOpInterface>(op.getOperation());
    auto axis = node.getNodeAttr("axis");
    SmallVector<Value> elements(producer->getOperands());
    if (!axis)
      return rewriter.notifyMatchFailure(op, "without an axis");
    if (node.getInt("new_axis", 0))
      for (Value &element : elements) {
        Value axes = createIntegers(rewriter, op.getLoc(), node.getInt("axis", 0));
        auto tensor = dyn_cast<TensorType>(element.getType());
        Type open = tensor ? Type(UnrankedTensorType::get(tensor.getElementType())) : onnx::AnyType::get(op.getContext());
        element = createNode(rewriter, op, "Unsqueeze", {element, axes}, open, {}).getResult(0);
      }
    auto concat = createNode(rewriter, op, "Concat", elements, op.getResultTypes(), rewriter.getNamedAttr("axis", axis));
    rewriter.replaceOp(op, concat);
    return success();
  }
};

struct ResolveSequencesPass : impl::ResolveSequencesBase<ResolveSequencesPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ResolveSplit, ResolveConstruct>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    // An output may have become the tensor itself, which knows more of its type.
    getOperation()->walk([](func::ReturnOp end) {
      auto function = end->getParentOfType<func::FuncOp>();
      function.setFunctionType(FunctionType::get(end.getContext(), function.getArgumentTypes(), end.getOperandTypes()));
    });
  }
};

} // namespace
} // namespace bn::lower
