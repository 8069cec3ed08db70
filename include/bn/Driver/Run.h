// Run.h - the verb `run`: compiles a model and executes it.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_RUN_H
#define BN_DRIVER_RUN_H

#include "bn/Driver/ExitCode.h"
#include "bn/Driver/Options.h"

namespace bn::driver {

/// The stages of the compiler, in order; `run` can stop behind each and print the IR.
enum class Stage { Import, Optimize, Lower, Codegen, Execute };

struct RunOptions {
  std::string model;
  Initializers initializers = Initializers::Auto;
  InputOptions input;
  OutputOptions output;
  ExecutionOptions execution;
  std::string dumpValues; ///< folder for every value of the graph; empty for none
  Stage stopAfter = Stage::Execute;
};

llvm::Expected<ExitCode> run(const RunOptions &options);

} // namespace bn::driver

#endif // BN_DRIVER_RUN_H
