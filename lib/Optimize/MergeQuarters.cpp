// MergeQuarters.cpp - makes a SpaceToDepth of the four quarters of an image, as YOLO's first layers take them.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %q = Slice of %x: every other row from r, every other column from c      for r, c in {0, 1}, in any order
//            %p = onnx.concat %q…, channels     %y = onnx.conv %p, %w
//   after    %p = SpaceToDepth %x, blocks of 2     %y = onnx.conv %p, %w with its input channels in SpaceToDepth's order
//
// Conditions: heights and widths are even; the convolution is all that reads %p, has one group and a constant weight of floats that
// nobody else reads.

#include "MergeQuarters.h"

#include "ChannelMath.h"
#include "Opset.h"
#include "SliceRanges.h"
#include "bn/IR/Onnx/Names.h"

using namespace mlir;
using namespace bn;

namespace {

/// Every other row and column of an image, from `row` and `column` on.
struct Quarter {
  Value image;
  int64_t row = -1, column = -1;
};

/// The image that several Slices, one after the other, take a quarter of; nothing where they take anything else.
std::optional<Quarter> findQuarter(Value part) {
  Quarter quarter{part};
  while (auto slice = quarter.image.getDefiningOp<onnx::NodeOpInterface>()) {
    std::optional<SmallVector<SliceRange>> ranges = slice.is("Slice") ? getSliceRanges(slice) : std::nullopt;
    if (!ranges)
      break;
    for (SliceRange range : *ranges) {
      int64_t &start = range.axis == 2 ? quarter.row : quarter.column;
      bool isHalf = (range.axis == 2 || range.axis == 3) && range.step == 2 && (range.start == 0 || range.start == 1) && start < 0;
      if (isHalf)
        start = range.start;
      if (!(isHalf ? SliceRange{range.axis, 0, range.end, 1} : range).isWhole())
        return std::nullopt;
    }
    quarter.image = slice->getOperand(0);
  }
  return quarter.row < 0 || quarter.column < 0 ? std::nullopt : std::optional(quarter);
}

/// For each block of channels of SpaceToDepth, in the order of rows and columns, which operand of the Concat it is; nothing where they
/// are not the quarters of one image.
std::optional<SmallVector<int64_t>> findOrder(onnx::ConcatOp concat, Value &image) {
  SmallVector<int64_t> order(4, -1);
  if (concat->getNumOperands() != order.size())
    return std::nullopt;
  for (auto [i, part] : llvm::enumerate(concat->getOperands())) {
    std::optional<Quarter> quarter = findQuarter(part);
    if (!quarter || (image && quarter->image != image) || order[quarter->row * 2 + quarter->column] >= 0)
      return std::nullopt;
    image = quarter->image;
    order[quarter->row * 2 + quarter->column] = i;
  }
  return order;
}

/// Concat of quarters, convolution  =>  SpaceToDepth, convolution
struct MergeQuarters : public OpRewritePattern<onnx::ConcatOp> {
  MergeQuarters(MLIRContext *context, FreshNames &names) : OpRewritePattern(context), names(names) {}
  FreshNames &names;

  LogicalResult matchAndRewrite(onnx::ConcatOp concat, PatternRewriter &rewriter) const override {
    Value image, result = concat->getResult(0);
    std::optional<SmallVector<int64_t>> order = findOrder(concat, image);
    auto type = order ? dyn_cast<RankedTensorType>(image.getType()) : RankedTensorType();
    if (!type || type.getRank() != 4 || cast<onnx::NodeOpInterface>(concat.getOperation()).getInt("axis", 1) != 1)
      return rewriter.notifyMatchFailure(concat, "no quarters of one image");
    auto isEven = [&](int64_t axis) { return !type.isDynamicDim(axis) && type.getDimSize(axis) % 2 == 0; };
    if (!isEven(2) || !isEven(3) || type.isDynamicDim(1))
      return rewriter.notifyMatchFailure(concat, "the sizes are not known to be even");
    auto conv = result.hasOneUse() ? dyn_cast<onnx::ConvOp>(*result.user_begin()) : onnx::ConvOp();
    onnx::ConstantOp weight = conv && conv.getX() == result && conv.getGroup() == 1 ? getConstant(conv.getW()) : onnx::ConstantOp();
    std::optional<SmallVector<double>> values = weight ? getConstantReals(weight) : std::nullopt;
    if (!values || hasOtherReaders(weight, conv))
      return rewriter.notifyMatchFailure(concat, "no convolution behind it alone whose weight may change");

    ElementsAttr permuted;
    auto weightType = cast<RankedTensorType>(weight.getType());
    Reason why = storeReals(permuteChannels(*values, weightType, *order, type.getDimSize(1)), weightType, "weight", permuted);
    if (why != Reason::None)
      return rewriter.notifyMatchFailure(concat, getCode(why));
    rewriter.setInsertionPoint(conv);
    Value updated = createInitializer(rewriter, weight->getLoc(), permuted, takeVersionName(weight, conv, names));
    rewriter.modifyOpInPlace(conv, [&] { conv.getWMutable().assign(updated); });
    eraseIfDead(rewriter, weight.getResult());
    replaceBySpaceToDepth(concat, image, rewriter);
    return success();
  }

private:
  /// Puts the input channels, `count` for each quarter, into SpaceToDepth's order.
  static SmallVector<double> permuteChannels(ArrayRef<double> values, RankedTensorType type, ArrayRef<int64_t> order, int64_t count) {
    int64_t taps = type.getNumElements() / (type.getDimSize(0) * type.getDimSize(1)), run = count * taps;
    SmallVector<double> result;
    for (int64_t filter = 0; filter < type.getDimSize(0); ++filter)
      for (int64_t quarter : order)
        result.append(values.begin() + (filter * 4 + quarter) * run, values.begin() + (filter * 4 + quarter + 1) * run);
    return result;
  }

  static void replaceBySpaceToDepth(onnx::ConcatOp concat, Value image, PatternRewriter &rewriter) {
    SmallVector<Value> parts(concat->getOperands());
    constexpr int64_t versions[] = {13, 1};
    rewriter.setInsertionPoint(concat);
    auto blocks = rewriter.getDictionaryAttr(rewriter.getNamedAttr("blocksize", rewriter.getI64IntegerAttr(2)));
    auto node = onnx::GenericNodeOp::create(rewriter, concat->getLoc(), concat->getResultTypes(), image,
                                            rewriter.getStringAttr("SpaceToDepth"), rewriter.getStringAttr(""),
                                            rewriter.getI64IntegerAttr(versions[getOpset(concat) < 13]), blocks, ArrayAttr(), 0);
    onnx::takeOutputNames(concat, node);
    rewriter.replaceOp(concat, node);
    eraseIfDead(rewriter, parts);
  }
};

} // namespace

void bn::populateMergeQuarters(RewritePatternSet &patterns, FreshNames &names) {
  patterns.add<MergeQuarters>(patterns.getContext(), names);
}
