// PackedElements.h - the memory of constants that the compiler makes for kernels.
// SPDX-License-Identifier: Apache-2.0
//
// A weight in the layout of a kernel is as large as the model's own, which stays. Once nobody reads it any more, its memory can go, long
// before the context does.

#ifndef BN_IR_KERNEL_PACKEDELEMENTS_H
#define BN_IR_KERNEL_PACKEDELEMENTS_H

#include "bn/IR/ElementMemory.h"
#include "bn/IR/Kernel/Kernel.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/PatternMatch.h"

namespace bn::kernel {

/// The name by which they are known; the context numbers them.
inline constexpr llvm::StringLiteral kPackedName = "packed.weights";

/// A constant that the compiler made.
inline mlir::ElementsAttr makePackedElements(mlir::RankedTensorType type, mlir::AsmResourceBlob blob) {
  return mlir::DenseResourceElementsAttr::get(type, kPackedName, std::move(blob));
}

/// Frees the memory of a constant that makePackedElements made; any other constant stays as it is.
inline void dropPackedElements(mlir::ElementsAttr value) {
  auto resource = mlir::dyn_cast_or_null<mlir::DenseResourceElementsAttr>(value);
  if (resource && resource.getRawHandle().getKey().starts_with(kPackedName))
    freeElements(value);
}

/// Erases weights that nobody reads any more, and frees their memory.
inline void eraseUnusedWeights(mlir::RewriterBase &rewriter, ConstantOp weights) {
  if (!weights->use_empty())
    return;
  dropPackedElements(weights.getValue());
  rewriter.eraseOp(weights);
}

} // namespace bn::kernel

#endif // BN_IR_KERNEL_PACKEDELEMENTS_H
