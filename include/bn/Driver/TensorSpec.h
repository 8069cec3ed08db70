// TensorSpec.h - tensors as the command line spells them.
// SPDX-License-Identifier: Apache-2.0
//
//   @file.npy | @file.npz:key | @file.pb | 2x2xf32=1,2,3,4 | 1x3x224x224xf32=@file.raw

#ifndef BN_DRIVER_TENSORSPEC_H
#define BN_DRIVER_TENSORSPEC_H

#include "bn/IR/HostTensor.h"
#include "llvm/Support/Error.h"

namespace bn::driver {

/// What an option of the form NAME=VALUE gives to the input or output at `index`.
struct NamedSpec {
  size_t index;
  llvm::StringRef value;
};

/// Splits at the first '=' and finds the name, or an index in decimal, among names. `what` is what these stand for: "input".
llvm::Expected<NamedSpec> parseNamed(llvm::StringRef option, llvm::StringRef text, llvm::ArrayRef<std::string> names,
                                     llvm::StringRef what);

/// Reads a tensor from a file or from the text itself. One element given for many fills the tensor.
llvm::Expected<HostTensor> readTensorSpec(llvm::StringRef spec, mlir::MLIRContext *context);

/// The same for a value of the declared type; a sequence or an optional comes from a file of ONNX's, FILE.pb.
llvm::Expected<HostTensor> readValueSpec(llvm::StringRef spec, mlir::Type declared);

/// "1x3x224x224"; empty for a scalar.
llvm::Expected<llvm::SmallVector<int64_t>> parseShape(llvm::StringRef text);

/// `tensor` with the type that is wanted, where only its file format could not say it (bfloat16 in .npy).
HostTensor adaptElementType(HostTensor tensor, mlir::Type wanted);

} // namespace bn::driver

#endif // BN_DRIVER_TENSORSPEC_H
