// ShapeArithmetic.h - what is known of a list of sizes that the graph computes.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_SHAPEARITHMETIC_H
#define BN_OPTIMIZE_SHAPEARITHMETIC_H

#include "bn/IR/Onnx/Onnx.h"

#include <optional>

namespace bn {

/// An integer of a list of sizes: a number, or the size of `source` along `axis`, or neither.
struct SizeEntry {
  std::optional<int64_t> number = std::nullopt;
  mlir::Value source = {};
  int64_t axis = 0;
};

/// The entries of a scalar or list of integers, as far as constants and the types of tensors tell; nothing where even their number
/// is open.
std::optional<llvm::SmallVector<SizeEntry>> getSizeEntries(mlir::Value value);

/// The numbers of such a value that no input changes.
std::optional<llvm::SmallVector<int64_t>> getKnownSizes(mlir::Value value);

/// The list that a Reshape can be given for the one that the graph computes: 0 for a dimension that it keeps, and at most one -1.
/// Nothing where that says too little. The elements of the tensor fix the -1, as they do in the reshapes that exporters write.
std::optional<llvm::SmallVector<int64_t>> getReshapeList(onnx::NodeOpInterface reshape);

} // namespace bn

#endif // BN_OPTIMIZE_SHAPEARITHMETIC_H
