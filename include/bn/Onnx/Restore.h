// Restore.h - the way back from an optimized model to the original, message-equal.
// SPDX-License-Identifier: Apache-2.0
//
// A restore file is an ONNX model: the original without those weights that the optimized model still holds. Its metadata say
// what is missing and which optimized model has it:
//   bn.restore.optimized   XXH3-128 of the optimized file's bytes, in hexadecimal
//   bn.restore.weights     pairs m:n, the m-th tensor of the restore file has the contents of the n-th of the optimized file
// Tensors count along the graph, then along the functions: initializers, then the attributes of every node and the graphs in them.
// Contents of less than 1 KB stay in the restore file. Weights in external files stay where they are.

#ifndef BN_ONNX_RESTORE_H
#define BN_ONNX_RESTORE_H

#include "llvm/Support/Error.h"

namespace bn::onnx {

/// Writes what `optimized` lacks of `original` to `path`.
llvm::Error saveRestoreFile(llvm::StringRef original, llvm::StringRef optimized, llvm::StringRef path);

/// Puts `optimized` and its restore file together to the original model. Errors: `std::errc::bad_message` where `restoreFile` is
/// none, `std::errc::invalid_argument` where it belongs to another model, or the system's.
llvm::Error restoreModel(llvm::StringRef optimized, llvm::StringRef restoreFile, llvm::StringRef path);

} // namespace bn::onnx

#endif // BN_ONNX_RESTORE_H
