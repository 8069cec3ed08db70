// ResultStore.h - decides which results of constant folding are stored, so that no file grows, and shares equal ones.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_RESULTSTORE_H
#define BN_OPTIMIZE_RESULTSTORE_H

#include "bn/IR/Onnx/Onnx.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

#include <optional>

namespace bn {

/// The constants that a run of constant folding makes. What is replaced stays, unused, until `settle`, for only at the end
/// it is known whether the constants that could die make room for the new ones.
class ResultStore {
public:
  /// How much may be stored.
  struct Limits {
    int64_t small = 16 << 10;                   ///< results up to so many bytes are tried, or as many as they are made of; more
    int64_t room = 0;                           ///< where others die with them, or where they fit into so many bytes
    std::optional<int64_t> total = std::nullopt; ///< what the file may take in the end; nothing where it does not matter
    bool dequantize = true;                     ///< whether integers may become the floats that a DequantizeLinear makes of them
  };
  explicit ResultStore(Limits limits) : limits(limits) {}

  /// Whether the results of `op` are worth computing now. The bytes are known before the values are.
  bool admits(mlir::Operation *op) const;

  /// Lets constants of their names stand for the results of `op`; null values stand for results that nobody uses.
  void replace(mlir::Operation *op, llvm::ArrayRef<mlir::ElementsAttr> values, mlir::RewriterBase &rewriter);

  /// Whether constants stand for the results of `op`.
  bool isReplaced(mlir::Operation *op) const { return replaced.contains(op); }

  /// Puts the largest results back until what is under `root` fits, and erases what nobody uses.
  void settle(mlir::Operation *root, mlir::RewriterBase &rewriter);

private:
  onnx::ConstantOp findEqual(mlir::ElementsAttr value, uint64_t hash, mlir::Operation *reader) const;
  int64_t getDyingBytes(mlir::Operation *op) const;
  llvm::DenseSet<mlir::Operation *> findUnused() const;
  void putBack(onnx::ConstantOp constant, mlir::RewriterBase &rewriter);

  Limits limits;
  llvm::SetVector<mlir::Operation *> replaced;
  llvm::MapVector<onnx::ConstantOp, mlir::Value> origins;                  ///< what each constant stands for
  llvm::DenseMap<uint64_t, llvm::SmallVector<onnx::ConstantOp, 1>> stored; ///< by hash
};

} // namespace bn

#endif // BN_OPTIMIZE_RESULTSTORE_H
