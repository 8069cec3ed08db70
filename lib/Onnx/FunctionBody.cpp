// FunctionBody.cpp - the nodes that an operator stands for.
// SPDX-License-Identifier: Apache-2.0

#include "FunctionBody.h"

#include "GraphExport.h"
#include "GraphImport.h"

#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"

#include "onnx/defs/schema.h"

#include "mlir/IR/SymbolTable.h"

using namespace mlir;

namespace bn::onnx {

using Attributes = llvm::StringMap<const proto::AttributeProto *>;
using Nodes = google::protobuf::RepeatedPtrField<proto::NodeProto>;

/// Replaces references to the function's attributes by the values of the call; one that the call does not give goes.
static void resolveReferences(Nodes &nodes, const Attributes &values) {
  for (proto::NodeProto &node : nodes) {
    google::protobuf::RepeatedPtrField<proto::AttributeProto> old;
    old.Swap(node.mutable_attribute());
    for (proto::AttributeProto &attribute : old) {
      const proto::AttributeProto *value = attribute.has_ref_attr_name() ? values.lookup(attribute.ref_attr_name()) : &attribute;
      if (!value)
        continue;
      proto::AttributeProto &resolved = *node.add_attribute();
      std::string name = attribute.name();
      if (value == &attribute)
        resolved.Swap(&attribute);
      else
        resolved = *value;
      resolved.set_name(name);
      if (resolved.has_g())
        resolveReferences(*resolved.mutable_g()->mutable_node(), values);
      for (proto::GraphProto &graph : *resolved.mutable_graphs())
        resolveReferences(*graph.mutable_node(), values);
    }
  }
}

func::FuncOp findLocalFunction(Operation *op) {
  auto node = dyn_cast<GenericNodeOp>(op);
  auto module = node ? op->getParentOfType<ModuleOp>() : nullptr;
  if (!module)
    return nullptr;
  std::optional<proto::NodeProto> residue = getNodeResidue(op); // says which overload of a function it calls
  auto function = module.lookupSymbol<func::FuncOp>(
      getFunctionSymbol(node.getDomain(), node.getOpType(), residue ? StringRef(residue->overload()) : ""));
  return function && function->hasAttr(attr::function) ? function : nullptr;
}

/// The model-local function that the node calls, as a message.
static std::unique_ptr<FunctionBody> getLocalBody(Operation *op) {
  func::FuncOp function = findLocalFunction(op);
  if (!function)
    return nullptr;
  auto body = std::make_unique<FunctionBody>();
  body->function = deserialize<proto::FunctionProto>(function->getAttrOfType<StringAttr>(attr::function).getValue());
  OpsetImports imports = getOpsetImports(body->function.opset_import());
  if (llvm::Error error = GraphExporter(imports, body->blobs).exportFunction(function, body->function)) {
    llvm::consumeError(std::move(error)); // a pass left an op in the function that is no node
    return nullptr;
  }
  return body;
}

/// The function that ONNX defines the operator by.
static std::unique_ptr<FunctionBody> getSchemaBody(const proto::OpSchema &schema, const proto::NodeProto &node, int64_t opset,
                                                   const std::vector<proto::TypeProto> &inputTypes) {
  auto body = std::make_unique<FunctionBody>();
  auto version = static_cast<int>(opset);
  try {
    if (const proto::FunctionProto *function = schema.GetFunction(version)) {
      body->function = *function;
      return body;
    }
    proto::FunctionBodyBuildContextImpl context(node, inputTypes);
    if (schema.HasContextDependentFunction() && schema.BuildContextDependentFunction(context, body->function, version))
      return body;
  } catch (const std::exception &) {
    return nullptr; // the operator has a body, but not for these inputs
  }
  return nullptr;
}

/// The opset version of the domain that the model imports; the schema's own version where it is later or none is known.
static int64_t getOpsetVersion(Operation *op, NodeOpInterface node) {
  auto module = op->getParentOfType<ModuleOp>();
  auto imports = module ? module->getAttrOfType<DictionaryAttr>(attr::opsetImports) : nullptr;
  auto version = imports ? imports.getAs<IntegerAttr>(node.getDomain().empty() ? "ai.onnx" : node.getDomain()) : nullptr;
  return std::max(version ? version.getInt() : 0, node.getSchemaVersion());
}

std::unique_ptr<FunctionBody> getFunctionBody(Operation *op, const proto::NodeProto &node,
                                              const std::vector<proto::TypeProto> &inputTypes) {
  Attributes values;
  std::unique_ptr<FunctionBody> body = getLocalBody(op);
  if (!body) {
    auto interface = cast<NodeOpInterface>(op);
    OpsetImports imports;
    imports[interface.getDomain()] = interface.getSchemaVersion();
    const proto::OpSchema *schema = findSchema(interface.getOpType(), interface.getDomain(), imports);
    body = schema ? getSchemaBody(*schema, node, getOpsetVersion(op, interface), inputTypes) : nullptr;
    if (!body)
      return nullptr;
    for (const auto &[name, attribute] : schema->attributes())
      if (attribute.default_value.has_name() && attribute.default_value.type() != proto::AttributeProto::UNDEFINED)
        values[name] = &attribute.default_value;
  }
  std::vector<proto::AttributeProto> defaults(body->function.attribute_proto().begin(), body->function.attribute_proto().end());
  for (const proto::AttributeProto &attribute : defaults)
    values[attribute.name()] = &attribute;
  for (const proto::AttributeProto &attribute : node.attribute())
    values[attribute.name()] = &attribute;
  resolveReferences(*body->function.mutable_node(), values);
  return body;
}

} // namespace bn::onnx
