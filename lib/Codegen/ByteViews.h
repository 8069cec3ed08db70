// ByteViews.h - typed views of one buffer of bytes: how weights and the arena are addressed.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_BYTEVIEWS_H
#define BN_CODEGEN_BYTEVIEWS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinTypes.h"

namespace bn {

/// Bytes that a value of this type takes in memory: an element takes whole bytes, an index eight.
int64_t byteSize(mlir::ShapedType type);

/// The model's function: the public one.
mlir::func::FuncOp modelFunction(mlir::ModuleOp module);

/// Adds an argument to the function, behind the others.
mlir::BlockArgument appendArgument(mlir::func::FuncOp func, mlir::Type type);

/// The memref of `type` at `offset` in a memref of bytes.
mlir::Value viewBytes(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value bytes, int64_t offset, mlir::MemRefType type);

/// The buffer that a memref is a view of.
mlir::Value findBuffer(mlir::Value memref);

} // namespace bn

#endif // BN_CODEGEN_BYTEVIEWS_H
