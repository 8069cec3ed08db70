// Weights.h - fills the weights buffer from a module's attributes.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_RUNTIME_WEIGHTS_H
#define BN_RUNTIME_WEIGHTS_H

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/Support/Error.h"

namespace bn {

/// Copies the value of every entry of `table` to its offset in `buffer`; no table, nothing to do.
llvm::Error fillWeights(mlir::ArrayAttr table, char *buffer);

} // namespace bn

#endif // BN_RUNTIME_WEIGHTS_H
