// StorageInterface.h - what is known of the memory that constants lie in, for code that must not know where they come from.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_IR_ONNX_STORAGEINTERFACE_H
#define BN_IR_ONNX_STORAGEINTERFACE_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectInterface.h"
#include "llvm/ADT/ArrayRef.h"

namespace bn::onnx {

/// A dialect interface of `onnx`. The library BNOnnx implements it, for it maps the files.
class StorageInterface : public mlir::DialectInterface::Base<StorageInterface> {
public:
  StorageInterface(mlir::Dialect *dialect) : Base(dialect) {}

  /// Tells that nobody is expected to read these bytes of a constant again. They stay readable, but may leave memory.
  virtual void release(llvm::ArrayRef<char> bytes) const = 0;
};

/// Whom to tell; null where nobody wants to know.
const StorageInterface *getStorage(mlir::MLIRContext *context);

/// Tells so of a constant's bytes, where there is somebody to tell.
void releaseStorage(mlir::ElementsAttr value);

/// Marks an `onnx.constant` whose elements nobody reads but the module that it stands in, which is about to be lowered: they go with the
/// last node that was.
inline constexpr llvm::StringLiteral kTransientAttr = "onnx.transient";

} // namespace bn::onnx

#endif // BN_IR_ONNX_STORAGEINTERFACE_H
