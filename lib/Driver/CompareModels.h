// CompareModels.h - runs two models on the same inputs and compares what they answer.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_COMPAREMODELS_H
#define BN_LIB_DRIVER_COMPAREMODELS_H

#include "bn/Driver/Execution.h"
#include "bn/Driver/Options.h"

namespace bn::driver {

/// What all draws said about one output.
struct Verdict {
  std::string output, type;
  std::string difference; ///< of the first draw that differs; empty when all are equal within tolerance
  double maxError = 0;
};

/// Two models and how their inputs and outputs correspond.
struct ModelPair {
  Execution &expected, &actual;
  llvm::SmallVector<size_t> inputs;     ///< for each input of `actual`, the one of `expected`
  llvm::SmallVector<size_t> outputs;    ///< for each output of `actual`, the one of `expected`
  std::vector<std::string> outputNames; ///< of `expected`
};

/// Compares on `draws` sets of inputs, which are given for `expected`.
llvm::Expected<std::vector<Verdict>> compareModels(ModelPair &models, llvm::ArrayRef<BoundInput> inputs, const InputOptions &options,
                                                   unsigned draws, const ToleranceOptions &tolerance, bool quiet);

/// Prints a table of the largest errors, unless `quiet`, and a line `error: …` for every output that differs. Returns whether none does.
bool printVerdicts(llvm::ArrayRef<Verdict> verdicts, bool quiet, llvm::raw_ostream &os);

} // namespace bn::driver

#endif // BN_LIB_DRIVER_COMPAREMODELS_H
