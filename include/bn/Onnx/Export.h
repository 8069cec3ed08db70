// Export.h - ONNX out: graph form becomes a model file.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_ONNX_EXPORT_H
#define BN_ONNX_EXPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

namespace bn::onnx {

struct ExportOptions {
  bool externalData = false; ///< write large initializers to `<file>.data` beside the model
};

/// Writes graph form as `.onnx` or `.onnxtxt`, by the ending of `path`. The file appears whole or not at all.
/// ONNX's text form has no place for metadata and documentation; `.onnx` loses nothing. Errors: `std::errc::not_supported` for
/// an op that ONNX cannot say or a model that its text form cannot, or the system's error.
llvm::Error exportModel(mlir::ModuleOp module, llvm::StringRef path, const ExportOptions &options = {});

} // namespace bn::onnx

#endif // BN_ONNX_EXPORT_H
