// Report.h - what folding did to every BatchNormalization of a model, and why some stay.
// SPDX-License-Identifier: Apache-2.0
//
// A report compares two looks at a module: one before the passes, one after. What happened in between is written on
// the ops (the attributes of Reasons.h), so the report needs no memory of its own.

#ifndef BN_OPTIMIZE_REPORT_H
#define BN_OPTIMIZE_REPORT_H

#include "mlir/IR/BuiltinOps.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bn {

enum class Decision {
  Folded, ///< its numbers are in the weights of other nodes, or were computed away
  Merged, ///< another node does its work, too
  Moved,  ///< it stands elsewhere
  Kept,
};

/// The decision as reports write it.
llvm::StringRef getName(Decision decision);

/// Smallest and largest number of each channel.
using ChannelRanges = std::vector<std::pair<double, double>>;

/// The fate of one BatchNormalization.
struct BatchNormRecord {
  std::string node;                 ///< its name
  int64_t version = 0;              ///< of its schema
  std::string mode;                 ///< `inference` or `training`
  std::string producer;             ///< the node before it; empty for an input of the graph
  std::string producerOperator;     ///< for instance `Conv`
  std::vector<std::string> consumers;
  Decision decision = Decision::Kept;
  std::vector<std::string> into;    ///< the nodes that do its work now
  std::string reason, message;      ///< code and sentence; empty unless kept
  std::string reasonBehind;         ///< code of the reason why the nodes behind do not take it, where that was asked
  /// Smallest and largest weight of the node that it went into, before and after.
  std::optional<std::pair<double, double>> weightsBefore, weightsAfter;
  /// The same for each output channel; empty unless asked for.
  ChannelRanges channelsBefore, channelsAfter;
  /// A bound of the error that rounding the folded weights to their type makes in the result of the nodes in `into`, all that
  /// they took counted, for inputs of those nodes of magnitude up to 1, and in proportion for larger ones (attr::maxError).
  std::optional<double> maxError;
};

/// The fate of one linear branch beside others, which may have become one with them.
struct BranchRecord {
  std::string node;
  Decision decision = Decision::Kept; ///< or Merged
  std::string into;                   ///< the node that does its work now
  std::string reason, message;        ///< code and sentence; empty unless kept
};

/// What a module holds.
struct ModelSummary {
  int64_t nodes = 0;
  int64_t bytes = 0; ///< of constants
  std::vector<BatchNormRecord> batchNorms;
  std::map<std::string, int64_t> operators;   ///< how many nodes of each; those of other domains as `domain.Operator`
  std::map<std::string, ChannelRanges> channels; ///< of the weights of each linear node; empty unless asked for
};

struct Report {
  ModelSummary before, after;
  std::vector<BatchNormRecord> batchNorms; ///< one for each of `before`
  std::vector<BranchRecord> branches;
};

/// Looks at the module; with `channels` at every weight in it, too.
ModelSummary summarize(mlir::ModuleOp module, bool channels = false);

/// How many ONNX nodes are in `root`.
int64_t countNodes(mlir::Operation *root);

/// Accounts for every BatchNormalization of `before`, which `module` was before the passes ran.
Report collectReport(ModelSummary before, mlir::ModuleOp module, bool channels = false);

} // namespace bn

#endif // BN_OPTIMIZE_REPORT_H
