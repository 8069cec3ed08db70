// ImageSplit.h - where the images of a batch lie in the buffers that an op reads and writes.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_IMAGESPLIT_H
#define BN_CODEGEN_IMAGESPLIT_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/DenseMap.h"

#include <optional>

namespace bn {

/// The dimension of a buffer that counts images, and how many of its places one image takes.
struct ImageSplit {
  int64_t dim, size;
  bool operator==(const ImageSplit &) const = default;
};

/// A buffer that an op reads or writes.
struct ImageAccess {
  mlir::Value memref;              ///< the op's operand
  mlir::Value buffer;              ///< what that is a view of
  std::optional<ImageSplit> split; ///< of the buffer; none where all images share it
  bool isWritten;
};

/// How buffers are split by the ops that access them.
using ImageSplits = llvm::DenseMap<mlir::Value, std::optional<ImageSplit>>;

/// What an op accesses, if it does the same to each image and to each by itself. `known` are the splits by the ops before it: they say
/// which dimension counts images where the op would do with any.
std::optional<llvm::SmallVector<ImageAccess>> findImageAccesses(mlir::Operation *op, int64_t images, const ImageSplits &known);

} // namespace bn

#endif // BN_CODEGEN_IMAGESPLIT_H
