// StatisticsSites.cpp - finds the statistics of BatchNormalizations, and replaces them.
// SPDX-License-Identifier: Apache-2.0

#include "StatisticsSites.h"

#include "MeasurableCopy.h"
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

std::pair<OpOperand *, OpOperand *> getStatisticsOperands(Operation *op) {
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

SmallVector<Operation *> getLayers(ArrayRef<StatisticsSite> sites) {
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

} // namespace bn::driver
