// Library.h - compiled models as shared libraries: written, and opened again.
// SPDX-License-Identifier: Apache-2.0
//
// A library needs the C and C++ run-time libraries and nothing of bn. For a model `net` it exports
//   net_create, net_run, net_destroy   see the header that `bn compile` writes
//   bn_library_signature               the text that `writeLibrary` was given, ending in a zero
//   bn_library_symbol                  "net"

#ifndef BN_RUNTIME_LIBRARY_H
#define BN_RUNTIME_LIBRARY_H

#include "bn/Runtime/CompiledModel.h"

#include <string>

namespace bn {

struct LibraryOptions {
  std::string symbol;      ///< the beginning of the exported names, a C identifier
  std::string signature;   ///< any text; `Library` gives it back
  std::string weightsPath; ///< file for the weights, in the library's folder; empty: in the library
  std::string session;     ///< the static library with what every compiled library contains
};

/// Writes a shared library with the C++ compiler of the machine ($CXX, or the first that is found), which links it.
llvm::Error writeLibrary(const CompiledModel &model, llvm::StringRef path, const LibraryOptions &options);

/// An open library and one session of its model. Calls from several threads run one after the other.
class Library {
public:
  /// `threads` counts the caller; 0 is one per core.
  static llvm::Expected<std::unique_ptr<Library>> open(llvm::StringRef path, unsigned threads);
  ~Library();
  llvm::StringRef getSignature() const { return signature; }

  /// Buffers are row-major in the types of the model's signature, in order, and as many.
  /// Fails where the inputs are not what the model expects.
  llvm::Error run(llvm::ArrayRef<const void *> inputs, llvm::ArrayRef<void *> outputs);

private:
  Library() = default;
  void *handle = nullptr, *session = nullptr;
  const char *(*runSession)(void *, const void *const *, void *const *) = nullptr;
  void (*destroySession)(void *) = nullptr;
  std::string signature;
};

} // namespace bn

#endif // BN_RUNTIME_LIBRARY_H
