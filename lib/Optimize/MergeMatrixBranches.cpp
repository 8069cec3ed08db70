// MergeMatrixBranches.cpp - makes one matrix product of parallel ones that meet in a sum.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %1 = onnx.mat_mul %x, %w1     %2 = bn.affine %1 offset b     %3 = onnx.gemm %x, %w2, %c     %y = onnx.sub %2, %3
//   after    %y = onnx.gemm %x, %w1 - %w2, b - %c
//
// Conditions: weights are constant matrices on the same side, of one size; all products read the same value, transposed or not; nobody
// else reads a branch; no more bytes than before; every new weight is finite in its storage type. Where all are MatMul, which takes no
// bias, their shifts become one behind the product.

#include "MergeMatrixBranches.h"

#include "Affines.h"
#include "ConvFilter.h"
#include "FloatElements.h"
#include "LinearConstants.h"
#include "LinearOps.h"
#include "MatrixForms.h"
#include "SumTree.h"
#include "WeightBudget.h"
#include "bn/IR/Onnx/Names.h"

using namespace mlir;

namespace bn {

namespace {

/// A branch: a matrix product, and perhaps a shift behind it.
struct MatrixBranch {
  size_t place; ///< in the tree
  bool negative;
  MatrixForm form;
  AffineOp shift;

  Operation *getProduct() const { return form.data->getOwner(); }
  bool isGemm() const { return isa<onnx::GemmOp>(getProduct()); }
};

/// Branches that become one product, and what that computes.
struct MatrixGroup {
  std::vector<MatrixBranch> branches;
  SmallVector<double> weight, bias;
  double error = 0; ///< that the branches note already

  /// The branch whose node stays: one that takes a bias, if there is one.
  const MatrixBranch &getHeir() const {
    auto gemm = llvm::find_if(branches, [](const MatrixBranch &branch) { return branch.isGemm(); });
    return gemm == branches.end() ? branches.front() : *gemm;
  }
  SmallVector<Operation *> getNodes() const {
    SmallVector<Operation *> nodes;
    for (const MatrixBranch &branch : branches) {
      nodes.push_back(branch.getProduct());
      if (branch.shift)
        nodes.push_back(branch.shift);
    }
    return nodes;
  }
};

} // namespace

/// Describes the leaf as a branch; false where it is none.
static bool describeBranch(const SumTree &tree, size_t place, MatrixBranch &branch) {
  const SumLeaf &leaf = tree.leaves[place];
  branch = {place, leaf.negative, {}, leaf.value.getDefiningOp<AffineOp>()};
  Value product = branch.shift ? branch.shift.getInput() : leaf.value;
  Operation *op = product.getDefiningOp();
  if (!op || op->getBlock() != tree.getRoot()->getBlock() || checkSoleReader(leaf.value) != Reason::None ||
      checkSoleReader(product) != Reason::None || describeMatrix(op, branch.form) != Reason::None)
    return false;
  ChannelMap map;
  return !branch.shift || (getMap(branch.shift).hasUnitScale() &&
                           getMapAlong(branch.shift, branch.form.linear.axis, branch.form.columns, map) == Reason::None);
}

static bool readsTransposed(const MatrixBranch &branch) {
  auto gemm = dyn_cast<onnx::GemmOp>(branch.getProduct());
  return gemm && (branch.form.onRight ? gemm.getTransA() : gemm.getTransB());
}

/// Whether the products of both may be added before they are multiplied.
static bool areParallel(const MatrixBranch &one, const MatrixBranch &other) {
  auto getType = [](const MatrixBranch &branch) { return getElementTypeOrSelf(branch.form.linear.weight->get().getType()); };
  return one.form.data->get() == other.form.data->get() && one.form.onRight == other.form.onRight && one.form.rows == other.form.rows &&
         one.form.columns == other.form.columns && readsTransposed(one) == readsTransposed(other) && getType(one) == getType(other);
}

/// The first leaves that go together; fewer than two where there are none.
static MatrixGroup gather(const SumTree &tree) {
  std::vector<MatrixBranch> all;
  for (size_t place = 0; place < tree.leaves.size(); ++place)
    if (MatrixBranch branch; describeBranch(tree, place, branch))
      all.push_back(branch);
  for (const MatrixBranch &first : all) {
    MatrixGroup group;
    llvm::copy_if(all, std::back_inserter(group.branches), [&](const MatrixBranch &other) { return areParallel(first, other); });
    if (group.branches.size() > 1)
      return group;
  }
  return {};
}

/// Adds the branches' numbers up.
static Reason sumUp(MatrixGroup &group) {
  const MatrixForm &form = group.branches.front().form;
  group.weight.assign(form.rows * form.columns, 0);
  group.bias.assign(form.columns, 0);
  for (const MatrixBranch &branch : group.branches) {
    SmallVector<double> weight, bias;
    if (Reason why = readMatrix(branch.form, weight, bias); why != Reason::None)
      return why;
    ChannelMap shift = ChannelMap{{1}, {0}}.spread(form.columns);
    if (branch.shift)
      (void)getMapAlong(branch.shift, branch.form.linear.axis, form.columns, shift);
    double sign = branch.negative ? -1 : 1;
    for (auto [sum, value] : llvm::zip_equal(group.weight, weight))
      sum += sign * value;
    for (auto [sum, value, offset] : llvm::zip_equal(group.bias, bias, shift.offset))
      sum += sign * (value + offset);
    group.error += getNotedError(branch.getProduct());
  }
  return Reason::None;
}

/// Computes the new constants of the heir; the bias only where it takes one.
static Reason computeConstants(MatrixGroup &group, LinearConstants &constants) {
  if (Reason why = sumUp(group); why != Reason::None)
    return why;
  const MatrixBranch &heir = group.getHeir();
  bool shifts = llvm::any_of(group.bias, [](double value) { return value != 0; }) || hasBias(heir.form);
  auto type = cast<ShapedType>(heir.form.linear.weight->get().getType());
  int64_t elements = group.weight.size() + (shifts ? group.bias.size() : 0);
  if (elements * type.getElementTypeBitWidth() / 8 > countFreedBytes(group.getNodes()))
    return Reason::BytesGrow;
  if (!shifts)
    group.bias.clear();
  ArrayRef<double> bias = heir.isGemm() ? ArrayRef(group.bias) : ArrayRef<double>();
  Reason why = storeMatrix(heir.form, heir.form.rows, heir.form.columns, group.weight, bias, constants);
  if (why == Reason::None && !heir.isGemm())
    why = checkFit(group.bias, type.getElementType());
  constants.error += group.error;
  constants.growth = 0; // the heir's own error is among them
  return why;
}

namespace {

/// sum of matrix products of one value  =>  matrix product, plus what is left of the sum
struct MergeMatrixBranches : public RewritePattern {
  MergeMatrixBranches(MLIRContext *context, FreshNames &names)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context), names(names) {}
  FreshNames &names;

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    std::optional<SumTree> tree = collectSum(op);
    MatrixGroup group = tree ? gather(*tree) : MatrixGroup();
    if (group.branches.empty())
      return rewriter.notifyMatchFailure(op, "no sum of parallel matrix products");
    LinearConstants constants;
    if (Reason why = computeConstants(group, constants); why != Reason::None) {
      for (const MatrixBranch &branch : group.branches)
        noteBranch(branch.getProduct(), why);
      return rewriter.notifyMatchFailure(op, getCode(why));
    }
    rewrite(rewriter, *tree, group, constants);
    return success();
  }

private:
  void rewrite(PatternRewriter &rewriter, const SumTree &tree, const MatrixGroup &group, const LinearConstants &constants) const {
    const MatrixBranch &heir = group.getHeir();
    Operation *product = heir.getProduct();
    for (Operation *node : group.getNodes())
      if (node != product)
        inheritBranch(product, node);
    rewriter.modifyOpInPlace(product, [&] { replaceConstants(rewriter, product, heir.form.linear, constants, names); });
    auto result = cast<OpResult>(product->getResult(0));
    if (!heir.isGemm() && !group.bias.empty())
      result = cast<OpResult>(addShift(rewriter, group).getOutput());
    SmallVector<size_t> rest;
    for (size_t place = 0; place < tree.leaves.size(); ++place)
      if (llvm::none_of(group.branches, [&](const MatrixBranch &branch) { return branch.place == place; }))
        rest.push_back(place);
    replaceSum(rewriter, tree, result, rest);
  }

  /// One shift behind the product in the place of those behind the branches.
  static AffineOp addShift(PatternRewriter &rewriter, const MatrixGroup &group) {
    const MatrixBranch &heir = group.getHeir();
    AffineOp old = llvm::find_if(group.branches, [](const MatrixBranch &branch) { return branch.shift; })->shift;
    rewriter.setInsertionPointAfter(heir.getProduct());
    Value data = heir.getProduct()->getResult(0);
    auto shift = AffineOp::create(rewriter, old->getLoc(), data.getType(), data, SmallVector<double>(group.bias.size(), 1), group.bias,
                                  heir.form.linear.axis);
    onnx::takeOutputNames(old, shift);
    if (StringAttr name = getReplacementName(old))
      shift->setAttr(onnx::attr::name, name);
    for (const MatrixBranch &branch : group.branches)
      if (branch.shift)
        addSources(shift, getSources(branch.shift));
    return shift;
  }
};

} // namespace

void populateMatrixBranchPatterns(RewritePatternSet &patterns, onnx::FreshNames &names) {
  patterns.add<MergeMatrixBranches>(patterns.getContext(), names);
}

} // namespace bn
