// Report.cpp - what folding did to every BatchNormalization of a model.
// SPDX-License-Identifier: Apache-2.0

#include "ChannelMath.h"
#include "bn/Optimize/Report.h"

#include "Initializers.h"
#include "LinearOps.h"
#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Optimize/Reasons.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace bn {

StringRef getName(Decision decision) {
  switch (decision) {
  case Decision::Folded:
    return "folded";
  case Decision::Merged:
    return "merged";
  case Decision::Moved:
    return "moved";
  case Decision::Kept:
    return "kept";
  }
  llvm_unreachable("unknown decision");
}

//===----------------------------------------------------------------------===//
// One look
//===----------------------------------------------------------------------===//

/// The version of BatchNormalization in the module's opset.
static int64_t getBatchNormVersion(ModuleOp module) {
  auto imports = module->getAttrOfType<DictionaryAttr>(onnx::attr::opsetImports);
  auto opset = imports ? imports.getAs<IntegerAttr>("ai.onnx") : IntegerAttr();
  constexpr int64_t versions[] = {15, 14, 9, 7, 6, 1};
  const int64_t *version = llvm::find_if(versions, [&](int64_t v) { return !opset || v <= opset.getInt(); });
  return version == std::end(versions) ? 1 : *version;
}

static bool isNode(Operation *op) {
  if (auto constant = dyn_cast<onnx::ConstantOp>(op))
    return constant.getNodeAttr().has_value();
  return isa<onnx::NodeOpInterface, InferenceOp, TrainingOp, AffineOp>(op);
}

/// Why the BatchNormalization stays, as far as anyone knows.
static std::optional<Reason> getReason(Operation *op) {
  if (isa<TrainingOp>(op))
    return Reason::TrainingMode;
  auto noted = op->getAttrOfType<StringAttr>(attr::reason);
  std::optional<Reason> reason = noted ? parseReason(noted) : std::nullopt;
  if (!holdsInitializers(op) && (!isa<InferenceOp>(op) || reason == Reason::ParametersNotConstant || reason == Reason::NoProducer))
    return Reason::InFunction;
  return isa<InferenceOp>(op) ? reason : Reason::UnknownShape;
}

/// A BatchNormalization as it stands in the graph.
static BatchNormRecord describe(Operation *op, int64_t version) {
  BatchNormRecord record;
  record.node = onnx::getDisplayName(op);
  record.version = version;
  record.mode = isa<TrainingOp>(op) ? "training" : "inference";
  if (Operation *producer = op->getOperand(0).getDefiningOp()) {
    record.producer = onnx::getDisplayName(producer);
    record.producerOperator = onnx::getOperatorName(producer);
  }
  for (Operation *user : op->getResult(0).getUsers())
    if (!user->hasTrait<OpTrait::IsTerminator>())
      record.consumers.push_back(onnx::getDisplayName(user));
  if (std::optional<Reason> reason = getReason(op)) {
    record.reason = getCode(*reason);
    record.message = getSentence(*reason);
  }
  auto noted = op->getAttrOfType<StringAttr>(attr::reasonBehind);
  if (std::optional<Reason> behind = noted ? parseReason(noted) : std::nullopt) {
    record.reasonBehind = getCode(*behind);
    if (StringRef sentence = getSentenceBehind(*behind); !sentence.empty())
      record.message += ("; " + sentence).str();
  }
  return record;
}

/// A BatchNormalization that import left a node of ONNX: the types of its operands are not known.
static bool isUntyped(Operation *op) {
  auto node = dyn_cast<onnx::NodeOpInterface>(op);
  return node && node.getDomain().empty() && node.is("BatchNormalization");
}

/// The ONNX operator of a node, with its domain unless that is the default one.
static std::string getQualifiedOperator(Operation *op) {
  auto node = dyn_cast<onnx::NodeOpInterface>(op);
  StringRef domain = node ? node.getDomain() : "";
  return (domain.empty() ? "" : domain + ".").str() + onnx::getOperatorName(op).str();
}

/// The range of each channel where the op is linear.
static ChannelRanges measure(Operation *op) {
  LinearForm form;
  if (describeLinear(op, form) != Reason::None)
    return {};
  ChannelRanges ranges;
  for (WeightRange range : measureChannels(getConstant(form.weight->get()).getValue(), form.layout))
    ranges.emplace_back(range.low, range.high);
  return ranges;
}

int64_t countNodes(Operation *root) {
  int64_t nodes = 0;
  root->walk<WalkOrder::PreOrder>([&](Operation *op) {
    nodes += isNode(op);
    return isa<AffineOp>(op) ? WalkResult::skip() : WalkResult::advance(); // its region repeats what it is
  });
  return nodes;
}

ModelSummary summarize(ModuleOp module, bool channels) {
  ModelSummary summary;
  summary.nodes = countNodes(module);
  int64_t version = getBatchNormVersion(module);
  module.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (isNode(op))
      ++summary.operators[getQualifiedOperator(op)];
    if (ChannelRanges ranges = channels ? measure(op) : ChannelRanges(); !ranges.empty())
      summary.channels[onnx::getDisplayName(op)] = std::move(ranges);
    if (auto constant = dyn_cast<onnx::ConstantOp>(op))
      summary.bytes += getNumBytes(constant);
    if (isa<InferenceOp, TrainingOp>(op) || isUntyped(op))
      summary.batchNorms.push_back(describe(op, version));
    return isa<AffineOp>(op) ? WalkResult::skip() : WalkResult::advance();
  });
  return summary;
}

//===----------------------------------------------------------------------===//
// Two looks compared
//===----------------------------------------------------------------------===//

/// The ops that stand for each BatchNormalization apart from itself.
static llvm::StringMap<SmallVector<Operation *>> findHeirs(ModuleOp module) {
  llvm::StringMap<SmallVector<Operation *>> heirs;
  module.walk([&](Operation *op) {
    if (auto sources = op->getAttrOfType<ArrayAttr>(attr::sources))
      for (StringRef source : sources.getAsValueRange<StringAttr>())
        heirs[source].push_back(op);
  });
  return heirs;
}

/// Fills in who does the work of a BatchNormalization that is gone.
static void settle(BatchNormRecord &record, ArrayRef<Operation *> heirs) {
  record.decision = Decision::Folded;
  record.reason = record.reasonBehind = record.message = ""; // what stood in its way at first
  for (Operation *heir : heirs) {
    record.into.push_back(onnx::getDisplayName(heir));
    if (isa<InferenceOp, TrainingOp, onnx::AddOp, onnx::MulOp>(heir) && heirs.size() == 1)
      record.decision = Decision::Merged;
    if (auto range = heir->getAttrOfType<DenseF64ArrayAttr>(attr::weightRange)) {
      record.weightsBefore = {range[0], range[1]};
      record.weightsAfter = {range[2], range[3]};
    }
    if (auto error = heir->getAttrOfType<FloatAttr>(attr::maxError); error && error.getValue().isFinite())
      record.maxError = std::max(record.maxError.value_or(0), error.getValueAsDouble());
  }
}

/// Puts the channels' ranges of the first node that took the BatchNormalization into the record.
static void addChannels(BatchNormRecord &record, const ModelSummary &before, const ModelSummary &after) {
  for (const std::string &node : record.into)
    if (auto now = after.channels.find(node), then = before.channels.find(node);
        now != after.channels.end() && then != before.channels.end() && now->second.size() == then->second.size()) {
      record.channelsBefore = then->second;
      record.channelsAfter = now->second;
      return;
    }
}

/// What the passes noted of branches.
static std::vector<BranchRecord> collectBranches(ModuleOp module) {
  std::vector<BranchRecord> records;
  module.walk([&](Operation *op) {
    if (auto merged = op->getAttrOfType<ArrayAttr>(attr::branches))
      for (StringRef name : merged.getAsValueRange<StringAttr>())
        records.push_back({name.str(), Decision::Merged, onnx::getDisplayName(op), "", ""});
    auto code = op->getAttrOfType<StringAttr>(attr::branchReason);
    if (std::optional<Reason> reason = code ? parseReason(code) : std::nullopt)
      records.push_back({onnx::getDisplayName(op), Decision::Kept, "", getCode(*reason).str(), getSentence(*reason).str()});
  });
  return records;
}

Report collectReport(ModelSummary before, ModuleOp module, bool channels) {
  Report report{std::move(before), summarize(module, channels), {}, collectBranches(module)};
  llvm::StringMap<const BatchNormRecord *> left;
  for (const BatchNormRecord &record : report.after.batchNorms)
    left[record.node] = &record;
  llvm::StringMap<SmallVector<Operation *>> heirs = findHeirs(module);
  for (BatchNormRecord record : report.before.batchNorms) {
    if (const BatchNormRecord *now = left.lookup(record.node)) {
      record.mode = now->mode;
      record.reason = now->reason;
      record.reasonBehind = now->reasonBehind;
      record.message = now->message;
    } else {
      settle(record, heirs.lookup(record.node));
      addChannels(record, report.before, report.after);
    }
    report.batchNorms.push_back(std::move(record));
  }
  return report;
}

} // namespace bn
