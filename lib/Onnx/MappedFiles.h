// MappedFiles.h - the files that constants of a context lie in.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_ONNX_MAPPEDFILES_H
#define BN_LIB_ONNX_MAPPEDFILES_H

#include "bn/IR/Onnx/StorageInterface.h"

#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <mutex>
#include <vector>

namespace bn::onnx {

/// Knows which bytes are those of a mapped file, which the system can read again.
class MappedFiles : public StorageInterface {
public:
  using StorageInterface::StorageInterface;

  /// Adds a mapped file, and keeps it mapped.
  void add(std::shared_ptr<llvm::MemoryBuffer> file);

  void release(llvm::ArrayRef<char> bytes) const override;

private:
  mutable std::mutex mutex;
  std::vector<std::shared_ptr<llvm::MemoryBuffer>> files;
};

} // namespace bn::onnx

#endif // BN_LIB_ONNX_MAPPEDFILES_H
