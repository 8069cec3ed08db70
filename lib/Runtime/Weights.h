// Weights.h - fills the weights buffer from a module's attributes.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_RUNTIME_WEIGHTS_H
#define BN_RUNTIME_WEIGHTS_H

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

namespace bn {

/// Copies the value of every entry of `table` to its offset in `buffer`; no table, nothing to do. With `frees`, each value that the
/// compiler packed goes once it is there, so that it is not in memory twice, and so do its pages of the file, if it stands in one.
llvm::Error fillWeights(mlir::ArrayAttr table, char *buffer, bool frees = false, const llvm::MemoryBuffer *file = nullptr);

} // namespace bn

#endif // BN_RUNTIME_WEIGHTS_H
