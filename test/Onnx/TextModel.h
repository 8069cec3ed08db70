// TextModel.h - models in ONNX's text form, for tests.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_TEST_ONNX_TEXTMODEL_H
#define BN_TEST_ONNX_TEXTMODEL_H

#include "bn/Onnx/Import.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

namespace bn::onnx {

/// Imports a model from its text.
inline llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> importText(llvm::StringRef text, mlir::MLIRContext &context,
                                                                    const ImportOptions &options = {}) {
  llvm::SmallString<128> path;
  int fd;
  if (std::error_code code = llvm::sys::fs::createTemporaryFile("model", "onnxtxt", fd, path))
    return llvm::errorCodeToError(code);
  llvm::FileRemover remover(path);
  llvm::raw_fd_ostream(fd, true) << text;
  return importModel(path, &context, options);
}

/// The module as text; empty, and a failure of the test, where the import fails.
inline std::string importToString(llvm::StringRef text, mlir::MLIRContext &context, const ImportOptions &options = {}) {
  auto module = importText(text, context, options);
  if (!module) {
    ADD_FAILURE() << toString(module.takeError());
    return "";
  }
  std::string result;
  llvm::raw_string_ostream os(result);
  (*module)->print(os);
  return result;
}

/// The message and the kind of the error that importing gives.
inline std::pair<std::string, std::error_code> importError(llvm::StringRef text) {
  mlir::MLIRContext context;
  auto module = importText(text, context);
  std::pair<std::string, std::error_code> result;
  if (module) {
    ADD_FAILURE() << "expected an error";
    return result;
  }
  handleAllErrors(module.takeError(), [&](const llvm::ErrorInfoBase &info) { result = {info.message(), info.convertToErrorCode()}; });
  EXPECT_EQ(result.first.find('\n'), std::string::npos) << result.first;
  return result;
}

inline bool contains(llvm::StringRef text, llvm::StringRef part) { return text.contains(part); }

} // namespace bn::onnx

#endif // BN_TEST_ONNX_TEXTMODEL_H
