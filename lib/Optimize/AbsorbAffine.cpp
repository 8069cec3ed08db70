// AbsorbAffine.cpp - moves an affine into the weights before and behind it.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %c = onnx.conv %x, %w, %bias     %y = bn.affine %c scale a offset b
//   after    %y = onnx.conv %x, a·%w, a·%bias + b
//
// The affine goes to the linear nodes that its input comes from, or to those that read its result, or its scale goes one way and
// its shift the other, through whatever lies between (MoveRules.cpp) and keeps it an affine.
// Conditions: the move ends in an absorption on all paths, and leaves fewer nodes than the affine is worth in standard ONNX.
// A new bias, or the copy of a weight that other nodes read as well, must be smaller than what the affine's nodes take in the
// file, or fit into what earlier passes saved; or all readers of the weight fold the same and share the copy (Twins.cpp).
// Exceptions to the count: behind a linear node without bias (MatMul), and on tensors that runtimes do not keep in blocks of
// channels, a BatchNormalization becomes the Add or Mul that is left of it.

#include "AffineCost.h"
#include "FileSize.h"
#include "FloatElements.h"
#include "GraphRewrite.h"
#include "MovePlan.h"
#include "Parting.h"
#include "Twins.h"
#include "WeightBudget.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/Optimize/Passes.h"

#include <map>

namespace bn {
#define GEN_PASS_DEF_ABSORBAFFINEPASS
#include "bn/Optimize/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

namespace {

/// A plan that was traced, and what it leaves.
struct Candidate {
  MovePlan plan;
  BroadcastMap rest;

  Candidate(AffineOp affine, const Parting &parting, bool preferLast) : plan(affine, preferLast), rest(parting.rest) {
    plan.pull(affine.getInputMutable(), parting.backward);
    plan.push(affine.getOutput(), parting.forward);
  }
};

} // namespace

/// Whether runtimes may keep the tensor in blocks of channels between convolutions. Images of floats are, where the channels fill
/// the blocks; a convolution behind any other tensor reads it in its plain layout, as a matrix product writes it.
static bool mayBeBlocked(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  constexpr int64_t imageRank = 4, smallestBlock = 8;
  if (!type || value.getDefiningOp<onnx::MatMulOp>())
    return !type;
  return type.getRank() == imageRank && type.getElementType().isF32() && type.getDimSize(1) % smallestBlock == 0;
}

/// Whether an Add or Mul is better than the BatchNormalization that it is left of. In blocked layouts it is not: there a
/// BatchNormalization is a depthwise convolution, but an Add of a constant needs the plain layout.
static bool becomesSimpler(AffineOp affine, const BroadcastMap &map) {
  bool hasBatchNorm = llvm::any_of(getOriginals(affine), [](Operation *op) { return isa<InferenceOp>(op); });
  return hasBatchNorm && !mayBeBlocked(affine.getInput()) && !map.hasUnitScale() && !map.hasZeroOffset();
}

/// The plans for an affine that are legal and a gain, by the nodes that they leave. `why` the straight way back is none of them, and
/// why the straight way forth, `behind`, is none.
static std::multimap<int64_t, Candidate> findCandidates(AffineOp affine, Reason &why, Reason &behind) {
  BroadcastMap map = getBroadcastMap(affine);
  std::multimap<int64_t, Candidate> candidates;
  int64_t worth = countNodes(affine);
  for (const Parting &parting : getPartings(map)) {
    for (bool preferLast : {false, true}) {
      Candidate candidate(affine, parting, preferLast);
      Reason obstacle = candidate.plan.trace();
      if (obstacle == Reason::None && !hasRoom(affine, candidate.plan.getAddedBytes() + countBytes(parting.rest, affine)))
        obstacle = candidate.plan.copiesWeights() ? Reason::WeightsShared : Reason::BytesGrow;
      int64_t nodes = countNodes(parting.rest) + candidate.plan.getAddedNodes();
      if (why == Reason::None)
        why = obstacle;
      if (behind == Reason::None && parting.backward.isIdentity() && parting.rest.isIdentity())
        behind = obstacle;
      bool isSimpler = becomesSimpler(affine, map) || (candidate.plan.leavesShift() && !map.hasUnitScale() && parting.rest.isIdentity());
      if (obstacle == Reason::None && nodes < worth + isSimpler)
        candidates.emplace(nodes, std::move(candidate));
      if (obstacle == Reason::None || parting.backward.isIdentity())
        break;
    }
    if (!candidates.empty() && candidates.begin()->first <= 0)
      break;
  }
  return candidates;
}

namespace {

/// affine  =>  nothing, or less
struct AbsorbAffine : public OpRewritePattern<AffineOp> {
  AbsorbAffine(MLIRContext *context, FreshNames &names) : OpRewritePattern(context), names(names) {}
  FreshNames &names;

  LogicalResult matchAndRewrite(AffineOp affine, PatternRewriter &rewriter) const override {
    if (affine.use_empty())
      return rewriter.notifyMatchFailure(affine, "nobody reads it");
    if (getBroadcastMap(affine).isIdentity() && canVanish(affine)) {
      replaceByInput(affine, rewriter);
      return success();
    }
    if (succeeded(absorbTwins(affine, rewriter)) || succeeded(absorbEqual(affine, rewriter)))
      return success();
    Reason why = Reason::None, behind = Reason::None;
    std::multimap<int64_t, Candidate> candidates = findCandidates(affine, why, behind);
    for (Candidate &candidate : llvm::make_second_range(candidates)) {
      Reason obstacle = checkFit(affine, candidate.rest);
      if (obstacle == Reason::None)
        obstacle = candidate.plan.prepare();
      if (obstacle != Reason::None) {
        why = obstacle;
        continue;
      }
      candidate.plan.commit(rewriter, names);
      if (candidate.rest.isIdentity())
        replaceByInput(affine, rewriter);
      else
        keepRest(affine, candidate.rest, rewriter);
      return success();
    }
    if (behind != Reason::None)
      affine->setAttr(bn::attr::reasonBehind, rewriter.getStringAttr(getCode(behind)));
    return reject(rewriter, affine, why);
  }

private:
  /// Two linear nodes with one weight, and an affine behind each  =>  two linear nodes with one new weight.
  LogicalResult absorbTwins(AffineOp affine, PatternRewriter &rewriter) const {
    SmallVector<AffineOp> twins = findTwins(affine);
    BroadcastMap nothing = BroadcastMap::uniform(1, 0);
    std::vector<Candidate> candidates;
    SmallVector<Operation *> ops;
    int64_t freed = 0;
    for (AffineOp twin : twins) {
      candidates.emplace_back(twin, Parting{getBroadcastMap(twin), nothing, nothing}, /*preferLast=*/false);
      MovePlan &plan = candidates.back().plan;
      if (plan.trace() != Reason::None || plan.leavesShift() || plan.prepare() != Reason::None || !canVanish(twin))
        return failure();
      ops.append({twin, twin.getInput().getDefiningOp()});
      for (Operation *original : getOriginals(twin))
        freed += estimateNodeBytes(original);
    }
    if (twins.empty() || candidates.front().plan.getAddedBytes() > freed + countFreedBytes(ops))
      return failure();
    for (auto [twin, candidate] : llvm::zip_equal(twins, candidates)) {
      candidate.plan.commit(rewriter, names);
      replaceByInput(twin, rewriter);
    }
    return success();
  }

  /// All readers of a value being equal affines, perhaps in the branches of an If  =>  nothing. A branch that yields its affine yields
  /// the value itself then, by an Identity.
  LogicalResult absorbEqual(AffineOp affine, PatternRewriter &rewriter) const {
    SmallVector<AffineOp> equal = findEqualAffines(affine);
    Operation *producer = affine.getInput().getDefiningOp();
    auto isOutputBeside = [&](AffineOp other) { return other->getBlock() == producer->getBlock() && isGraphOutput(other); };
    if (equal.size() < 2 || !producer || llvm::any_of(equal, isOutputBeside))
      return failure();
    BroadcastMap map = getBroadcastMap(affine);
    MovePlan plan(affine, /*preferLast=*/false);
    plan.takeAlong(equal);
    plan.pull(affine.getInputMutable(), map);
    if (plan.trace() != Reason::None || plan.getAddedNodes() > 0 || !hasRoom(affine, plan.getAddedBytes()) ||
        plan.prepare() != Reason::None)
      return failure();
    for (AffineOp other : equal)
      if (other != affine)
        addSources(affine, getSources(other));
    plan.commit(rewriter, names); // perhaps with another producer
    for (AffineOp other : equal)
      rewriter.replaceOp(other, other.getInput());
    return success();
  }

  /// Whether the input may bear the name of the result, should that be an output of the graph.
  static bool canVanish(AffineOp affine) {
    bool isOutput = llvm::any_of(affine->getUsers(), [](Operation *user) { return user->hasTrait<OpTrait::IsTerminator>(); });
    Operation *producer = affine.getInput().getDefiningOp();
    return !isOutput || (producer && producer->getBlock() == affine->getBlock() && affine.getInput().hasOneUse());
  }

  /// The input takes the place of the affine, and its name where nobody else knows it by another.
  static void replaceByInput(AffineOp affine, PatternRewriter &rewriter) {
    auto input = dyn_cast<OpResult>(affine.getInput());
    if (input && input.hasOneUse() && input.getOwner()->getBlock() == affine->getBlock()) {
      SmallVector<std::string> held;
      for (OpResult result : input.getOwner()->getResults())
        held.push_back(onnx::getValueName(result == input ? Value(affine.getOutput()) : result).str());
      if (!held[input.getResultNumber()].empty())
        onnx::setOutputNames(input.getOwner(), llvm::to_vector_of<StringRef>(held));
    }
    rewriter.replaceOp(affine, affine.getInput());
  }

  /// Whether the affine's type holds the numbers that are left of it.
  static Reason checkFit(AffineOp affine, const BroadcastMap &rest) {
    Type element = cast<ShapedType>(affine.getType()).getElementType();
    Reason why = bn::checkFit(rest.getNumbers().scale, element);
    return why == Reason::None ? bn::checkFit(rest.getNumbers().offset, element) : why;
  }

  /// What is left of the affine stays in its place.
  static void keepRest(AffineOp affine, const BroadcastMap &rest, PatternRewriter &rewriter) {
    ChannelMap numbers;
    [[maybe_unused]] Reason why = rest.getAlong(affine.getAxis(), affine.getScale().size(), numbers);
    assert(why == Reason::None && "a part varies along the axis of the whole");
    auto kept = AffineOp::create(rewriter, affine->getLoc(), affine.getType(), affine.getInput(), numbers.scale, numbers.offset,
                                 affine.getAxis());
    onnx::takeOutputNames(affine, kept);
    if (StringAttr name = getReplacementName(affine))
      kept->setAttr(onnx::attr::name, name);
    addSources(kept, getSources(affine));
    rewriter.replaceOp(affine, kept);
  }
};

struct AbsorbAffinePass : public bn::impl::AbsorbAffinePassBase<AbsorbAffinePass> {
  void runOnOperation() override {
    FreshNames names(getOperation());
    RewritePatternSet patterns(&getContext());
    patterns.add<AbsorbAffine>(&getContext(), names);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), getGraphRewriteConfig())))
      signalPassFailure();
  }
};

} // namespace
