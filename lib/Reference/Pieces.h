// Pieces.h - tensors cut along an axis: Split and SplitToSequence.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_REFERENCE_PIECES_H
#define BN_LIB_REFERENCE_PIECES_H

#include "Operator.h"

namespace bn::reference {

/// Adds the pieces of the first operand along the node's axis to the results, and returns that axis. `getPieces` tells their sizes
/// from the call and the size of all; failure, with an error, where they are not all of it.
mlir::FailureOr<int64_t> addPieces(Call &call,
                                   llvm::function_ref<mlir::FailureOr<Dims>(const Call &call, int64_t size)> getPieces);

} // namespace bn::reference

#endif // BN_LIB_REFERENCE_PIECES_H
