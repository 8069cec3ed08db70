// TileRange.h - the tiles of one part among several of a dimension.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_TILERANGE_H
#define BN_CODEGEN_TILERANGE_H

#include "RegisterTile.h"

namespace bn {

/// The tiles of spans, cut into parts; of one of them, the tiles from `begin` to `end`.
class TileRange {
public:
  TileRange(mlir::OpBuilder &builder, mlir::Location loc, llvm::ArrayRef<Span> spans, mlir::Value part, int64_t parts);

  /// The rows, or blocks, of the part: from the first to the one behind the last.
  std::pair<mlir::Value, mlir::Value> getExtent(mlir::OpBuilder &builder) const;

  /// Emits `body(start, size)` for each tile.
  void emit(mlir::OpBuilder &builder, llvm::function_ref<void(mlir::OpBuilder &, mlir::Value, int64_t)> body) const;

private:
  mlir::Value startOf(mlir::OpBuilder &builder, mlir::Value tile) const;

  mlir::Location loc;
  llvm::SmallVector<Span> spans;
  int64_t parts, tiles = 0;
  mlir::Value begin, end;
};

} // namespace bn

#endif // BN_CODEGEN_TILERANGE_H
