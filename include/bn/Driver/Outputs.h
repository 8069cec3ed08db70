// Outputs.h - what becomes of a model's outputs: files, comparisons, a summary.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_OUTPUTS_H
#define BN_DRIVER_OUTPUTS_H

#include "bn/Driver/ExitCode.h"
#include "bn/Driver/Options.h"
#include "bn/IR/HostTensor.h"

namespace bn::driver {

/// The name of a value as a file name: characters that do not belong in one become `_`.
std::string makeFileName(llvm::StringRef valueName);

/// Fails where an option speaks of an output that does not exist or of a file that cannot be written; before any work.
llvm::Error checkOutputOptions(llvm::ArrayRef<std::string> names, const OutputOptions &options);

/// Writes the files and compares with what was expected. Says what differs on stderr and, where nothing else was
/// asked for, prints a summary on stdout.
llvm::Expected<ExitCode> handleOutputs(llvm::ArrayRef<std::string> names, llvm::ArrayRef<HostTensor> tensors, const OutputOptions &options,
                                       mlir::MLIRContext *context);

/// Writes each tensor as NAME.npy into a folder, which is made if need be.
llvm::Error writeTensors(llvm::StringRef directory, llvm::ArrayRef<std::string> names, llvm::ArrayRef<HostTensor> tensors);

} // namespace bn::driver

#endif // BN_DRIVER_OUTPUTS_H
