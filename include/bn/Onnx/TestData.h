// TestData.h - values in ONNX's own format: files of one tensor, sequence or optional.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_ONNX_TESTDATA_H
#define BN_ONNX_TESTDATA_H

#include "bn/IR/HostTensor.h"
#include "llvm/Support/Error.h"

namespace bn::onnx {

/// Reads a file that holds one serialized TensorProto, SequenceProto or OptionalProto: which of them only the declared type tells.
llvm::Expected<HostTensor> readValue(llvm::StringRef path, mlir::Type declared);

/// Reads a file that holds one serialized TensorProto. Errors: `std::errc::bad_message`, `std::errc::not_supported` for
/// a file that holds a sequence, map or optional, or the system's error.
llvm::Expected<HostTensor> readTensor(llvm::StringRef path, mlir::MLIRContext *context);

} // namespace bn::onnx

#endif // BN_ONNX_TESTDATA_H
