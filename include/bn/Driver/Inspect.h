// Inspect.h - the verb `inspect`: what is in a model, and what `optimize` would do with its BatchNormalizations.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_INSPECT_H
#define BN_DRIVER_INSPECT_H

#include "bn/Driver/ExitCode.h"
#include "bn/Driver/Options.h"

namespace bn::driver {

struct InspectOptions {
  std::string model;
  Initializers initializers = Initializers::Auto;
  std::string json; ///< "-" is stdout
};

llvm::Expected<ExitCode> inspect(const InspectOptions &options);

} // namespace bn::driver

#endif // BN_DRIVER_INSPECT_H
