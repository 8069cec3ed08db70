// FreshNames.h - names for new values.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_IR_ONNX_FRESHNAMES_H
#define BN_IR_ONNX_FRESHNAMES_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/StringSet.h"

namespace bn::onnx {

/// The names of the values in a graph, its subgraphs included, so that new values get free ones.
class FreshNames {
public:
  FreshNames() = default;
  explicit FreshNames(mlir::Operation *root) { add(root); }

  /// Takes the names of all values in `root`, or a name, without asking whether it is free.
  void add(mlir::Operation *root);
  void add(llvm::StringRef name) { taken.insert(name); }

  /// `wanted` if it is free, otherwise with a number behind it. The name is taken from now on.
  std::string take(llvm::StringRef wanted);

private:
  llvm::StringSet<> taken;
};

} // namespace bn::onnx

#endif // BN_IR_ONNX_FRESHNAMES_H
