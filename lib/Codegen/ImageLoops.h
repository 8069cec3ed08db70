// ImageLoops.h - which ops of a batch one loop over its images does, and how many images at once.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_IMAGELOOPS_H
#define BN_CODEGEN_IMAGELOOPS_H

#include "ImageSplit.h"

namespace bn {

/// An op that works on each image by itself.
struct ImageOp {
  mlir::Operation *op;
  llvm::SmallVector<ImageAccess> accesses;
};

/// Ops that one loop may do: they follow each other, and agree on how their buffers are split.
struct ImageRun {
  int64_t images = 0;
  llvm::SmallVector<ImageOp> ops;
  ImageSplits splits; ///< of all buffers that they access

  /// Whether nobody but ops `first` to `end` - 1 accesses a buffer, which is allocated here.
  bool isLocal(mlir::Value buffer, size_t first, size_t end) const;
};

/// Ops `first` to `end` - 1 of a run, for groups of so many images; for all at once, there is no loop.
struct ImageLoop {
  size_t first, end;
  int64_t group;
};

/// Cuts a run into loops such that little goes through memory, for a last-level cache of so many bytes.
llvm::SmallVector<ImageLoop> chooseImageLoops(const ImageRun &run, int64_t cacheBytes);

} // namespace bn

#endif // BN_CODEGEN_IMAGELOOPS_H
