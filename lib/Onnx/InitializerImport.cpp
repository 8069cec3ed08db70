// InitializerImport.cpp - initializers of a graph as constants, or as default values of its inputs.
// SPDX-License-Identifier: Apache-2.0

#include "GraphImport.h"

#include "TensorConversion.h"

#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::onnx {

Error GraphImporter::importInitializer(const proto::TensorProto &tensor) {
  auto value = importTensor(tensor, blobs, builder.getContext());
  if (!value)
    return addContext(value.takeError(), "initializer '" + tensor.name() + "': ");
  auto op = ConstantOp::create(builder, NameLoc::get(builder.getStringAttr(tensor.name())), *value);
  setOutputNames(op, {tensor.name()});
  if (auto residue = getTensorResidue(tensor, *value))
    op->setAttr(attr::residue, builder.getStringAttr(serialize(*residue)));
  return define(tensor.name(), op.getResult());
}

Error GraphImporter::importSparseInitializer(const proto::SparseTensorProto &tensor) {
  const std::string &name = tensor.values().name();
  proto::TensorProto dense;
  dense.set_data_type(tensor.values().data_type());
  *dense.mutable_dims() = tensor.dims();
  auto type = importTensorType(dense, builder.getContext());
  if (!type)
    return addContext(type.takeError(), "sparse initializer '" + name + "': ");
  auto op = SparseConstantOp::create(builder, NameLoc::get(builder.getStringAttr(name)), SparseType::get(builder.getContext(), *type),
                                     ProtoAttr::get(builder.getContext(), serialize(tensor)));
  setOutputNames(op, {name});
  return define(name, op.getResult());
}

Error GraphImporter::importInitializers(proto::GraphProto &graph) {
  for (const proto::TensorProto &tensor : graph.initializer())
    if (Error error = importInitializer(tensor))
      return error;
  for (const proto::SparseTensorProto &tensor : graph.sparse_initializer())
    if (Error error = importSparseInitializer(tensor))
      return error;
  return Error::success();
}

GraphImporter::Tensors GraphImporter::takeDefaults(proto::GraphProto &graph) {
  StringSet<> inputs;
  for (const proto::ValueInfoProto &input : graph.input())
    inputs.insert(input.name());
  google::protobuf::RepeatedPtrField<proto::TensorProto> all;
  all.Swap(graph.mutable_initializer());
  SmallVector<proto::TensorProto *> tensors(all.size());
  all.ExtractSubrange(0, all.size(), tensors.data());
  Tensors defaults;
  for (proto::TensorProto *tensor : tensors)
    if (inputs.contains(tensor->name()))
      defaults.emplace_back(tensor);
    else
      graph.mutable_initializer()->AddAllocated(tensor);
  return defaults;
}

Error GraphImporter::setDefaults(const Tensors &defaults, func::FuncOp function) {
  for (const auto &tensor : defaults) {
    auto value = importTensor(*tensor, blobs, builder.getContext());
    if (!value)
      return addContext(value.takeError(), "initializer '" + tensor->name() + "': ");
    unsigned number = cast<BlockArgument>(scopes.back().values.lookup(tensor->name())).getArgNumber();
    if (function.getArgAttr(number, attr::defaultValue))
      return invalidModel("expected '" + tensor->name() + "' to be defined once");
    function.setArgAttr(number, attr::defaultValue, *value);
    if (auto residue = getTensorResidue(*tensor, *value))
      function.setArgAttr(number, attr::residue, builder.getStringAttr(serialize(*residue)));
  }
  return Error::success();
}

} // namespace bn::onnx
