// VectorBody.h - a region of scalar ops, done on vectors.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_VECTORBODY_H
#define BN_CODEGEN_VECTORBODY_H

#include "mlir/IR/Builders.h"

namespace bn {

/// True if every op of a block computes each lane by itself, so that the block can be done on vectors.
bool isLanewise(mlir::Block &body);

/// Clones a block with its arguments replaced; where a value is a vector of `lanes`, what follows from it is, too. `indexOf` gives the
/// value of a `linalg.index`. Returns what the terminator yields, as vectors when there is more than one lane.
llvm::SmallVector<mlir::Value> emitBody(mlir::OpBuilder &builder, mlir::Block &body, mlir::ValueRange arguments, int64_t lanes,
                                        llvm::function_ref<mlir::Value(uint64_t)> indexOf = nullptr);

} // namespace bn

#endif // BN_CODEGEN_VECTORBODY_H
