// Bench.h - the verb `bench`: how long a model takes.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_BENCH_H
#define BN_DRIVER_BENCH_H

#include "bn/Driver/ExitCode.h"
#include "bn/Driver/Options.h"

namespace bn::driver {

struct BenchOptions {
  std::string model;
  Initializers initializers = Initializers::Auto;
  InputOptions input;
  ExecutionOptions execution;
  unsigned warmup = 3;
  unsigned iterations = 0; ///< 0: as many as fit `duration`
  double duration = 2;     ///< seconds
  bool profile = false;    ///< time per node, with what the machine could do
  std::string trace;       ///< file for the timeline of a run in Chrome's format; empty for none
  std::string json;        ///< "-" is stdout
  bool quiet = false;
};

llvm::Expected<ExitCode> bench(const BenchOptions &options);

} // namespace bn::driver

#endif // BN_DRIVER_BENCH_H
