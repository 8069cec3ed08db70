// MergeLinearPairs.cpp - makes one node of two linear ones that follow each other.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %1 = onnx.conv %x, %w1, %b1       %y = onnx.conv %1, %w2, %b2
//   after    %y = onnx.conv %x, %w2 ∘ %w1, %w2·%b1 + %b2
//
// Likewise for Gemm and MatMul, between which a shift may stand. Conditions: weights are constants; nobody else reads the first
// result; the second convolution's border reads what a single one would compute; no more multiplications and no more bytes than
// before; every new weight is finite in its storage type.

#include "Affines.h"
#include "BranchTerms.h"
#include "ConvFilter.h"
#include "FloatElements.h"
#include "GraphRewrite.h"
#include "MatrixForms.h"
#include "WeightBudget.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/Optimize/Passes.h"

namespace bn {
#define GEN_PASS_DEF_MERGELINEARPAIRSPASS
#include "bn/Optimize/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

namespace {

/// Computes the convolution that does what both steps of `pair` do.
static Reason joinConvolutions(const BranchTerm &pair, onnx::ConvOp inner, onnx::ConvOp outer, LinearConstants &constants) {
  if (costsMore(pair.shape, pair.cost))
    return Reason::CostGrows;
  bool withBias = !isAbsent(outer.getB()) || hasBias(inner);
  Operation *ops[] = {inner, outer};
  if (countFilterBytes(outer, pair.shape, withBias) > countFreedBytes(ops))
    return Reason::BytesGrow;
  Filter filter;
  double error;
  Reason why = readBranch(pair, filter, error);
  if (why == Reason::None)
    why = storeFilter(outer, filter, withBias, constants);
  constants.error += error;
  constants.growth = 0; // the error of `outer` is a part of it
  return why;
}

/// convolution of convolution  =>  convolution
struct MergeConvolutions : public OpRewritePattern<onnx::ConvOp> {
  MergeConvolutions(MLIRContext *context, FreshNames &names) : OpRewritePattern(context), names(names) {}
  FreshNames &names;

  LogicalResult matchAndRewrite(onnx::ConvOp outer, PatternRewriter &rewriter) const override {
    auto inner = outer.getX().getDefiningOp<onnx::ConvOp>();
    if (!inner || !isBranch(outer.getY(), inner.getX()))
      return rewriter.notifyMatchFailure(outer, "no convolution before it");
    BranchTerm pair;
    if (Reason why = describePair(outer, inner, pair); why != Reason::None)
      return reject(rewriter, outer, why);
    LinearConstants constants;
    if (Reason why = joinConvolutions(pair, inner, outer, constants); why != Reason::None)
      return reject(rewriter, outer, why);

    inheritBranch(outer, inner);
    rewriter.modifyOpInPlace(outer, [&] { outer.getXMutable().assign(inner.getX()); });
    eraseIfDead(rewriter, inner.getY());
    setFilter(rewriter, outer, pair.shape, constants, names);
    return success();
  }

private:
  static Reason describePair(onnx::ConvOp outer, onnx::ConvOp inner, BranchTerm &pair) {
    auto weight = dyn_cast<RankedTensorType>(outer.getW().getType());
    if (!weight)
      return Reason::UnknownShape;
    return describeBranch(outer.getY(), inner.getX(), weight.getDimSize(0), weight.getRank() - 2, pair);
  }
};

/// What a pair of matrix products computes: weight ordered [row][column], bias by column.
struct MatrixPair {
  MatrixForm inner, outer;
  SmallVector<double> weight, bias;

  /// The node that stays: it takes the bias, and so is a Gemm where one of them is.
  MatrixForm &getHeir() { return outer.linear.bias || !inner.linear.bias ? outer : inner; }
};

/// result[row][column] = Σ one[row][middle]·other[middle][column].
static SmallVector<double> multiply(ArrayRef<double> one, ArrayRef<double> other, int64_t middles) {
  int64_t rows = one.size() / middles, columns = other.size() / middles;
  SmallVector<double> result(rows * columns, 0);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t middle = 0; middle < middles; ++middle)
      for (int64_t column = 0; column < columns; ++column)
        result[row * columns + column] += one[row * middles + middle] * other[middle * columns + column];
  return result;
}

static Reason joinMatrices(MatrixPair &pair, LinearConstants &constants) {
  const MatrixForm &inner = pair.inner, &outer = pair.outer;
  if (inner.onRight != outer.onRight || inner.columns != outer.rows)
    return Reason::ShapesDiffer;
  if (inner.rows * outer.columns > inner.rows * inner.columns + outer.rows * outer.columns)
    return Reason::CostGrows;
  bool withBias = hasBias(inner) || hasBias(outer);
  Operation *ops[] = {inner.data->getOwner(), outer.data->getOwner()};
  int64_t width = cast<ShapedType>(outer.linear.weight->get().getType()).getElementTypeBitWidth() / 8;
  if ((inner.rows * outer.columns + withBias * outer.columns) * width > countFreedBytes(ops))
    return Reason::BytesGrow;
  SmallVector<double> first, shift, second, bias;
  Reason why = readMatrix(inner, first, shift);
  if (why == Reason::None)
    why = readMatrix(outer, second, bias);
  if (why != Reason::None)
    return why;
  SmallVector<double> weight = multiply(first, second, inner.columns), moved = multiply(shift, second, inner.columns);
  for (auto [b, m] : llvm::zip_equal(bias, moved))
    b += m;
  if (!withBias)
    bias.clear();
  why = storeMatrix(pair.getHeir(), inner.rows, outer.columns, weight, bias, constants);
  double largest = std::max(1.0, getReach(first, shift, inner.columns));
  constants.error += getNotedError(inner.data->getOwner()) * getReach(second, {}, outer.columns);
  constants.error += getNotedError(outer.data->getOwner()) * largest;
  constants.growth = 0;
  return why;
}

/// matrix product of matrix product  =>  matrix product
template <typename Op>
struct MergeMatrices : public OpRewritePattern<Op> {
  MergeMatrices(MLIRContext *context, FreshNames &names) : OpRewritePattern<Op>(context), names(names) {}
  FreshNames &names;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    MatrixPair pair;
    if (Reason why = describeMatrix(op, pair.outer); why != Reason::None)
      return reject(rewriter, op, why);
    Operation *producer = pair.outer.data->get().getDefiningOp();
    if (!producer)
      return reject(rewriter, op, Reason::NoProducer);
    if (Reason why = describeMatrix(producer, pair.inner); why != Reason::None)
      return reject(rewriter, op, why);
    if (Reason why = checkSoleReader(pair.outer.data->get()); why != Reason::None)
      return reject(rewriter, op, why);
    auto gemm = dyn_cast<onnx::GemmOp>(op.getOperation());
    if (producer->getBlock() != op->getBlock() || (gemm && gemm.getTransA()))
      return reject(rewriter, op, Reason::ProducerNotLinear);
    LinearConstants constants;
    if (Reason why = joinMatrices(pair, constants); why != Reason::None)
      return reject(rewriter, op, why);

    rewrite(rewriter, pair, constants);
    return success();
  }

private:
  void rewrite(PatternRewriter &rewriter, MatrixPair &pair, const LinearConstants &constants) const {
    Operation *inner = pair.inner.data->getOwner(), *outer = pair.outer.data->getOwner();
    MatrixForm &form = pair.getHeir();
    Operation *heir = form.data->getOwner();
    inheritBranch(heir, heir == outer ? inner : outer);
    if (heir == inner) {
      onnx::takeOutputNames(outer, inner);
      inner->getResult(0).setType(outer->getResult(0).getType());
      Value weight = pair.outer.linear.weight->get();
      rewriter.replaceOp(outer, inner);
      eraseIfDead(rewriter, weight);
    } else {
      auto first = dyn_cast<onnx::GemmOp>(inner), second = dyn_cast<onnx::GemmOp>(outer);
      Value between = form.data->get();
      form.data->set(pair.inner.data->get());
      if (first && second && first.getTransA())
        second.setTransA(1);
      eraseIfDead(rewriter, between);
    }
    rewriter.modifyOpInPlace(heir, [&] { replaceConstants(rewriter, heir, form.linear, constants, names); });
  }
};

/// product of (product + shift)  =>  product of product, + shift; as a step to what MergeMatrices makes of it
struct MoveShiftBehind : public OpRewritePattern<onnx::MatMulOp> {
  MoveShiftBehind(MLIRContext *context, FreshNames &names) : OpRewritePattern(context), names(names) {}
  FreshNames &names;

  LogicalResult matchAndRewrite(onnx::MatMulOp outer, PatternRewriter &rewriter) const override {
    MatrixPair pair;
    if (describeMatrix(outer, pair.outer) != Reason::None)
      return rewriter.notifyMatchFailure(outer, "no product with a constant matrix");
    auto shift = pair.outer.data->get().getDefiningOp<AffineOp>();
    auto inner = shift ? shift.getInput().getDefiningOp<onnx::MatMulOp>() : onnx::MatMulOp();
    if (!inner || inner->getBlock() != outer->getBlock() || !getMap(shift).hasUnitScale())
      return rewriter.notifyMatchFailure(outer, "no shifted product before it");
    if (checkSoleReader(shift) != Reason::None || checkSoleReader(inner) != Reason::None)
      return rewriter.notifyMatchFailure(outer, "others read the product before it");
    SmallVector<double> moved;
    if (Reason why = moveShift(pair, shift, inner, moved); why != Reason::None)
      return reject(rewriter, outer, why);

    rewriter.setInsertionPointAfter(outer);
    Value result = outer.getY();
    auto behind = AffineOp::create(rewriter, shift->getLoc(), result.getType(), result, SmallVector<double>(moved.size(), 1), moved,
                                   pair.outer.linear.axis);
    onnx::setOutputNames(behind, {names.take((onnx::getValueName(result) + "_shifted").str())});
    if (StringAttr name = getReplacementName(shift))
      behind->setAttr(onnx::attr::name, name);
    addSources(behind, getSources(shift));
    rewriter.replaceAllUsesExcept(result, behind.getOutput(), behind);
    rewriter.modifyOpInPlace(outer, [&] { pair.outer.data->set(inner.getY()); });
    eraseIfDead(rewriter, shift.getOutput());
    return success();
  }

private:
  /// What the shift becomes behind the second product, where the two products will be one then.
  static Reason moveShift(MatrixPair &pair, AffineOp shift, onnx::MatMulOp inner, SmallVectorImpl<double> &moved) {
    ChannelMap map;
    LinearConstants constants;
    SmallVector<double> weight, bias;
    Reason why = describeMatrix(inner, pair.inner);
    if (why == Reason::None)
      why = getMapAlong(shift, pair.inner.linear.axis, pair.inner.columns, map);
    if (why == Reason::None)
      why = joinMatrices(pair, constants);
    if (why == Reason::None)
      why = readMatrix(pair.outer, weight, bias);
    if (why != Reason::None)
      return why;
    Operation *ops[] = {inner, shift, pair.outer.data->getOwner()};
    auto type = cast<ShapedType>(pair.outer.linear.weight->get().getType());
    if ((pair.inner.rows + 1) * pair.outer.columns * type.getElementTypeBitWidth() / 8 > countFreedBytes(ops))
      return Reason::BytesGrow;
    moved = multiply(map.offset, weight, pair.inner.columns);
    return checkFit(moved, type.getElementType());
  }
};

struct MergeLinearPairsPass : public bn::impl::MergeLinearPairsPassBase<MergeLinearPairsPass> {
  void runOnOperation() override {
    FreshNames names(getOperation());
    RewritePatternSet patterns(&getContext());
    patterns.add<MergeConvolutions, MergeMatrices<onnx::GemmOp>, MergeMatrices<onnx::MatMulOp>, MoveShiftBehind>(&getContext(), names);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), getGraphRewriteConfig())))
      signalPassFailure();
  }
};

} // namespace
