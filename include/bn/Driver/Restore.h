// Restore.h - the verb `restore`: undoes an optimization exactly.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_RESTORE_H
#define BN_DRIVER_RESTORE_H

#include "bn/Driver/ExitCode.h"
#include "bn/Driver/Options.h"

namespace bn::driver {

struct RestoreOptions {
  std::string model;       ///< the optimized one
  std::string restoreFile; ///< what `optimize --restore-file` wrote with it
  std::string path;        ///< for the original, a .onnx file
};

llvm::Expected<ExitCode> restore(const RestoreOptions &options);

} // namespace bn::driver

#endif // BN_DRIVER_RESTORE_H
