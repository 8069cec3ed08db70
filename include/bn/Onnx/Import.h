// Import.h - ONNX in: a model file becomes graph form, without loss.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_ONNX_IMPORT_H
#define BN_ONNX_IMPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/Error.h"

namespace bn::onnx {

/// Which initializers that are also graph inputs count as constants. Auto: all before IR version 4, none from it on.
enum class InitializerMode { Auto, Const, Overridable };

struct ImportOptions {
  InitializerMode initializers = InitializerMode::Auto;
};

/// Reads an `.onnx` (binary) or `.onnxtxt` (ONNX text) file into graph form. Weights stay in the mapped file.
/// Errors, all of one line that names file and node: `std::errc::bad_message` where the file is not valid ONNX,
/// `std::errc::not_supported`, or the system's error where it cannot be read.
llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> importModel(llvm::StringRef path, mlir::MLIRContext *context,
                                                              const ImportOptions &options = {});

/// Lets passes ask the ONNX library about operators (see SchemaInterface.h).
void registerSchemaInterface(mlir::DialectRegistry &registry);

} // namespace bn::onnx

#endif // BN_ONNX_IMPORT_H
