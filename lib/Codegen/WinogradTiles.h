// WinogradTiles.h - the two transforms of one tile of a Winograd convolution.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_WINOGRADTILES_H
#define BN_CODEGEN_WINOGRADTILES_H

#include "Epilogue.h"
#include "bn/IR/Kernel/Kernel.h"
#include "bn/IR/Kernel/Winograd.h"

namespace bn {

/// A tile of a blocked image: its row and column among the tiles.
struct WinogradTile {
  mlir::Value image, block, row, column;
};

/// M·tile·Mᵀ for a square tile of vectors, row by row.
llvm::SmallVector<mlir::Value> transformTile(mlir::OpBuilder &builder, mlir::Location loc,
                                             llvm::ArrayRef<kernel::WinogradMatrix> matrices, llvm::ArrayRef<mlir::Value> tile);

/// Loads the elements that tile `at` reads, transforms them and hands them over, position by position.
void emitInputTile(mlir::OpBuilder &builder, kernel::WinogradInputOp op, const LinearView &in, const WinogradTile &at,
                   llvm::function_ref<void(int64_t position, mlir::Value)> store);

/// What the output's transform reads besides the products, and where it stores.
class WinogradOutput {
public:
  /// Fails on a dynamic layout.
  static mlir::FailureOr<WinogradOutput> get(mlir::OpBuilder &builder, kernel::WinogradOutputOp op);
  /// Transforms the products of one tile and stores what is inside the image; all columns are where the tile `isWhole`.
  void emitTile(mlir::OpBuilder &builder, const WinogradTile &at, bool isWhole, llvm::function_ref<mlir::Value(int64_t position)> load);

private:
  kernel::WinogradOutputOp op;
  LinearView bias;
  Epilogue epilogue;
};

} // namespace bn

#endif // BN_CODEGEN_WINOGRADTILES_H
