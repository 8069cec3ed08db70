// Random.h - which nodes draw random numbers.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_IR_ONNX_RANDOM_H
#define BN_IR_ONNX_RANDOM_H

#include "mlir/IR/ValueRange.h"

namespace bn::onnx {

/// Whether a node of the default domain draws its results: Dropout does where it is not known to be out of training.
bool mayDraw(llvm::StringRef opType, mlir::ValueRange inputs);

} // namespace bn::onnx

#endif // BN_IR_ONNX_RANDOM_H
