// Verify.h - the verb `verify`: do two models give the same answers?
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_VERIFY_H
#define BN_DRIVER_VERIFY_H

#include "bn/Driver/ExitCode.h"
#include "bn/Driver/Options.h"

namespace bn::driver {

struct VerifyOptions {
  std::string first, second;
  InputOptions input;
  ToleranceOptions tolerance;
  ExecutionOptions execution;
  unsigned draws = 1; ///< sets of random inputs
  std::string json;   ///< "-" is stdout
  bool quiet = false;
};

llvm::Expected<ExitCode> verify(const VerifyOptions &options);

} // namespace bn::driver

#endif // BN_DRIVER_VERIFY_H
