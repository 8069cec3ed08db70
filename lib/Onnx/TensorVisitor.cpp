// TensorVisitor.cpp - goes through the tensors of a model.
// SPDX-License-Identifier: Apache-2.0

#include "TensorVisitor.h"

using namespace llvm;

namespace bn::onnx {

static Error visitTensors(proto::GraphProto &graph, TensorVisitor visit);

static Error visitTensors(google::protobuf::RepeatedPtrField<proto::NodeProto> &nodes, TensorVisitor visit) {
  for (proto::NodeProto &node : nodes)
    for (proto::AttributeProto &attribute : *node.mutable_attribute()) {
      if (attribute.has_t())
        if (Error error = visit(*attribute.mutable_t()))
          return error;
      if (attribute.has_g())
        if (Error error = visitTensors(*attribute.mutable_g(), visit))
          return error;
      for (proto::GraphProto &graph : *attribute.mutable_graphs())
        if (Error error = visitTensors(graph, visit))
          return error;
    }
  return Error::success();
}

static Error visitTensors(proto::GraphProto &graph, TensorVisitor visit) {
  for (proto::TensorProto &tensor : *graph.mutable_initializer())
    if (Error error = visit(tensor))
      return addContext(std::move(error), "tensor '" + tensor.name() + "': ");
  return visitTensors(*graph.mutable_node(), visit);
}

Error visitTensors(proto::ModelProto &model, TensorVisitor visit) {
  if (model.has_graph())
    if (Error error = visitTensors(*model.mutable_graph(), visit))
      return error;
  for (proto::FunctionProto &function : *model.mutable_functions())
    if (Error error = visitTensors(*function.mutable_node(), visit))
      return error;
  return Error::success();
}

} // namespace bn::onnx
