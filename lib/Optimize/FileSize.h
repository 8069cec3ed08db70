// FileSize.h - how many bytes a graph takes in its file, so that no pass makes it grow.
// SPDX-License-Identifier: Apache-2.0
//
// The first pass notes the size on the function. Whoever wants to store more than dies with it asks for the room that is left.

#ifndef BN_OPTIMIZE_FILESIZE_H
#define BN_OPTIMIZE_FILESIZE_H

#include "bn/IR/Onnx/Onnx.h"
#include "llvm/ADT/DenseSet.h"

#include <optional>

namespace bn {

/// The bytes of a tensor of this type; nothing where they are open, or more than a number can say.
std::optional<int64_t> getNumBytes(mlir::RankedTensorType type);

/// Whether an op that is not among `unused` uses the op.
bool isUsed(mlir::Operation *op, const llvm::DenseSet<mlir::Operation *> &unused);

/// The bytes that nodes and constants under `root` take in a file, those left out that nothing needs once `unused` ops are gone.
int64_t estimateFileBytes(mlir::Operation *root, const llvm::DenseSet<mlir::Operation *> &unused = {});

/// The bytes that a node takes in a file: its operator, names and attributes.
int64_t estimateNodeBytes(mlir::Operation *op);

/// The bytes that an initializer takes, with its name.
int64_t estimateInitializerBytes(llvm::StringRef name, mlir::RankedTensorType type);

/// Notes the size of the graph around `op`, unless it is noted already.
void noteFileBytes(mlir::Operation *op);

/// Removes the note.
void forgetFileBytes(mlir::Operation *op);

/// How many bytes the graph around `op` may grow, once `unused` ops are gone, until it is as large as it was; nothing where
/// nobody noted that.
std::optional<int64_t> getRoom(mlir::Operation *op, const llvm::DenseSet<mlir::Operation *> &unused = {});

} // namespace bn

#endif // BN_OPTIMIZE_FILESIZE_H
