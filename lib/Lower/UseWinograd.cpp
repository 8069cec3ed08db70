// UseWinograd.cpp - computes 3×3 convolutions by Winograd's method where that is faster.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %y = kernel.conv %x, %w bias %b
//   after    %v = kernel.winograd_input %x    %m = kernel.matmul %v, %u {packed}    %y = kernel.winograd_output %m bias %b
//
// with u = G w Gᵀ, computed in double and rounded once. Tiles of 4×4 outputs need a quarter of the multiplications and four times the
// memory for weights, tiles of 3×3 a third and 2.8 times, tiles of 2×2 less than half and 1.8 times; the cost model weighs both against
// the direct loops. What a last tile has behind the border is lost, so that each size has images that it suits. With a stride of 2 the
// multiplications fall to 0.69, 0.60 and 0.56 and the weights grow to 2.8, 5.4 and 9 times.
// Conditions: one stride, 1 or 2, dilation 1, weights that are known now, no epilogue yet.

#include "Blocks.h"
#include "Constants.h"
#include "ProductCost.h"
#include "bn/IR/Kernel/PackedElements.h"
#include "bn/IR/Kernel/Winograd.h"
#include "bn/Lower/Passes.h"

#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace bn::lower {
#define GEN_PASS_DEF_USEWINOGRAD
#include "bn/Lower/Passes.h.inc"
} // namespace bn::lower

using namespace mlir;

namespace bn::lower {
namespace {

/// A convolution in numbers: outputs, and channels in whole blocks, of which `used` hold data in each group's inputs. The direct loops
/// take `factors` channels at once.
struct Problem {
  int64_t images, rows, columns, inputs, outputs, block, groups, stride, used, factors;

  int64_t tileRows(int64_t tile) const { return ceilDiv(rows, tile); }
  int64_t tileColumns(int64_t tile) const { return ceilDiv(columns, tile); }
  int64_t tiles(int64_t tile) const { return images * tileRows(tile) * tileColumns(tile); }
};

/// Bytes per cycle at which transformed tiles go to the second cache and come back.
constexpr double kTileBytesPerCycle = 32;

/// Cycles of the direct loops.
double getDirectCost(const Problem &p) {
  double weights = 9.0 * p.used * p.outputs;
  return getProductCost(p.images * p.rows * p.columns * weights / p.block / p.factors, weights * sizeof(float) / p.factors);
}

/// Cycles with tiles of tile×tile outputs.
double getWinogradCost(const Problem &p, int64_t tile) {
  double side = kernel::countWinogradInputs(tile, p.stride), positions = side * side, tiles = p.tiles(tile);
  double weights = positions * p.inputs / p.groups * p.outputs, elements = positions * tiles * (p.inputs + p.outputs);
  double transformCycles = (tile + 2.0) / p.stride; // per position of a tile and block of channels
  double factors = p.groups == 1 && kernel::suitsBFloat(tile, p.stride) ? p.factors : 1;
  double tileBytes = positions * tiles * (p.inputs / factors + p.outputs) * sizeof(float);
  return getProductCost(1.05 * tiles * weights / p.block / factors, weights * sizeof(float) / factors) +
         elements / p.block * transformCycles + 2 * tileBytes / kTileBytesPerCycle;
}

/// The size of tiles that is fastest, or 0 for the direct loops.
int64_t chooseTile(const Problem &p) {
  constexpr double worthIt = 0.9; // the rounding errors are larger
  int64_t best = 0;
  double cost = worthIt * getDirectCost(p);
  for (int64_t tile : {2, 3, 4})
    if (double candidate = getWinogradCost(p, tile); candidate < cost)
      best = tile, cost = candidate;
  return best;
}

/// G w Gᵀ for one input channel and a block of outputs; `taps` are 3×3 rows of `block` weights, `out` gets one row per position.
void transformFilter(const kernel::WinogradMatrix &g, ArrayRef<float> taps, int64_t block, llvm::function_ref<float *(int64_t)> out) {
  int64_t side = g.rows();
  SmallVector<double> half(side * 3 * block), full(block);
  for (int64_t p = 0; p < side; ++p)
    for (int64_t y = 0; y < 3; ++y)
      for (int64_t x = 0; x < 3; ++x)
        for (int64_t lane = 0; lane < block; ++lane)
          half[(p * 3 + x) * block + lane] += g.at(p, y) * taps[(y * 3 + x) * block + lane];
  for (int64_t p = 0; p < side; ++p)
    for (int64_t q = 0; q < side; ++q) {
      std::fill(full.begin(), full.end(), 0.0);
      for (int64_t x = 0; x < 3; ++x)
        for (int64_t lane = 0; lane < block; ++lane)
          full[lane] += g.at(q, x) * half[(p * 3 + x) * block + lane];
      llvm::copy(full, out(p * side + q));
    }
}

/// Weights [O/b][I/b][3][3][b][b] transformed to [α²][O/b][I][b].
Value packTransformed(Builder &b, ElementsAttr weights, const kernel::WinogradTransforms &winograd) {
  Shape shape = weights.getShapedType().getShape();
  int64_t outBlocks = shape[0], inBlocks = shape[1], block = shape[4], positions = winograd.inputTile() * winograd.inputTile();
  ArrayRef<Stored<float>> source = getFloats(weights);
  bool isSplat = source.size() == 1;
  auto fill = [&](MutableArrayRef<float> packed) {
    SmallVector<float> taps(9 * block);
    for (int64_t o = 0; o < outBlocks; ++o)
      for (int64_t i = 0; i < inBlocks * block; ++i) {
        for (int64_t k = 0; k < 9; ++k) {
          const Stored<float> *row = isSplat ? source.data() : &source[(((o * inBlocks + i / block) * 9 + k) * block + i % block) * block];
          for (int64_t lane = 0; lane < block; ++lane)
            taps[k * block + lane] = row[isSplat ? 0 : lane];
        }
        auto rowOf = [&](int64_t position) { return &packed[((position * outBlocks + o) * inBlocks * block + i) * block]; };
        transformFilter(winograd.filter, taps, block, rowOf);
      }
  };
  return constantTensor(b, makeFloats(b.getContext(), {positions, outBlocks, inBlocks * block, block}, fill));
}

/// The input with zeros behind it as far as the last tiles read; a border that it has grows.
Value padForTiles(Builder &b, Value input, int64_t height, int64_t width) {
  Shape shape = shapeOf(input);
  SmallVector<int64_t> low(5, 0), high{0, 0, height - shape[2], width - shape[3], 0};
  if (high[2] <= 0 && high[3] <= 0)
    return input;
  high[2] = std::max<int64_t>(high[2], 0);
  high[3] = std::max<int64_t>(high[3], 0);
  auto border = input.getDefiningOp<tensor::PadOp>();
  if (border && border.getConstantPaddingValue() && matchPattern(border.getConstantPaddingValue(), m_AnyZeroFloat())) {
    input = border.getSource();
    low = llvm::to_vector(border.getStaticLow());
    for (auto [size, more] : llvm::zip(high, border.getStaticHigh()))
      size += more;
  }
  return pad(b, input, low, high, number(b, b.getF32Type(), 0));
}

struct ConvByWinograd : OpRewritePattern<kernel::ConvOp> {
  ConvByWinograd(MLIRContext *context, Type factor) : OpRewritePattern(context), factors(kernel::getLaneFactors(factor)) {}
  LogicalResult matchAndRewrite(kernel::ConvOp op, PatternRewriter &rewriter) const override {
    auto weights = op.getWeights().getDefiningOp<kernel::ConstantOp>();
    Shape filter = shapeOf(op.getWeights()), out = shapeOf(op.getInit());
    int64_t stride = op.getStrides()[0];
    if (shapeOf(op.getInput()).size() != 5)
      return rewriter.notifyMatchFailure(op, "the input is no blocked image");
    if (filter[2] != 3 || filter[3] != 3 || stride > 2 || stride != op.getStrides()[1] ||
        op.getDilations() != ArrayRef<int64_t>{1, 1} || !op.getEpilogue().empty())
      return rewriter.notifyMatchFailure(op, "no plain convolution with a window of 3×3");
    if (!weights || getFloats(weights.getValue()).empty())
      return rewriter.notifyMatchFailure(op, "the weights are not known");
    int64_t groups = op.getGroups(), groupInputs = filter[1] * filter[4];
    Problem problem{out[0], out[2], out[3], groups * groupInputs, out[1] * out[4], out[4], groups, stride, groupInputs, factors};
    if (op.getChannels())
      problem.used = *op.getChannels();
    int64_t tile = chooseTile(problem);
    if (!tile)
      return rewriter.notifyMatchFailure(op, "the direct loops are faster");

    Builder b(op.getLoc(), rewriter);
    const kernel::WinogradTransforms &winograd = kernel::getWinograd(tile, stride);
    int64_t tiles[] = {problem.tileRows(tile), problem.tileColumns(tile)}, count = problem.tiles(tile);
    int64_t positions = winograd.inputTile() * winograd.inputTile();
    auto sizeFor = [&](int64_t count) { return kernel::countWinogradInputs(count * tile, stride); };
    Value input = padForTiles(b, op.getInput(), sizeFor(tiles[0]), sizeFor(tiles[1]));
    Value transformed = empty(b, {positions, count, problem.inputs}, b.getF32Type());
    transformed = kernel::WinogradInputOp::create(b, transformed.getType(), input, transformed, tile, stride, tiles).getResult();
    Value products = empty(b, {positions, count, problem.outputs}, b.getF32Type());
    products = kernel::MatmulOp::create(b, products.getType(), transformed, packTransformed(b, weights.getValue(), winograd), Value(),
                                        ValueRange(), products, /*packed=*/true, groups)
                   .getResult();
    rewriter.replaceOpWithNewOp<kernel::WinogradOutputOp>(op, op.getInit().getType(), products, op.getBias(), ValueRange(), op.getInit(),
                                                          tile, stride);
    kernel::eraseUnusedWeights(rewriter, weights);
    return success();
  }

  int64_t factors;
};

struct UseWinogradPass : impl::UseWinogradBase<UseWinogradPass> {
  using UseWinogradBase::UseWinogradBase;
  void runOnOperation() override {
    Type factor = bfloat16 ? Type(BFloat16Type::get(&getContext())) : Type(Float32Type::get(&getContext()));
    RewritePatternSet patterns(&getContext());
    patterns.add<ConvByWinograd>(&getContext(), factor);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace bn::lower
