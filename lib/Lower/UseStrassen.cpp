// UseStrassen.cpp - computes large 1×1 convolutions by Strassen's method where that is faster.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %y = kernel.conv %x, %w bias %b
//   after    %y = kernel.strassen_conv %x, %sums bias %b
//
// One level saves an eighth of the multiply-adds. Sums of the weights, computed in double and rounded once, are 7/4 of the weights; the
// cost model weighs their arrival and the sums of inputs and of products against what is saved.
// Conditions: a stride of 1, one group, a blocked image of f32, even numbers of blocks, weights that are known now, no epilogue yet.

#include "Blocks.h"
#include "Constants.h"
#include "ProductCost.h"
#include "bn/IR/Kernel/PackedElements.h"
#include "bn/Lower/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace bn::lower {
#define GEN_PASS_DEF_USESTRASSEN
#include "bn/Lower/Passes.h.inc"
} // namespace bn::lower

using namespace mlir;

namespace bn::lower {
namespace {

/// A convolution in numbers: positions of an image, and channels in whole blocks.
struct Problem {
  int64_t images, positions, inputs, outputs, block;
};

/// More inputs leave no room in the caches for their sums.
constexpr int64_t kMaxInputs = 4096;

/// Cycles of the direct loops.
double getDirectCost(const Problem &p) {
  double weights = static_cast<double>(p.inputs) * p.outputs;
  return getProductCost(p.images * p.positions * weights / p.block, weights * sizeof(float));
}

/// Cycles of seven products of halves, with the sums before and between them.
double getStrassenCost(const Problem &p) {
  constexpr double inputCycles = 5, outputCycles = 3; // per vector
  double weights = 7.0 / 8 * p.inputs * p.outputs, positions = p.images * 2.0 * ceilDiv(p.positions, 2);
  return getProductCost(positions * weights / p.block, 2 * weights * sizeof(float)) +
         positions / p.block * (inputCycles * p.inputs + outputCycles * p.outputs);
}

/// Weights [O/b][I/b][1][1][b][b] as sums of quarters, [O/2b][7][I/2][b].
Value packSums(Builder &b, ElementsAttr weights) {
  Shape shape = weights.getShapedType().getShape();
  int64_t outBlocks = shape[0] / 2, block = shape[4], half = shape[1] * block / 2;
  ArrayRef<Stored<float>> source = getFloats(weights);
  auto fill = [&](MutableArrayRef<float> packed) {
    for (int64_t o = 0; o < outBlocks; ++o)
      for (int64_t i = 0; i < half; ++i)
        for (int64_t lane = 0; lane < block; ++lane) {
          auto at = [&](int64_t secondInputs, int64_t secondOutputs) -> double {
            int64_t row = (o + secondOutputs * outBlocks) * 2 * half + i + secondInputs * half;
            return source.size() == 1 ? source[0] : source[row * block + lane];
          };
          double b11 = at(0, 0), b12 = at(0, 1), b21 = at(1, 0), b22 = at(1, 1), t1 = b12 - b11, t2 = b22 - t1;
          double sums[] = {b11, b21, t2, b22 - b12, b21 - t2, t1, b22};
          for (auto [product, sum] : llvm::enumerate(sums))
            packed[((o * 7 + product) * half + i) * block + lane] = sum;
        }
  };
  return constantTensor(b, makeFloats(b.getContext(), {outBlocks, 7, half, block}, fill));
}

struct ConvByStrassen : OpRewritePattern<kernel::ConvOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(kernel::ConvOp op, PatternRewriter &rewriter) const override {
    auto weights = op.getWeights().getDefiningOp<kernel::ConstantOp>();
    Shape in = shapeOf(op.getInput()), filter = shapeOf(op.getWeights()), out = shapeOf(op.getInit());
    auto areOnes = [](ArrayRef<int64_t> sizes) { return sizes == ArrayRef<int64_t>{1, 1}; };
    if (in.size() != 5)
      return rewriter.notifyMatchFailure(op, "the input is no blocked image");
    if (!areOnes(filter.slice(2, 2)) || !areOnes(op.getStrides()) || op.getGroups() != 1 || in.slice(2, 2) != out.slice(2, 2) ||
        !op.getEpilogue().empty())
      return rewriter.notifyMatchFailure(op, "no plain convolution with a window of 1×1");
    if (!weights || getFloats(weights.getValue()).empty() || !getElementTypeOrSelf(op.getInit()).isF32())
      return rewriter.notifyMatchFailure(op, "the weights are not known, or not f32");
    if (op.getChannels() && static_cast<int64_t>(*op.getChannels()) < in[1] * in[4])
      return rewriter.notifyMatchFailure(op, "lanes behind the last channel must not be read");
    if (filter[0] % 2 || filter[1] % 2)
      return rewriter.notifyMatchFailure(op, "the blocks of channels have no halves");
    Problem problem{out[0], out[2] * out[3], in[1] * in[4], out[1] * out[4], out[4]};
    if (problem.inputs > kMaxInputs)
      return rewriter.notifyMatchFailure(op, "the sums of the inputs are too large");
    constexpr double worthIt = 0.93; // the rounding errors are larger, and the loops take four times as long to compile
    if (getStrassenCost(problem) > worthIt * getDirectCost(problem))
      return rewriter.notifyMatchFailure(op, "the direct loops are faster");

    Builder b(op.getLoc(), rewriter);
    rewriter.replaceOpWithNewOp<kernel::StrassenConvOp>(op, op.getInit().getType(), op.getInput(), packSums(b, weights.getValue()),
                                                        op.getBias(), ValueRange(), op.getInit());
    kernel::eraseUnusedWeights(rewriter, weights);
    return success();
  }
};

struct UseStrassenPass : impl::UseStrassenBase<UseStrassenPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ConvByStrassen>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace bn::lower
