// Check.h - the verb `check`: runs ONNX test folders.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_CHECK_H
#define BN_DRIVER_CHECK_H

#include "bn/Driver/ExitCode.h"
#include "bn/Driver/Options.h"

namespace bn::driver {

struct CheckOptions {
  std::vector<std::string> directories;
  ToleranceOptions tolerance;
  ExecutionOptions execution;
  unsigned jobs = 0;     ///< models at once; 0: one per core
  unsigned timeout = 60; ///< seconds a model may take
  std::string json;      ///< "-" is stdout
  bool quiet = false;
};

llvm::Expected<ExitCode> check(const CheckOptions &options);

} // namespace bn::driver

#endif // BN_DRIVER_CHECK_H
