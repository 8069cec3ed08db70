// LibraryInfo.h - what a compiled library says about itself to the session code inside it.
// SPDX-License-Identifier: Apache-2.0
//
// Free of LLVM. Library.cpp writes the source that defines these symbols, LibraryEntry.cpp reads them.

#ifndef BN_RUNTIME_LIBRARYINFO_H
#define BN_RUNTIME_LIBRARYINFO_H

#include <cstdint>

extern "C" {

struct BnLibraryInfo {
  uint64_t inputs, outputs;        ///< numbers of buffers
  uint64_t arenaSize, weightsSize; ///< bytes
  const char *weights;             ///< the weights, or null where they are in a file
  const char *weightsFile;         ///< its name, beside the library; or null
  const char *const *checks;       ///< what the code finds out about its inputs, as messages; or null
};

extern __attribute__((visibility("hidden"))) const BnLibraryInfo bn_library_info;

/// The model's code.
__attribute__((visibility("hidden"))) void bn_run(void **arguments);
}

#endif // BN_RUNTIME_LIBRARYINFO_H
