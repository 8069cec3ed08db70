// WinogradGroup.h - the loops of a Winograd convolution that goes group by group of tiles.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_WINOGRADGROUP_H
#define BN_CODEGEN_WINOGRADGROUP_H

#include "DotProduct.h"
#include "WinogradTiles.h"

namespace bn {

/// The three ops of one convolution.
struct Winograd {
  kernel::WinogradInputOp input;
  kernel::MatmulOp product;
  kernel::WinogradOutputOp output;

  int64_t positions() { return sizesOf(input.getInit())[0]; }
  int64_t tiles() { return sizesOf(input.getInit())[1]; }
  int64_t inputs() { return sizesOf(input.getInit())[2]; }
  int64_t groupInputs() { return inputs() / product.getGroups(); } ///< channels that an output is a sum over
  int64_t outputs() { return sizesOf(product.getInit())[2]; }
  int64_t block() { return sizesOf(output.getInit())[4]; }
  int64_t tileBytes() { return positions() * (inputs() * bytesOf(input.getInit()) + outputs() * bytesOf(product.getInit())); }

  static int64_t bytesOf(mlir::Value memref) { return mlir::cast<mlir::MemRefType>(memref.getType()).getElementTypeBitWidth() / 8; }
  static llvm::ArrayRef<int64_t> sizesOf(mlir::Value memref) { return mlir::cast<mlir::MemRefType>(memref.getType()).getShape(); }
};

/// Emits the convolution in groups of so many tiles, of which the tiles are a multiple. Fails on a dynamic layout.
mlir::LogicalResult emitWinogradGroups(mlir::OpBuilder &builder, Winograd ops, int64_t group, unsigned registers,
                                       const DotIntrinsics &dots);

} // namespace bn

#endif // BN_CODEGEN_WINOGRADGROUP_H
