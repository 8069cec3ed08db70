// StatisticsGraph.cpp - finds the statistics of BatchNormalizations, replaces them, and makes graphs that measure them.
// SPDX-License-Identifier: Apache-2.0
//
//   measuring  %y = bn.inference %x …   ⇒   %m, %v, %n = bn.moments %x           returned
//   as training, also                       %s = bn.inv_stddev %v   %y = bn.normalize %x mean %m inv_stddev %s …
//   in a function called twice, also        %m, %v, %n = bn.merge_moments of both calls'

#include "StatisticsGraph.h"

#include "MeasurableCopy.h"
#include "MomentsInBodies.h"
#include "bn/Driver/Inputs.h"
#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/FreshNames.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/IR/Onnx/SchemaInterface.h"
#include "bn/Reference/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/MapVector.h"

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
  // A node of a function, which does not know the types of its inputs: X, scale, B, mean, var.
  constexpr unsigned mean = 3, variance = 4;
  if (isa<onnx::NodeOpInterface>(op) && op->getNumOperands() > variance)
    return {&op->getOpOperand(mean), &op->getOpOperand(variance)};
  return {};
}

/// The constant that a value is, perhaps behind Identity nodes: exporters share equal initializers that way.
static onnx::ConstantOp getConstant(Value value) {
  while (auto identity = value.getDefiningOp<onnx::IdentityOp>())
    value = identity.getInput();
  return value.getDefiningOp<onnx::ConstantOp>();
}

/// Whether a node is a BatchNormalization, perhaps one that import could tell little of.
static bool isBatchNorm(Operation *op) {
  auto node = dyn_cast<onnx::NodeOpInterface>(op);
  return isa<InferenceOp, TrainingOp>(op) || (node && node.getDomain().empty() && node.is("BatchNormalization"));
}

/// Why a BatchNormalization that a graph runs has no statistics that can be set; empty where it has.
static StringRef getObstacle(Operation *op, bool inFunction) {
  auto [mean, variance] = getStatisticsOperands(op);
  if (!inFunction && isa<onnx::NodeOpInterface>(op)) // not one of bn: import could not tell what it does
    return llvm::all_of(op->getOperandTypes(), [](Type type) { return isa<FloatType>(getElementTypeOrSelf(type)); })
               ? "its parameters or outputs do not fit its input"
               : "the type of an operand is not known";
  if (!mean)
    return "no statistics";
  if (getConstant(mean->get()) && getConstant(variance->get()))
    return "";
  return inFunction ? "statistics are arguments of a function that is called several times" : "statistics are not constant";
}

namespace {
/// Finds sites, and how many there are on the longest path to a value.
struct SiteFinder {
  explicit SiteFinder(func::FuncOp main)
      : main(main), schemas(main->getContext()->getLoadedDialect<onnx::OnnxDialect>()->getRegisteredInterface<onnx::SchemaInterface>()) {}

  func::FuncOp main;
  onnx::SchemaInterface *schemas;
  std::vector<StatisticsSite> sites;
  llvm::DenseMap<Value, unsigned> depths;
  llvm::DenseMap<Operation *, size_t> numbers;       ///< of sites
  llvm::MapVector<Operation *, StringRef> obstacles; ///< of what is none

  /// Returns the depth of what the block ends with. Bodies read values around them, functions what they are called with.
  unsigned visit(Block &block) {
    unsigned depth = 0;
    for (Operation &op : block) {
      depth = 0;
      for (Value operand : op.getOperands())
        depth = std::max(depth, depths.lookup(operand));
      unsigned inside = depth;
      SmallVector<Region *> bodies = llvm::map_to_vector(op.getRegions(), [](Region &body) { return &body; });
      if (func::FuncOp callee = schemas->getCallee(&op))
        bodies.push_back(&callee.getBody());
      for (Region *body : bodies) {
        for (BlockArgument argument : body->getArguments())
          depths[argument] = depth;
        inside = std::max(inside, visit(body->front()));
      }
      depth = inside;
      if (isBatchNorm(&op))
        depth += addSite(&op, depth);
      for (Value result : op.getResults())
        depths[result] = depth;
    }
    return depth;
  }

private:
  bool addSite(Operation *op, unsigned depth) {
    StringRef obstacle = getObstacle(op, op->getParentOfType<func::FuncOp>() != main);
    if (!obstacle.empty()) {
      obstacles.insert({op, obstacle});
      return false;
    }
    auto [entry, isNew] = numbers.try_emplace(op, sites.size());
    auto [mean, variance] = getStatisticsOperands(op);
    if (isNew)
      sites.push_back({op, mean, variance, depth});
    unsigned &level = sites[entry->second].level; // the deepest of its calls
    level = std::max(level, depth);
    return true;
  }
};
} // namespace

bool isInBody(const StatisticsSite &site) {
  auto function = dyn_cast<func::FuncOp>(site.op->getParentOp());
  return !function || function->hasAttr(onnx::attr::function);
}

static SmallVector<Operation *> getLayers(ArrayRef<StatisticsSite> sites) {
  return llvm::map_to_vector(sites, [](const StatisticsSite &site) { return site.op; });
}

std::vector<StatisticsSite> findStatisticsSites(ModuleOp module, func::FuncOp main, std::vector<SkippedSite> &skipped) {
  SiteFinder finder(main);
  finder.visit(main.getBody().front());
  MeasurableCopy copy = makeMeasurableCopy(module, getLayers(finder.sites));
  std::vector<StatisticsSite> sites;
  for (auto [site, copies] : llvm::zip_equal(finder.sites, copy.copies))
    if (copies.empty())
      finder.obstacles.insert({site.op, "what it sees cannot be brought out of the body or function that it is in"});
    else
      sites.push_back(site);
  module.walk([&](Operation *op) {
    if (isBatchNorm(op) && !finder.numbers.contains(op))
      finder.obstacles.insert({op, "in a function that the graph does not call"});
  });
  for (auto [op, obstacle] : finder.obstacles)
    skipped.push_back({onnx::getDisplayName(op), obstacle.str()});
  return sites;
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

static MomentsOp measure(OpBuilder &b, Operation *layer) {
  Value input = layer->getOperand(0);
  Type wide = getElementTypeOrSelf(input).isF64() ? Type(b.getF64Type()) : b.getF32Type();
  Type type = cast<ShapedType>(getStatisticsOperands(layer).first->get().getType()).clone(wide);
  auto axes = layer->getAttrOfType<DenseI64ArrayAttr>("axes");
  return MomentsOp::create(b, layer->getLoc(), type, type, type, input, Value(), axes, b.getI64IntegerAttr(1),
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

/// Mean, variance and count of the first of `numbers` copies of each layer, for all of them.
static SmallVector<Value> pool(OpBuilder &b, ValueRange moments, ArrayRef<size_t> numbers) {
  SmallVector<Value> pooled;
  for (size_t copies : numbers) {
    SmallVector<Value> all(moments.take_front(3));
    for (size_t copy = 1; copy < copies; ++copy) {
      llvm::append_range(all, moments.slice(3 * copy, 3));
      auto merged = MergeMomentsOp::create(b, all[0].getLoc(), ValueRange(all).take_front(3).getTypes(), all);
      all.assign(merged.result_begin(), merged.result_end());
    }
    llvm::append_range(pooled, all);
    moments = moments.drop_front(3 * copies);
  }
  return pooled;
}

OwningOpRef<ModuleOp> makeStatisticsGraph(ModuleOp module, ArrayRef<StatisticsSite> measured, bool asTraining) {
  MeasurableCopy copy = makeMeasurableCopy(module, getLayers(measured));
  func::FuncOp main = llvm::cantFail(getMainGraph(*copy.module));
  Operation *terminator = main.getBody().front().getTerminator();
  terminator->setOperands({});
  SmallVector<size_t> numbers;
  for (ArrayRef<Operation *> layers : copy.copies) {
    numbers.push_back(layers.size());
    for (Operation *layer : layers) {
      OpBuilder b(layer);
      MomentsOp moments = measure(b, layer);
      if (asTraining)
        normalizeWith(b, moments, layer);
      terminator->insertOperands(terminator->getNumOperands(), bringOut(llvm::to_vector_of<Value>(moments.getResults())));
    }
  }
  OpBuilder b(terminator);
  terminator->setOperands(pool(b, SmallVector<Value>(terminator->getOperands()), numbers));
  declareResults(main);
  auto nodes = main.getBody().front().without_terminator();
  SmallVector<Operation *> ops = llvm::map_to_vector(nodes, [](Operation &op) { return &op; });
  for (Operation *op : llvm::reverse(ops))
    if (op->use_empty()) // nodes have no effects
      op->erase();
  return std::move(copy.module);
}

} // namespace bn::driver
