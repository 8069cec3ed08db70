// Signature.h - what goes into a compiled library and comes out, as text.
// SPDX-License-Identifier: Apache-2.0
//
// The text is MLIR: a module with one declaration whose arguments and results have their ONNX names,
//   func.func private @main(tensor<1x3x8x8xf32> {onnx.name = "image"}) -> (tensor<1x10xf32> {onnx.name = "logits"})

#ifndef BN_LIB_DRIVER_SIGNATURE_H
#define BN_LIB_DRIVER_SIGNATURE_H

#include "bn/Driver/Inputs.h"
#include "bn/Driver/Session.h"
#include "mlir/IR/OwningOpRef.h"

namespace bn::driver {

/// The signature of a model whose inputs and outputs have these types.
std::string formatSignature(llvm::ArrayRef<BoundInput> inputs, llvm::ArrayRef<std::string> outputNames,
                            llvm::ArrayRef<mlir::RankedTensorType> outputTypes, Session &session);

/// The module with the declaration.
llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> parseSignature(llvm::StringRef text, Session &session);

} // namespace bn::driver

#endif // BN_LIB_DRIVER_SIGNATURE_H
