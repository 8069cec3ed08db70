// TransientConstants.h - constants that are freed as soon as what they are for has been lowered.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LOWER_TRANSIENTCONSTANTS_H
#define BN_LIB_LOWER_TRANSIENTCONSTANTS_H

#include "bn/IR/Onnx/Onnx.h"

namespace bn::lower {

/// The constants of a module that are marked with `onnx.transient`, with the number of operands that are still to be lowered.
class TransientConstants {
public:
  explicit TransientConstants(mlir::ModuleOp module);

  /// Notes that a node was lowered, `lowered` being its operands in kernel form, and frees what has no more readers: constants that
  /// were packed, whose own elements kernel form does not use.
  void noteLowered(mlir::Operation *node, llvm::ArrayRef<mlir::ValueRange> lowered);

private:
  llvm::DenseMap<mlir::Attribute, unsigned> readers; ///< by value: constants may share one
};

} // namespace bn::lower

#endif // BN_LIB_LOWER_TRANSIENTCONSTANTS_H
