// UseBFloat16.cpp - multiplies bf16 in convolutions and matrix products with known weights.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %y = kernel.conv %x, %w bias %b                                          all f32
//   after    %h = %x rounded to bf16    %y = kernel.conv %h, %v bias %b               %v: pairs of channels of %w, rounded once
//
// Sums, biases and epilogues stay f32. What is rounded is stored so where it is computed (StoreBFloat16.cpp). Conditions: f32 in blocks of
// channels, or packed for a product; the weights are known now, but for a factor of each input channel, and none of them is too large for
// bf16; tiles of Winograd's method are small.

#include "Blocks.h"
#include "Constants.h"
#include "FuseEpilogues.h"
#include "Products.h"
#include "UseBFloat16.h"
#include "bn/IR/Kernel/PackedElements.h"
#include "bn/IR/Kernel/Winograd.h"
#include "bn/Lower/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace bn::lower {
#define GEN_PASS_DEF_USEBFLOAT16
#include "bn/Lower/Passes.h.inc"
} // namespace bn::lower

using namespace mlir;

namespace bn::lower {
namespace {

/// The bits of a number rounded to bf16, to the nearest and half to even.
uint16_t roundToBFloat(float value) {
  uint32_t bits = llvm::bit_cast<uint32_t>(value);
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

/// Whether all numbers stay finite.
bool fitBFloat(ArrayRef<Stored<float>> values) {
  constexpr float limit = 0x1.ffp127f; // half way between the largest bf16 and what would be the next
  return llvm::all_of(values, [](float value) { return std::abs(value) < limit; });
}

/// Weights whose last dimensions are [rows][b] with pairs of rows side by side, [rows/2][b·2], the last with a zero where they are odd.
Value packPairs(Builder &b, ElementsAttr weights) {
  SmallVector<int64_t> shape(weights.getShapedType().getShape());
  int64_t block = shape.back(), rows = shape[shape.size() - 2], pairs = ceilDiv(rows, 2), count = weights.getNumElements() / (rows * block);
  shape.back() = 2 * block;
  shape[shape.size() - 2] = pairs;
  ArrayRef<Stored<float>> source = getFloats(weights);
  bool isSplat = source.size() == 1;
  auto fill = [&](MutableArrayRef<uint16_t> packed) {
    for (int64_t i = 0; i < count; ++i)
      for (int64_t row = 0; row < rows; ++row) {
        const Stored<float> *from = &source[isSplat ? 0 : (i * rows + row) * block];
        uint16_t *to = &packed[(i * pairs + row / 2) * 2 * block + row % 2];
        for (int64_t lane = 0; lane < block; ++lane)
          to[2 * lane] = roundToBFloat(from[isSplat ? 0 : lane]);
      }
  };
  return constantTensor(b, makeBFloats(b.getContext(), shape, fill));
}

/// The constant behind f32 weights that fit, or null.
kernel::ConstantOp findWeights(Value weights) {
  auto constant = weights.getDefiningOp<kernel::ConstantOp>();
  ArrayRef<Stored<float>> values = constant ? getFloats(constant.getValue()) : ArrayRef<Stored<float>>();
  return !values.empty() && fitBFloat(values) ? constant : kernel::ConstantOp();
}

/// A factor of each input channel, whose last dimension is [b], as one of each weight of two rows in pairs, [b/2][b·2].
Value repeatInPairs(Builder &b, Value factors) {
  SmallVector<int64_t> shape(shapeOf(factors));
  int64_t block = shape.pop_back_val();
  shape.append({block / 2, 1, 2});
  Value pairs = reshape(b, factors, shape);
  shape[shape.size() - 2] = block;
  pairs = map(b, typeOf(pairs).clone(shape), pairs, [](Builder &, ValueRange v) { return v[0]; });
  shape.pop_back();
  shape.back() = 2 * block;
  return reshape(b, pairs, shape);
}

/// What computes a filter from known weights and factors of its input channels, as squeeze and excitation does.
struct ScaledFilter {
  linalg::GenericOp loops;
  kernel::ConstantOp weights; ///< null where the filter is something else

  explicit ScaledFilter(Value filter) : loops(filter.getDefiningOp<linalg::GenericOp>()) {
    if (!loops || !isElementwise(loops) || !filter.hasOneUse())
      return;
    bool isOther = false;
    for (OpOperand *operand : loops.getDpsInputOperands()) {
      AffineMap map = loops.getMatchingIndexingMap(operand);
      if (map.isIdentity() && !weights)
        weights = findWeights(operand->get());
      else if (!repeatsInOrder(map) || map.isFunctionOfDim(0) || map.isFunctionOfDim(5) || !map.isFunctionOfDim(4))
        isOther = true;
    }
    if (isOther)
      weights = {};
  }

  /// The same loops on pairs of rows, rounded.
  Value packPairs(Builder &b) {
    SmallVector<Value> operands;
    SmallVector<AffineMap> maps;
    for (OpOperand *operand : loops.getDpsInputOperands()) {
      bool isWeights = operand->get() == weights.getResult();
      AffineMap map = loops.getMatchingIndexingMap(operand);
      operands.push_back(isWeights ? lower::packPairs(b, weights.getValue()) : repeatInPairs(b, operand->get()));
      maps.push_back(isWeights ? map : map.insertResult(b.getAffineDimExpr(5), map.getNumResults()));
    }
    maps.push_back(b.getMultiDimIdentityMap(6));
    size_t place = llvm::find_if(operands, [](Value v) { return typeOf(v).getElementType().isBF16(); }) - operands.begin();
    Value init = empty(b, shapeOf(operands[place]), b.getBF16Type());
    auto body = [&](OpBuilder &builder, Location loc, ValueRange arguments) {
      Builder inner(loc, builder);
      IRMapping mapping;
      for (auto [from, to] : llvm::zip(loops.getBody()->getArguments(), arguments))
        mapping.map(from, convertFloat(inner, to, inner.getF32Type()));
      for (Operation &op : loops.getBody()->without_terminator())
        inner.clone(op, mapping);
      Value filter = mapping.lookupOrDefault(loops.getBody()->getTerminator()->getOperand(0));
      linalg::YieldOp::create(inner, convertFloat(inner, filter, inner.getBF16Type()));
    };
    return linalg::GenericOp::create(b, init.getType(), operands, init, maps, loops.getIteratorTypesArray(), body).getResult(0);
  }
};

/// conv of f32 ⇒ conv of bf16
struct ConvolveBFloats : OpRewritePattern<kernel::ConvOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(kernel::ConvOp op, PatternRewriter &rewriter) const override {
    if (!typeOf(op.getInput()).getElementType().isF32() || typeOf(op.getInput()).getRank() != 5)
      return rewriter.notifyMatchFailure(op, "the input is no image of f32 in blocks");
    kernel::ConstantOp weights = findWeights(op.getWeights());
    ScaledFilter scaled(op.getWeights());
    if (!weights && !scaled.weights)
      return rewriter.notifyMatchFailure(op, "the weights are not known, or too large");
    Builder b(op.getLoc(), rewriter);
    Value image = convert(b, op.getInput(), b.getBF16Type());
    Value packed = weights ? packPairs(b, weights.getValue()) : scaled.packPairs(b);
    rewriter.modifyOpInPlace(op, [&] {
      op.getInputMutable().assign(image);
      op.getWeightsMutable().assign(packed);
      if (std::optional<uint64_t> channels = op.getChannels()) // behind the last are zero weights
        op.setChannels(*channels + *channels % 2);
    });
    if (!weights)
      rewriter.eraseOp(scaled.loops);
    kernel::eraseUnusedWeights(rewriter, weights ? weights : scaled.weights);
    return success();
  }
};

/// matmul of f32 ⇒ matmul of bf16
struct MultiplyBFloats : OpRewritePattern<kernel::MatmulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(kernel::MatmulOp op, PatternRewriter &rewriter) const override {
    auto tiles = op.getLhs().getDefiningOp<kernel::WinogradInputOp>();
    bool isKept = tiles && !kernel::suitsBFloat(tiles.getTile(), tiles.getStride());
    if (!typeOf(op.getLhs()).getElementType().isF32() || !op.getPacked() || op.getGroups() != 1 || isKept)
      return rewriter.notifyMatchFailure(op, "no packed matrices of f32, or tiles whose errors would grow");
    kernel::ConstantOp weights = findWeights(op.getRhs());
    if (!weights)
      return rewriter.notifyMatchFailure(op, "the weights are not known, or too large");
    Builder b(op.getLoc(), rewriter);
    Value rows = padDepth(b, convert(b, op.getLhs(), b.getBF16Type())), packed = packPairs(b, weights.getValue());
    rewriter.modifyOpInPlace(op, [&] {
      op.getLhsMutable().assign(rows);
      op.getRhsMutable().assign(packed);
    });
    kernel::eraseUnusedWeights(rewriter, weights);
    return success();
  }
};

struct UseBFloat16Pass : impl::UseBFloat16Base<UseBFloat16Pass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ConvolveBFloats, MultiplyBFloats>(&getContext());
    RewritePatternSet conversions(&getContext());
    populateStoreBFloat16(conversions);
    populateMoveBFloat16(conversions);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))) ||
        failed(applyPatternsGreedily(getOperation(), std::move(conversions))))
      signalPassFailure();
  }
};

} // namespace
} // namespace bn::lower
