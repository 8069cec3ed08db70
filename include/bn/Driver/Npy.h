// Npy.h - tensors in NumPy's files: .npy, and the members of .npz.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_NPY_H
#define BN_DRIVER_NPY_H

#include "bn/IR/HostTensor.h"
#include "llvm/Support/Error.h"

namespace bn::driver {

/// Reads a tensor from a .npy file. Either byte order and either memory order; not Python objects.
llvm::Expected<HostTensor> readNpy(llvm::StringRef path, mlir::MLIRContext *context);

/// Reads the member `key` of a .npz archive.
llvm::Expected<HostTensor> readNpz(llvm::StringRef path, llvm::StringRef key, mlir::MLIRContext *context);

/// Writes a tensor as .npy. Floats that NumPy does not have become float32, which holds them exactly; integers below
/// 8 bits become bytes.
llvm::Error writeNpy(llvm::StringRef path, const HostTensor &tensor);

} // namespace bn::driver

#endif // BN_DRIVER_NPY_H
