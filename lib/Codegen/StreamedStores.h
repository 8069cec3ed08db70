// StreamedStores.h - stores past the cache, for results that are too large to stay in it.
// SPDX-License-Identifier: Apache-2.0
//
// A store into a line that is not in cache reads the line first; a non-temporal one does not, and leaves the cache to data that is
// used again. It needs an aligned address. What orders it for other threads is the atomic operation that ends a chunk.

#ifndef BN_CODEGEN_STREAMEDSTORES_H
#define BN_CODEGEN_STREAMEDSTORES_H

#include "LinearView.h"

namespace bn {

/// True if an op that touches so many bytes should stream its result.
bool shouldStream(int64_t bytes);

/// Stores a vector at an address that is a multiple of the vector's size, past the cache.
void storeStreamed(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value vector, mlir::Value row, mlir::Value index);

/// Whether row[index] starts at a multiple of the size of `lanes` elements: an i1.
mlir::Value isAligned(mlir::OpBuilder &builder, mlir::Location loc, const LinearView &view, mlir::Value index, int64_t lanes);

/// Covers `count` elements from row[first] on: `body(begin, lanes, streamed)` once for each vector at an aligned address, and for what is
/// before and behind them, in short vectors where those are aligned, in single elements otherwise. `begin` counts from 0.
void emitStreamed(mlir::OpBuilder &builder, mlir::Location loc, const LinearView &view, mlir::Value first, mlir::Value count, int64_t lanes,
                  llvm::function_ref<void(mlir::OpBuilder &, mlir::Value begin, int64_t lanes, bool streamed)> body);

} // namespace bn

#endif // BN_CODEGEN_STREAMEDSTORES_H
