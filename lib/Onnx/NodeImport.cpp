// NodeImport.cpp - reads nodes: operands, attributes, subgraphs and types.
// SPDX-License-Identifier: Apache-2.0

#include "AttributeConversion.h"
#include "GraphImport.h"
#include "NodeExport.h"
#include "TensorConversion.h"
#include "TypeConversion.h"

#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"

#include "onnx/defs/schema.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::onnx {

static std::string getDisplayName(const proto::NodeProto &node) {
  if (!node.name().empty())
    return node.name();
  auto named = llvm::find_if(node.output(), [](const std::string &name) { return !name.empty(); });
  return named == node.output().end() ? node.op_type() : *named;
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

const proto::TypeProto *GraphImporter::getTypeProto(Value value) {
  std::unique_ptr<proto::TypeProto> &type = typeProtos[value];
  if (!type)
    type = std::make_unique<proto::TypeProto>(exportType(value.getType()));
  return type->value_case() == proto::TypeProto::VALUE_NOT_SET ? nullptr : type.get();
}

const proto::TensorProto *GraphImporter::getSmallConstant(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  if (!constant || !isa<DenseElementsAttr>(constant.getValue()))
    return nullptr;
  std::unique_ptr<proto::TensorProto> &tensor = constants[value];
  if (!tensor) {
    tensor = std::make_unique<proto::TensorProto>();
    BlobMap large; // up to 64 elements never are
    consumeError(exportTensor(constant.getValue(), nullptr, *tensor, large));
  }
  return tensor.get();
}

/// The formal parameter that input or output `index` is; null beyond the last.
static const proto::OpSchema::FormalParameter *getFormal(const std::vector<proto::OpSchema::FormalParameter> &formals, size_t index) {
  if (index < formals.size())
    return &formals[index];
  bool repeats = !formals.empty() && formals.back().GetOption() == proto::OpSchema::Variadic && formals.back().GetIsHomogeneous();
  return repeats ? &formals.back() : nullptr;
}

/// An output of unknown type has the element type of an input that the schema gives the same type. Inputs of model-local
/// functions have no types, so inference says nothing of what is made of them.
static void inferElementType(const proto::OpSchema &schema, size_t output, ArrayRef<const proto::TypeProto *> inputs,
                             proto::TypeProto &type) {
  const auto *formal = getFormal(schema.outputs(), output);
  if (!formal || type.value_case() != proto::TypeProto::VALUE_NOT_SET)
    return;
  for (auto [i, input] : llvm::enumerate(inputs)) {
    const auto *other = getFormal(schema.inputs(), i);
    if (!other || other->GetTypeStr() != formal->GetTypeStr() || !input || !input->has_tensor_type())
      continue;
    type.mutable_tensor_type()->set_elem_type(input->tensor_type().elem_type());
    return;
  }
}

std::vector<proto::TypeProto> GraphImporter::getOutputTypes(const proto::OpSchema *schema, proto::NodeProto &node, ValueRange operands,
                                                            Bodies &bodies,
                                                            DenseMap<unsigned, proto::TensorShapeProto> &elements) {
  NodeInputs inputs;
  for (Value operand : operands) {
    inputs.types.push_back(getTypeProto(operand));
    inputs.values.push_back(getSmallConstant(operand));
    auto vector = vectors.find(operand);
    inputs.shapes.push_back(vector == vectors.end() ? nullptr : vector->second.get());
  }
  inputs.bodies = std::move(bodies.types);
  auto inferred = inferOutputTypes(schema, node, inputs, imports);
  std::vector<proto::TypeProto> types(node.output_size());
  for (auto [i, type] : llvm::enumerate(types)) {
    if (const proto::TypeProto *declared = scopes.back().declared.lookup(node.output(i)))
      type = *declared;
    if (inferred && i < inferred->size())
      mergeType(type, (*inferred)[i]);
  }
  if (inferred)
    elements = propagateShapes(schema, node, inputs, types);
  consumeError(inferred.takeError()); // what inference cannot say stays as it is declared
  for (auto [i, type] : llvm::enumerate(types))
    if (schema)
      inferElementType(*schema, i, inputs.types, type);
  return types;
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

Expected<DictionaryAttr> GraphImporter::importAttributes(const proto::NodeProto &node) {
  NamedAttrList attributes;
  StringSet<> names;
  for (const proto::AttributeProto &attribute : node.attribute()) {
    if (attribute.name().empty() || !names.insert(attribute.name()).second)
      return invalidModel("expected every attribute to have a name of its own, got '" + attribute.name() + "'");
    if (holdsGraphs(attribute))
      continue;
    auto value = importAttribute(attribute, blobs, builder.getContext());
    if (!value)
      return value.takeError();
    attributes.append(attribute.name(), *value);
  }
  return attributes.getDictionary(builder.getContext());
}

/// What the schema demands of every node. Optional checks are left to those who read the node.
static Error checkAgainstSchema(const proto::OpSchema *schema, const proto::NodeProto &node) {
  if (!schema)
    return Error::success();
  if (node.input_size() < schema->min_input())
    return invalidModel("expected at least " + Twine(schema->min_input()) + " inputs, got " + Twine(node.input_size()));
  for (const proto::AttributeProto &attribute : node.attribute()) {
    auto known = schema->attributes().find(attribute.name());
    if (known == schema->attributes().end() || attribute.has_ref_attr_name())
      continue;
    auto expected = static_cast<proto::AttributeProto::AttributeType>(known->second.type), got = getAttributeType(attribute);
    if (got != expected && got != proto::AttributeProto::UNDEFINED)
      return invalidModel("expected attribute '" + attribute.name() + "' to be " + proto::AttributeProto::AttributeType_Name(expected) +
                          ", got " + proto::AttributeProto::AttributeType_Name(got));
  }
  return Error::success();
}

Error GraphImporter::nameResults(Operation *op, const proto::NodeProto &node, std::vector<proto::TypeProto> &types) {
  auto parts = getNodeParts(op, imports, nullptr);
  if (!parts)
    return parts.takeError();
  SmallVector<StringRef> names(op->getNumResults());
  // Results by the order of the node's outputs, which is not always the op's.
  SmallVector<Value> outputs = parts->outputs;
  if (isa<NodeOpInterface>(op))
    outputs.assign(op->result_begin(), op->result_end());
  else if (op->getNumResults() == 5) // a training BatchNormalization
    outputs = {op->getResult(0), op->getResult(3), op->getResult(4), op->getResult(1), op->getResult(2)};
  for (auto [i, name] : llvm::enumerate(node.output())) {
    if (name.empty())
      continue;
    Value value = outputs[i];
    names[cast<OpResult>(value).getResultNumber()] = name;
    if (Error error = define(name, value))
      return error;
    if (importType(types[i], builder.getContext()) == value.getType())
      typeProtos[value] = std::make_unique<proto::TypeProto>(std::move(types[i]));
  }
  setOutputNames(op, names);
  return Error::success();
}

Error GraphImporter::importNode(proto::NodeProto &node) {
  const proto::OpSchema *schema = findSchema(node.op_type(), node.domain(), imports);
  if (Error error = checkAgainstSchema(schema, node))
    return error;
  Pieces pieces{NameLoc::get(builder.getStringAttr(getDisplayName(node))),
                node,
                getVersion(schema, node.domain(), imports),
                {},
                {},
                {},
                {}};
  for (const std::string &input : node.input()) {
    auto value = input.empty() ? Expected<Value>(absent) : lookUp(input);
    if (!value)
      return value.takeError();
    pieces.operands.push_back(*value);
  }
  auto attributes = importAttributes(node);
  if (!attributes)
    return attributes.takeError();
  pieces.attributes = *attributes;
  auto bodies = importBodies(node);
  if (!bodies)
    return bodies.takeError();
  pieces.bodies = std::move(*bodies);
  DenseMap<unsigned, proto::TensorShapeProto> elements;
  std::vector<proto::TypeProto> types = getOutputTypes(schema, node, pieces.operands, pieces.bodies, elements);
  for (auto [name, type] : llvm::zip(node.output(), types))
    pieces.results.push_back(name.empty() ? Type(builder.getNoneType()) : importType(type, builder.getContext()));

  Operation *op = createOp(pieces);
  if (!node.name().empty())
    op->setAttr(attr::name, builder.getStringAttr(node.name()));
  if (Error error = nameResults(op, node, types))
    return error;
  for (auto &[output, shape] : elements)
    if (output < static_cast<unsigned>(node.output_size()) && !node.output(output).empty())
      vectors[scopes.back().values.lookup(node.output(output))] = std::make_unique<proto::TensorShapeProto>(std::move(shape));
  return keepNodeResidue(op, node, imports);
}

Error GraphImporter::importNodeList(google::protobuf::RepeatedPtrField<proto::NodeProto> &nodes) {
  for (proto::NodeProto &node : nodes)
    if (Error error = importNode(node))
      return addContext(std::move(error), "node '" + getDisplayName(node) + "' (" + node.op_type() + "): ");
  return Error::success();
}

} // namespace bn::onnx
