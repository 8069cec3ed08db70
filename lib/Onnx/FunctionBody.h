// FunctionBody.h - the nodes that an operator stands for.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_ONNX_FUNCTIONBODY_H
#define BN_LIB_ONNX_FUNCTIONBODY_H

#include "NodeExport.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace bn::onnx {

/// The function of a node's operator, and the contents of tensors that its message leaves out.
struct FunctionBody {
  proto::FunctionProto function;
  BlobMap blobs;
};

/// The model-local function that `op` calls, or null.
mlir::func::FuncOp findLocalFunction(mlir::Operation *op);

/// The body of the model-local function that `op` calls, or of the function that ONNX defines its operator by; references to
/// the node's attributes are resolved. Null where there is neither. `node` is the message of `op` with the types of its inputs.
std::unique_ptr<FunctionBody> getFunctionBody(mlir::Operation *op, const proto::NodeProto &node,
                                              const std::vector<proto::TypeProto> &inputTypes);

} // namespace bn::onnx

#endif // BN_LIB_ONNX_FUNCTIONBODY_H
