// Stored.h - operators of the host on values as they are stored, for the running model.
// SPDX-License-Identifier: Apache-2.0
//
// What the size of a result or the length of a loop depends on cannot be compiled before the data are there. The interpreter knows these
// operators in double, written to be read; here are those that networks spend time in, on the elements' own types.

#ifndef BN_REFERENCE_STORED_H
#define BN_REFERENCE_STORED_H

#include "bn/IR/HostTensor.h"
#include "mlir/IR/Operation.h"

namespace bn::reference {

/// Whether `evaluateStored` knows the operator; not all of its types.
bool isStoredOperator(mlir::Operation *op);

/// Evaluates one op. False, and no results, where the interpreter has to: for other types, and for operands that it refuses.
bool evaluateStored(mlir::Operation *op, llvm::ArrayRef<const HostTensor *> operands, llvm::SmallVectorImpl<HostTensor> &results);

} // namespace bn::reference

#endif // BN_REFERENCE_STORED_H
