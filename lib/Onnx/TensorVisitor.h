// TensorVisitor.h - goes through the tensors of a model.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_ONNX_TENSORVISITOR_H
#define BN_LIB_ONNX_TENSORVISITOR_H

#include "Proto.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace bn::onnx {

using TensorVisitor = llvm::function_ref<llvm::Error(proto::TensorProto &)>;

/// Visits the tensors that become values, along the graph and then the functions: initializers, then the attributes of every node and
/// the graphs in them. Stops at the first error, which gets the initializer's name.
llvm::Error visitTensors(proto::ModelProto &model, TensorVisitor visit);

} // namespace bn::onnx

#endif // BN_LIB_ONNX_TENSORVISITOR_H
