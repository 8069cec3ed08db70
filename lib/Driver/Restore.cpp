// Restore.cpp - the verb `restore`.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/Restore.h"

#include "bn/Onnx/Restore.h"
#include "llvm/ADT/StringRef.h"

namespace bn::driver {

llvm::Expected<ExitCode> restore(const RestoreOptions &options) {
  if (!llvm::StringRef(options.path).ends_with(".onnx"))
    return makeError(std::errc::invalid_argument, "expected -o FILE that ends in .onnx, got '" + options.path + "'");
  if (llvm::Error error = onnx::restoreModel(options.model, options.restoreFile, options.path))
    return error;
  return ExitCode::Done;
}

} // namespace bn::driver
