// OnnxModule.h - a layer's call as a graph that ONNX can say.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LAYERS_ONNXMODULE_H
#define BN_LIB_LAYERS_ONNXMODULE_H

#include "StepModule.h"
#include "llvm/Support/Error.h"

namespace bn::layers {

/// A graph from x to y around one BatchNormalization, its variables as initializers; with statistics of the batch it gives the
/// new moving ones as well. The batch may have any size. Fails with not_supported where ONNX has no word for the step.
llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> makeOnnx(const StepSettings &settings, const TensorMap &operands, bool training,
                                                           mlir::MLIRContext *context);

} // namespace bn::layers

#endif // BN_LIB_LAYERS_ONNXMODULE_H
