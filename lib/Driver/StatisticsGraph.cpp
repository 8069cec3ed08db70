// StatisticsGraph.cpp - finds the statistics of BatchNormalizations, replaces them, and makes graphs that measure them.
// SPDX-License-Identifier: Apache-2.0
//
//   measuring  %y = bn.inference %x …   ⇒   %m, %v, %n = bn.moments %x           returned
//   as training, also                       %s = bn.inv_stddev %v   %y = bn.normalize %x mean %m inv_stddev %s …

#include "StatisticsGraph.h"

#include "MomentsInBodies.h"
#include "bn/Driver/Inputs.h"
#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/FreshNames.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Reference/Tensor.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace bn::driver {

//===----------------------------------------------------------------------===//
// Sites
//===----------------------------------------------------------------------===//

/// The statistics among the operands of a BatchNormalization; null where it has none.
static std::pair<OpOperand *, OpOperand *> getStatisticsOperands(Operation *op) {
  if (auto inference = dyn_cast<InferenceOp>(op))
    return {&inference.getMeanMutable(), &inference.getVarianceMutable()};
  if (auto training = dyn_cast<TrainingOp>(op); training && training.getRunningMean())
    return {&*training.getRunningMeanMutable().begin(), &*training.getRunningVarianceMutable().begin()};
  return {};
}

/// The constant that a value is, perhaps behind Identity nodes: exporters share equal initializers that way.
static onnx::ConstantOp getConstant(Value value) {
  while (auto identity = value.getDefiningOp<onnx::IdentityOp>())
    value = identity.getInput();
  return value.getDefiningOp<onnx::ConstantOp>();
}

static StringRef getObstacle(Operation *op, func::FuncOp main) {
  auto [mean, variance] = getStatisticsOperands(op);
  if (op->getParentOfType<func::FuncOp>() != main)
    return "in a function that the graph does not call once";
  if (!canBringOut(op))
    return "in a body that is neither of an If nor of a Loop or Scan";
  if (isa<onnx::NodeOpInterface>(op)) // not one of bn: import could not tell what it does
    return llvm::all_of(op->getOperandTypes(), [](Type type) { return isa<FloatType>(getElementTypeOrSelf(type)); })
               ? "its parameters or outputs do not fit its input"
               : "the type of an operand is not known";
  if (!mean)
    return "no statistics";
  return getConstant(mean->get()) && getConstant(variance->get()) ? "" : "statistics are not constant";
}

namespace {
/// Finds sites, and how many there are on the longest path to a value.
struct SiteFinder {
  explicit SiteFinder(func::FuncOp main) : main(main) {}

  func::FuncOp main;
  std::vector<StatisticsSite> sites;
  llvm::DenseMap<Value, unsigned> depths;
  DenseSet<Operation *> taken;

  /// Returns the depth of what the block ends with. Bodies read values around them.
  unsigned visit(Block &block) {
    unsigned depth = 0;
    for (Operation &op : block) {
      depth = 0;
      for (Value operand : op.getOperands())
        depth = std::max(depth, depths.lookup(operand));
      unsigned inside = depth;
      for (Region &body : op.getRegions()) {
        for (BlockArgument argument : body.getArguments())
          depths[argument] = depth;
        inside = std::max(inside, visit(body.front()));
      }
      depth = inside;
      if (isa<InferenceOp, TrainingOp>(op) && getObstacle(&op, main).empty()) {
        auto [mean, variance] = getStatisticsOperands(&op);
        sites.push_back({&op, mean, variance, depth++});
        taken.insert(&op);
      }
      for (Value result : op.getResults())
        depths[result] = depth;
    }
    return depth;
  }
};
} // namespace

bool isInBody(const StatisticsSite &site) { return !isa<func::FuncOp>(site.op->getParentOp()); }

std::vector<StatisticsSite> findStatisticsSites(ModuleOp module, func::FuncOp main, std::vector<SkippedSite> *skipped) {
  SiteFinder finder(main);
  finder.visit(main.getBody().front());
  if (skipped)
    module.walk([&](Operation *op) {
      auto node = dyn_cast<onnx::NodeOpInterface>(op);
      bool isBatchNorm = isa<InferenceOp, TrainingOp>(op) || (node && node.is("BatchNormalization"));
      if (isBatchNorm && !finder.taken.contains(op))
        skipped->push_back({onnx::getDisplayName(op), getObstacle(op, main).str()});
    });
  return std::move(finder.sites);
}

static std::vector<double> readReals(Value value) { return reference::fromElements(getConstant(value).getValue()).reals(); }

Moments getStatistics(const StatisticsSite &site) {
  std::vector<double> mean = readReals(site.mean->get());
  Moments moments(mean.size());
  moments.mean = std::move(mean);
  moments.variance = readReals(site.variance->get());
  return moments;
}

static void setConstant(OpOperand &operand, std::vector<double> values) {
  onnx::ConstantOp constant = getConstant(operand.get());
  auto type = cast<RankedTensorType>(constant.getType());
  StringRef name = onnx::getValueName(constant);
  ElementsAttr value = reference::toElements({type.getElementType(), llvm::to_vector(type.getShape()), std::move(values)}, name);
  if (operand.get() == constant.getResult() && constant->hasOneUse()) {
    constant.setValueAttr(value);
    return;
  }
  OpBuilder builder(constant);
  auto own = onnx::ConstantOp::create(builder, constant.getLoc(), value);
  std::string fresh = onnx::FreshNames(constant->getParentOfType<func::FuncOp>()).take((name + "_calibrated").str());
  onnx::setOutputNames(own, {StringRef(fresh)});
  operand.set(own);
}

void setStatistics(const StatisticsSite &site, const Moments &moments) {
  setConstant(*site.mean, moments.mean);
  setConstant(*site.variance, moments.variance);
}

//===----------------------------------------------------------------------===//
// Graphs that measure
//===----------------------------------------------------------------------===//

static MomentsOp measure(OpBuilder &b, const StatisticsSite &site) {
  Value input = site.op->getOperand(0);
  Type wide = getElementTypeOrSelf(input).isF64() ? Type(b.getF64Type()) : b.getF32Type();
  Type type = cast<ShapedType>(site.mean->get().getType()).clone(wide);
  auto axes = site.op->getAttrOfType<DenseI64ArrayAttr>("axes");
  return MomentsOp::create(b, site.op->getLoc(), type, type, type, input, Value(), axes, b.getI64IntegerAttr(1),
                           GhostGroupingAttr::get(b.getContext(), GhostGrouping::Interleaved), b.getF64FloatAttr(0));
}

/// Lets a BatchNormalization normalize with measured moments; one in training mode does so by itself.
static void normalizeWith(OpBuilder &b, MomentsOp moments, Operation *op) {
  auto inference = dyn_cast<InferenceOp>(op);
  if (!inference)
    return;
  Value stddev = InvStddevOp::create(b, op->getLoc(), moments.getVariance().getType(), moments.getVariance(), inference.getEpsilonAttr());
  inference.getOutput().replaceAllUsesWith(
      NormalizeOp::create(b, op->getLoc(), inference.getOutput().getType(), inference.getInput(), moments.getMean(), stddev, Value(),
                          Value(), Value(), Value(), inference.getScale(), inference.getOffset(), inference.getAxesAttr(),
                          b.getI64IntegerAttr(1), GhostGroupingAttr::get(b.getContext(), GhostGrouping::Interleaved)));
}

/// Declares what the function returns.
static void declareResults(func::FuncOp function) {
  OpBuilder b(function);
  TypeRange types = function.getBody().front().getTerminator()->getOperandTypes();
  function.setType(b.getFunctionType(function.getArgumentTypes(), types));
  SmallVector<Attribute> names;
  for (size_t i = 0; i < types.size(); ++i)
    names.push_back(b.getDictionaryAttr(b.getNamedAttr(onnx::attr::name, b.getStringAttr("statistic" + Twine(i)))));
  function.setAllResultAttrs(names);
}

OwningOpRef<ModuleOp> makeStatisticsGraph(ModuleOp module, ArrayRef<size_t> measured, bool asTraining) {
  OwningOpRef<ModuleOp> copy = module.clone();
  func::FuncOp main = llvm::cantFail(getMainGraph(*copy));
  std::vector<StatisticsSite> sites = findStatisticsSites(*copy, main); // in the order of the module's
  Operation *terminator = main.getBody().front().getTerminator();
  terminator->setOperands({});
  for (size_t number : measured) {
    const StatisticsSite &site = sites[number];
    OpBuilder b(site.op);
    MomentsOp moments = measure(b, site);
    if (asTraining)
      normalizeWith(b, moments, site.op);
    terminator->insertOperands(terminator->getNumOperands(), bringOut(llvm::to_vector_of<Value>(moments.getResults())));
  }
  declareResults(main);
  auto nodes = main.getBody().front().without_terminator();
  SmallVector<Operation *> ops = llvm::map_to_vector(nodes, [](Operation &op) { return &op; });
  for (Operation *op : llvm::reverse(ops))
    if (op->use_empty()) // nodes have no effects
      op->erase();
  return copy;
}

} // namespace bn::driver
