// BatchFolder.h - a folder of inputs, a batch at a time.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_BATCHFOLDER_H
#define BN_LIB_DRIVER_BATCHFOLDER_H

#include "bn/IR/HostTensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/Error.h"

namespace bn::driver {

/// The files of a folder by their names: .npy and .pb for models with one input, .npz with an array for every input.
class BatchFolder {
public:
  /// `batch` above 0 cuts files into batches of so many samples, along the first axis.
  static llvm::Expected<BatchFolder> open(llvm::StringRef directory, mlir::func::FuncOp main, int64_t batch);

  size_t getNumFiles() const { return files.size(); }

  /// Calls `visit` with the model's inputs of every batch and the number of its file; one file is in memory at a time.
  llvm::Error forEachBatch(llvm::function_ref<llvm::Error(llvm::ArrayRef<HostTensor>, size_t)> visit) const;

private:
  llvm::Expected<std::vector<HostTensor>> readFile(llvm::StringRef path) const;
  llvm::Error visitParts(llvm::ArrayRef<HostTensor> tensors, llvm::function_ref<llvm::Error(llvm::ArrayRef<HostTensor>)> visit) const;

  std::vector<std::string> files, inputs;
  std::vector<mlir::Type> types;
  int64_t batch = 0;
  mlir::MLIRContext *context = nullptr;
};

} // namespace bn::driver

#endif // BN_LIB_DRIVER_BATCHFOLDER_H
