// MergeSlices.cpp - makes one Slice of two that follow each other.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %1 = Slice %x, [0], [9], axes [1]      %y = Slice %1, [2], [5], axes [2]
//   after    %y = Slice %x, [0, 2], [9, 5], axes [1, 2]
//
// Conditions: constant lists that are operands; no axis in both; whatever reads %1 is such a Slice, so that %1 goes; room in the file.

#include "MergeSlices.h"

#include "FileSize.h"
#include "SliceRanges.h"
#include "bn/IR/Onnx/Names.h"

using namespace mlir;
using namespace bn;

/// What both take of the first one's operand; nothing where that is not known, or more than a range along some axis.
static std::optional<SmallVector<SliceRange>> joinRanges(onnx::NodeOpInterface inner, onnx::NodeOpInterface outer) {
  constexpr int64_t hasOperands = 10; // the first version
  if (!inner || !inner.is("Slice") || !outer || !outer.is("Slice") || inner.getSchemaVersion() < hasOperands)
    return std::nullopt;
  std::optional<SmallVector<SliceRange>> ranges = getSliceRanges(inner), others = getSliceRanges(outer);
  if (!ranges || !others)
    return std::nullopt;
  for (const SliceRange &other : *others) {
    if (llvm::any_of(*ranges, [&](const SliceRange &range) { return range.axis == other.axis; }))
      return std::nullopt;
    ranges->push_back(other);
  }
  return ranges;
}

namespace {

/// Slice after Slice  =>  one
struct MergeSlices : public OpInterfaceRewritePattern<onnx::NodeOpInterface> {
  MergeSlices(MLIRContext *context, FreshNames &names) : OpInterfaceRewritePattern(context), names(names) {}
  FreshNames &names;

  LogicalResult matchAndRewrite(onnx::NodeOpInterface outer, PatternRewriter &rewriter) const override {
    auto inner = outer->getNumOperands() ? outer->getOperand(0).getDefiningOp<onnx::NodeOpInterface>() : onnx::NodeOpInterface();
    std::optional<SmallVector<SliceRange>> ranges = joinRanges(inner, outer);
    if (!ranges)
      return rewriter.notifyMatchFailure(outer, "no Slice along other axes before a Slice");
    auto joins = [&](Operation *user) { return joinRanges(inner, dyn_cast<onnx::NodeOpInterface>(user)).has_value(); };
    if (!llvm::all_of(inner->getUsers(), joins))
      return rewriter.notifyMatchFailure(outer, "another node reads the first Slice");
    auto listType = RankedTensorType::get({static_cast<int64_t>(ranges->size())}, rewriter.getI64Type());
    std::string name = onnx::getDisplayName(outer);
    if (4 * estimateInitializerBytes(name + "_starts", listType) > estimateNodeBytes(inner) + getRoom(outer).value_or(0))
      return rewriter.notifyMatchFailure(outer, "the file would grow");

    SmallVector<Value> operands = {inner->getOperand(0)};
    for (auto [ending, member] : {std::pair("_starts", &SliceRange::start), std::pair("_ends", &SliceRange::end),
                                  std::pair("_axes", &SliceRange::axis), std::pair("_steps", &SliceRange::step)}) {
      SmallVector<int64_t> list = llvm::map_to_vector(*ranges, [member = member](const SliceRange &range) { return range.*member; });
      auto value = DenseElementsAttr::get(listType, ArrayRef(list));
      operands.push_back(createInitializer(rewriter, outer->getLoc(), value, names.take(name + ending)));
    }
    rewriter.modifyOpInPlace(outer, [&] { outer->setOperands(operands); });
    eraseIfDead(rewriter, inner->getResult(0));
    return success();
  }
};

} // namespace

void bn::populateMergeSlices(RewritePatternSet &patterns, FreshNames &names) {
  patterns.add<MergeSlices>(patterns.getContext(), names);
}
