// ModelFile.h - models in and out of files of every format.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_MODELFILE_H
#define BN_DRIVER_MODELFILE_H

#include "bn/Driver/Options.h"
#include "bn/Driver/Session.h"
#include "mlir/IR/OwningOpRef.h"

namespace bn::driver {

enum class ModelFormat { Onnx, OnnxText, Mlir, MlirBytecode };

/// The format that the ending of a file name stands for.
llvm::Expected<ModelFormat> getFormat(llvm::StringRef path);

/// Fails where the options do not say a format, or would send binary data to a terminal; before any work.
llvm::Expected<ModelFormat> getSaveFormat(const SaveOptions &options);

/// Reads a model of any format; "-" is stdin, its format told from its beginning.
llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> loadModel(llvm::StringRef path, Session &session,
                                                            Initializers initializers = Initializers::Auto);

/// Writes a model, whole or not at all.
llvm::Error saveModel(mlir::ModuleOp module, const SaveOptions &options);

} // namespace bn::driver

#endif // BN_DRIVER_MODELFILE_H
