// Npy.h - tensors in NumPy's files: .npy, and the members of .npz.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_NPY_H
#define BN_DRIVER_NPY_H

#include "bn/IR/HostTensor.h"
#include "llvm/Support/Error.h"

namespace bn::driver {

/// Reads a tensor from a .npy file. Either byte order and either memory order; not Python objects.
llvm::Expected<HostTensor> readNpy(llvm::StringRef path, mlir::MLIRContext *context);

/// Reads a tensor from the bytes of a .npy file.
llvm::Expected<HostTensor> parseNpy(llvm::StringRef file, mlir::MLIRContext *context);

/// Reads the member `key` of a .npz archive.
llvm::Expected<HostTensor> readNpz(llvm::StringRef path, llvm::StringRef key, mlir::MLIRContext *context);

/// A member of a .npz archive.
struct NamedTensor {
  std::string name;
  HostTensor tensor;
};

/// Reads every member of a .npz archive, in its order.
llvm::Expected<std::vector<NamedTensor>> readNpz(llvm::StringRef path, mlir::MLIRContext *context);

/// Writes a tensor as .npy. Floats that NumPy does not have become float32, which holds them exactly; integers below
/// 8 bits become bytes.
llvm::Error writeNpy(llvm::StringRef path, const HostTensor &tensor);
void writeNpy(llvm::raw_ostream &os, const HostTensor &tensor);

/// Writes tensors as the members of a .npz archive, whole or not at all.
llvm::Error writeNpz(llvm::StringRef path, llvm::ArrayRef<NamedTensor> tensors);

} // namespace bn::driver

#endif // BN_DRIVER_NPY_H
