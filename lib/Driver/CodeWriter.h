// CodeWriter.h - compiled code on its way to a file of the cache.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_CODEWRITER_H
#define BN_LIB_DRIVER_CODEWRITER_H

#include "bn/Driver/Session.h"
#include "bn/Runtime/CompiledModel.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"

#include <optional>

namespace bn::driver {

/// Writes code for later processes, its large weights first: they need not be in memory while the code is made. What fails is a warning.
class CodeWriter {
public:
  /// Writes beside `path`, which is in `folder`.
  CodeWriter(llvm::StringRef folder, llvm::StringRef path) : folder(folder), path(path) {}
  CodeWriter(CodeWriter &&) = default;
  ~CodeWriter();

  /// Moves the weights of a module in kernel form to the file. They can be read as before.
  void moveWeights(mlir::ModuleOp kernelForm);

  /// Adds the code, and puts the file in its place; removes what was not used for long from the folder.
  void store(const CompiledModel &model, Session &session);

private:
  llvm::Error create();
  llvm::Error writeCode(const CompiledModel &model, Session &session);

  llvm::SmallString<128> folder, path;
  std::optional<llvm::sys::fs::TempFile> file;
  WeightPlaces places;
  uint64_t end = 0; ///< of the weights in the file
};

} // namespace bn::driver

#endif // BN_LIB_DRIVER_CODEWRITER_H
