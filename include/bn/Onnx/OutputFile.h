// OutputFile.h - files that appear whole or not at all.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_ONNX_OUTPUTFILE_H
#define BN_ONNX_OUTPUTFILE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace bn::onnx {

/// Whether `path` exists and is no regular file: a device or a pipe, which no new file may replace, or a folder.
bool isSpecialFile(llvm::StringRef path);

/// Writes through `write`, beside `path` first, and renames: a failure leaves nothing behind and an existing file untouched. Special
/// files are written as they are. `size` is what will be written, in bytes, as a hint; 0 is unknown. Errors: the system's.
llvm::Error writeWhole(llvm::StringRef path, uint64_t size, llvm::function_ref<void(llvm::raw_ostream &)> write);

} // namespace bn::onnx

#endif // BN_ONNX_OUTPUTFILE_H
