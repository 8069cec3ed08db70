// OutputFile.h - files that appear whole or not at all.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_OUTPUTFILE_H
#define BN_DRIVER_OUTPUTFILE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace bn::driver {

/// Whether a path is stdout ("-"), a device or a pipe, which cannot be replaced by a new file.
bool isStream(llvm::StringRef path);

/// Writes beside `path` and renames, so that a failure leaves nothing behind and an existing file untouched; "-" is stdout.
llvm::Error writeFile(llvm::StringRef path, llvm::function_ref<void(llvm::raw_ostream &)> write);

} // namespace bn::driver

#endif // BN_DRIVER_OUTPUTFILE_H
