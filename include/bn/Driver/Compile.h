// Compile.h - the verb `compile`: a model made a shared library with a C header.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_COMPILE_H
#define BN_DRIVER_COMPILE_H

#include "bn/Driver/ExitCode.h"
#include "bn/Driver/Options.h"

namespace bn::driver {

struct CompileOptions {
  std::string model;
  std::string library; ///< ends in .so; the header is beside it, ending in .h
  bool externalData = false;
  Initializers initializers = Initializers::Auto;
  InputOptions input;          ///< fixes symbolic dimensions
  ExecutionOptions execution; ///< how it is compiled
  bool quiet = false;
};

llvm::Expected<ExitCode> compile(const CompileOptions &options);

} // namespace bn::driver

#endif // BN_DRIVER_COMPILE_H
