// CodeCache.h - compiled code that one process leaves for the next.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_CODECACHE_H
#define BN_LIB_DRIVER_CODECACHE_H

#include "CodeWriter.h"
#include "bn/Driver/Options.h"
#include "bn/Driver/Session.h"
#include "bn/Runtime/CompiledModel.h"
#include "llvm/ADT/SmallString.h"

#include <optional>

namespace bn::driver {

/// The place of one compiled graph in $BN_CACHE/code, by default ~/.cache/bn/code. Its name is a hash of the graph, of the
/// options, of the processor and of this program, so what is found there is what compiling would give.
class CodeCache {
public:
  /// The place of `module`, graph form for inputs of these types; nothing for a user without a cache folder, or who wants none.
  static std::optional<CodeCache> find(mlir::ModuleOp module, mlir::TypeRange inputs, const ExecutionOptions &options);

  /// The code that an earlier process left, with its types. A file that cannot be read counts as none.
  std::optional<CompiledModel> load(Session &session) const;

  /// Begins to leave code for later processes.
  CodeWriter write() const { return CodeWriter(folder, path); }

private:
  CodeCache() = default;
  llvm::SmallString<128> folder, path;
};

} // namespace bn::driver

#endif // BN_LIB_DRIVER_CODECACHE_H
