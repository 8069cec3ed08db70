// Convert.h - the verb `convert`: changes the format of a model and nothing else.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_CONVERT_H
#define BN_DRIVER_CONVERT_H

#include "bn/Driver/ExitCode.h"
#include "bn/Driver/Options.h"

namespace bn::driver {

struct ConvertOptions {
  std::string model;
  SaveOptions save;
};

llvm::Expected<ExitCode> convert(const ConvertOptions &options);

} // namespace bn::driver

#endif // BN_DRIVER_CONVERT_H
