// GraphExport.cpp - functions and regions of graph form as graphs and functions of a model.
// SPDX-License-Identifier: Apache-2.0

#include "GraphExport.h"

#include "NodeExport.h"
#include "TensorConversion.h"

#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::onnx {

Error GraphExporter::exportInitializer(ElementsAttr value, StringAttr residue, StringRef name, proto::GraphProto &graph) {
  proto::TensorProto &tensor = *graph.add_initializer();
  std::optional<proto::TensorProto> old;
  if (residue)
    old = deserialize<proto::TensorProto>(residue.getValue());
  if (Error error = exportTensor(value, old ? &*old : nullptr, tensor, blobs))
    return addContext(std::move(error), "initializer '" + name + "': ");
  if (tensor.name() != name)
    tensor.set_name(name.str());
  return Error::success();
}

Error GraphExporter::exportBody(Region &region, DictionaryAttr entry, proto::GraphProto &graph) {
  graph = deserialize<proto::GraphProto>(entry.getAs<StringAttr>("proto").getValue());
  Block &block = region.front();
  Operation *yield = block.getTerminator();
  Scope scope;
  SmallVector<std::string> storage;
  for (auto [i, value] : llvm::enumerate(yield->getOperands()))
    storage.push_back(static_cast<int>(i) < graph.output_size() ? graph.output(static_cast<int>(i)).name() : std::string());
  SmallVector<StringRef> outputs(storage.begin(), storage.end());
  nameOutputs(outputs, yield->getOperands(), block, scope);
  nameBlock(block, scope);
  for (auto [output, value] : llvm::zip(storage, yield->getOperands()))
    if (output.empty())
      output = getName(value);
  outputs.assign(storage.begin(), storage.end());
  if (Error error = exportOps(block, scope, *graph.mutable_node(), &graph))
    return error;
  exportInputs(block, scope, *graph.mutable_input(), [](unsigned) { return ArrayAttr(); });
  exportOutputs(outputs, yield->getOperands(), *graph.mutable_output());
  exportValueInfos(scope, entry.getAs<ArrayAttr>("dangling"), *graph.mutable_value_info());
  return Error::success();
}

Error GraphExporter::exportBodies(Operation *op, proto::NodeProto &node) {
  auto generic = dyn_cast<GenericNodeOp>(op);
  if (!generic || !generic.getGraphs())
    return Error::success();
  llvm::StringMap<unsigned> seen; // graphs of this attribute that are written
  for (auto [region, attribute] : llvm::zip(generic.getBodies(), generic.getGraphs()->getAsRange<DictionaryAttr>())) {
    StringRef name = attribute.getAs<StringAttr>("attribute").getValue();
    auto target = llvm::find_if(*node.mutable_attribute(), [&](const auto &candidate) { return candidate.name() == name; });
    proto::GraphProto &graph = target->has_g() ? *target->mutable_g() : *target->mutable_graphs(static_cast<int>(seen[name]++));
    if (Error error = exportBody(region, attribute, graph))
      return error;
  }
  return Error::success();
}

Error GraphExporter::exportNodeOp(Operation *op, proto::NodeProto &node) {
  std::optional<proto::NodeProto> residue = getNodeResidue(op);
  auto parts = getNodeParts(op, imports, residue ? &*residue : nullptr);
  if (!parts)
    return parts.takeError();
  if (Error error = exportNode(op, *parts, residue ? &*residue : nullptr, node, blobs))
    return error;
  for (auto [i, value] : llvm::enumerate(parts->inputs))
    node.set_input(static_cast<int>(i), getName(value));
  for (auto [i, value] : llvm::enumerate(parts->outputs))
    node.set_output(static_cast<int>(i), getName(value));
  return exportBodies(op, node);
}

Error GraphExporter::exportOps(Block &block, Scope &scope, Nodes &nodes, proto::GraphProto *graph) {
  for (Operation &op : block) {
    if (isa<AbsentOp>(op) || op.hasTrait<OpTrait::IsTerminator>())
      continue;
    auto constant = dyn_cast<ConstantOp>(op);
    auto sparse = dyn_cast<SparseConstantOp>(op);
    if (constant && !constant.getNodeAttr() && graph) {
      if (Error error = exportInitializer(constant.getValue(), op.getAttrOfType<StringAttr>(attr::residue), getName(constant), *graph))
        return error;
    } else if (sparse && graph) {
      *graph->add_sparse_initializer() = deserialize<proto::SparseTensorProto>(sparse.getProto().getBytes());
    } else if (Error error = exportNodeOp(&op, *nodes.Add())) {
      return addContext(std::move(error), "node '" + getDisplayName(&op) + "': ");
    }
  }
  for (auto [name, value] : scope.identities) {
    proto::NodeProto &node = *nodes.Add();
    node.set_op_type("Identity");
    node.add_input(getName(value));
    node.add_output(name.str());
  }
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

static SmallVector<StringRef> getResultNames(func::FuncOp function) {
  SmallVector<StringRef> names;
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    auto name = function.getResultAttrOfType<StringAttr>(i, attr::name);
    names.push_back(name ? name.getValue() : StringRef());
  }
  return names;
}

/// Puts the initializers into the order in which `names` lists them; others follow.
static void sortInitializers(ArrayRef<std::string> names, proto::GraphProto &graph) {
  llvm::StringMap<size_t> order;
  for (auto [i, name] : llvm::enumerate(names))
    order[name] = i;
  for (const proto::TensorProto &tensor : graph.initializer())
    order.try_emplace(tensor.name(), order.size());
  auto &tensors = *graph.mutable_initializer();
  SmallVector<proto::TensorProto *> sorted(tensors.size());
  tensors.ExtractSubrange(0, tensors.size(), sorted.data());
  llvm::sort(sorted, [&](const proto::TensorProto *a, const proto::TensorProto *b) {
    return order.lookup(a->name()) < order.lookup(b->name());
  });
  for (proto::TensorProto *tensor : sorted)
    tensors.AddAllocated(tensor);
}

/// Makes every initializer an input as well, as models of old IR versions have it.
static void declareInitializers(proto::GraphProto &graph) {
  llvm::StringSet<> declared;
  for (const proto::ValueInfoProto &input : graph.input())
    declared.insert(input.name());
  for (const proto::TensorProto &tensor : graph.initializer()) {
    if (!declared.insert(tensor.name()).second)
      continue;
    proto::ValueInfoProto &input = *graph.add_input();
    input.set_name(tensor.name());
    auto &type = *input.mutable_type()->mutable_tensor_type();
    type.set_elem_type(tensor.data_type());
    type.mutable_shape();
    for (int64_t dim : tensor.dims())
      type.mutable_shape()->add_dim()->set_dim_value(dim);
  }
}

Error GraphExporter::exportMain(func::FuncOp function, proto::GraphProto &graph) {
  if (auto residue = function->getAttrOfType<StringAttr>(attr::graph))
    graph = deserialize<proto::GraphProto>(residue.getValue());
  else
    graph.set_name(function.getSymName().str());
  SmallVector<std::string> order;
  for (const proto::TensorProto &tensor : graph.initializer())
    order.push_back(tensor.name());
  graph.clear_initializer();

  Block &block = function.front();
  Operation *result = block.getTerminator();
  Scope scope;
  freshNames.add(function);
  SmallVector<std::string> storage;
  for (StringRef name : getResultNames(function))
    storage.push_back(name.empty() ? freshNames.take("output") : name.str());
  SmallVector<StringRef> outputs(storage.begin(), storage.end());
  nameOutputs(outputs, result->getOperands(), block, scope);
  nameBlock(block, scope);
  if (Error error = exportOps(block, scope, *graph.mutable_node(), &graph))
    return error;
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (auto value = function.getArgAttrOfType<ElementsAttr>(i, attr::defaultValue))
      if (Error error = exportInitializer(value, function.getArgAttrOfType<StringAttr>(i, attr::residue), getName(function.getArgument(i)),
                                          graph))
        return error;
  if (!order.empty())
    sortInitializers(order, graph);
  exportInputs(block, scope, *graph.mutable_input(), [&](unsigned i) { return function.getArgAttrOfType<ArrayAttr>(i, attr::dimParams); });
  auto irVersion = function->getParentOfType<ModuleOp>()->getAttrOfType<IntegerAttr>(attr::irVersion);
  if (irVersion && irVersion.getInt() < inputsAreOptional)
    declareInitializers(graph);
  exportOutputs(outputs, result->getOperands(), *graph.mutable_output());
  exportValueInfos(scope, function->getAttrOfType<ArrayAttr>(attr::dangling), *graph.mutable_value_info());
  return Error::success();
}

Error GraphExporter::exportFunction(func::FuncOp function, proto::FunctionProto &result) {
  Block &block = function.front();
  Scope scope;
  freshNames.add(function);
  SmallVector<StringRef> outputs = getResultNames(function);
  nameOutputs(outputs, block.getTerminator()->getOperands(), block, scope);
  nameBlock(block, scope);
  if (Error error = exportOps(block, scope, *result.mutable_node(), nullptr))
    return error;
  result.clear_input();
  for (BlockArgument argument : block.getArguments())
    result.add_input(getName(argument));
  result.clear_output();
  for (StringRef name : outputs)
    result.add_output(name.str());
  exportValueInfos(scope, function->getAttrOfType<ArrayAttr>(attr::dangling), *result.mutable_value_info());
  return Error::success();
}

} // namespace bn::onnx
