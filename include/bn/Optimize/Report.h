// Report.h - what folding did to every BatchNormalization of a model, and why some stay.
// SPDX-License-Identifier: Apache-2.0
//
// A report compares two looks at a module: one before the passes, one after. What happened in between is written on
// the ops (the attributes of Reasons.h), so the report needs no memory of its own.

#ifndef BN_OPTIMIZE_REPORT_H
#define BN_OPTIMIZE_REPORT_H

#include "mlir/IR/BuiltinOps.h"

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
  /// Smallest and largest weight of the node that it went into, before and after.
  std::optional<std::pair<double, double>> weightsBefore, weightsAfter;
};

/// What a module holds.
struct ModelSummary {
  int64_t nodes = 0;
  int64_t bytes = 0; ///< of constants
  std::vector<BatchNormRecord> batchNorms;
};

struct Report {
  ModelSummary before, after;
  std::vector<BatchNormRecord> batchNorms; ///< one for each of `before`
};

/// Looks at the module.
ModelSummary summarize(mlir::ModuleOp module);

/// Accounts for every BatchNormalization of `before`, which `module` was before the passes ran.
Report collectReport(ModelSummary before, mlir::ModuleOp module);

} // namespace bn

#endif // BN_OPTIMIZE_REPORT_H
