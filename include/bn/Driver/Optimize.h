// Optimize.h - the verb `optimize`: folds the BatchNormalizations of a model and tells what became of each.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_OPTIMIZE_H
#define BN_DRIVER_OPTIMIZE_H

#include "bn/Driver/ExitCode.h"
#include "bn/Driver/Options.h"

namespace bn::driver {

/// What becomes of BatchNormalizations in training mode.
enum class TrainingMode { Keep, Error, Infer };

struct OptimizeOptions {
  std::string model;
  SaveOptions save;
  bool dryRun = false;
  bool listPasses = false;
  std::vector<std::string> disabled, enabled; ///< names of passes
  std::string onlyNodes, skipNodes;           ///< regular expressions
  Initializers initializers = Initializers::Auto;
  TrainingMode training = TrainingMode::Keep;
  unsigned verifyDraws = 0;         ///< random inputs to compare before and after on
  std::vector<std::string> reports; ///< files, .json or .html
  std::string restoreFile;          ///< for what `restore` needs; empty for none
  InputOptions input;               ///< for `verifyDraws`
  ToleranceOptions tolerance;
  bool quiet = false;
};

llvm::Expected<ExitCode> optimize(const OptimizeOptions &options);

} // namespace bn::driver

#endif // BN_DRIVER_OPTIMIZE_H
