// Operators.cpp - asks the ONNX library about operators.
// SPDX-License-Identifier: Apache-2.0
//
// ONNX's inference works on whole models and trusts them; with the contexts here it works on one node at a time, on
// what the IR knows, and within bounds: a shape that is propagated has at most `maxShapeElements` entries.

#include "Operators.h"

#include "onnx/defs/schema.h"
#include "onnx/defs/tensor_proto_util.h"
#include "onnx/shape_inference/implementation.h"

using namespace llvm;

namespace bn::onnx {

OpsetImports getOpsetImports(const google::protobuf::RepeatedPtrField<proto::OperatorSetIdProto> &imports) {
  OpsetImports result;
  for (const auto &import : imports)
    result[normalizeDomain(import.domain())] = import.version();
  return result;
}

const proto::OpSchema *findSchema(StringRef opType, StringRef domain, const OpsetImports &imports) {
  int64_t version = getVersion(nullptr, domain, imports);
  if (version < 1 || version > std::numeric_limits<int>::max())
    return nullptr;
  return proto::OpSchemaRegistry::Schema(opType.str(), static_cast<int>(version), normalizeDomain(domain).str());
}

int64_t getVersion(const proto::OpSchema *schema, StringRef domain, const OpsetImports &imports) {
  if (schema)
    return schema->SinceVersion();
  auto it = imports.find(normalizeDomain(domain));
  return it == imports.end() ? 1 : it->second;
}

namespace {

constexpr int64_t maxShapeElements = 64;

/// What is known of the entry, or null. ONNX's functions count on an exception for one that the node does not have.
template <typename Entries>
auto *getEntry(const Entries &entries, size_t index) {
  return entries.at(index);
}

const proto::AttributeProto *findAttribute(const proto::NodeProto &node, const std::string &name) {
  auto it = llvm::find_if(node.attribute(), [&](const auto &attribute) { return attribute.name() == name; });
  return it == node.attribute().end() ? nullptr : &*it;
}

/// Answers with the types that a subgraph's results are known to have.
class BodyTypes : public proto::GraphInferencer {
public:
  explicit BodyTypes(const std::vector<proto::TypeProto> &types) : types(types) {}
  std::vector<const proto::TypeProto *> doInferencing(const std::vector<const proto::TypeProto *> &,
                                                      const std::vector<const proto::TensorProto *> &) override {
    std::vector<const proto::TypeProto *> result;
    for (const proto::TypeProto &type : types)
      result.push_back(&type);
    return result;
  }

private:
  const std::vector<proto::TypeProto> &types;
};

class TypeContext : public proto::InferenceContext {
public:
  TypeContext(const proto::NodeProto &node, const NodeInputs &inputs) : outputs(node.output_size()), node(node), inputs(inputs) {}

  const proto::AttributeProto *getAttribute(const std::string &name) const override { return findAttribute(node, name); }
  size_t getNumInputs() const override { return node.input_size(); }
  const proto::TypeProto *getInputType(size_t index) const override { return getEntry(inputs.types, index); }
  bool hasInput(size_t index) const override {
    return index < getNumInputs() && !node.input(static_cast<int>(index)).empty();
  }
  const proto::TensorProto *getInputData(size_t index) const override { return getEntry(inputs.values, index); }
  const proto::SparseTensorProto *getInputSparseData(size_t) const override { return nullptr; }
  const proto::TensorShapeProto *getSymbolicInput(size_t index) const override { return getEntry(inputs.shapes, index); }
  size_t getNumOutputs() const override { return outputs.size(); }
  proto::TypeProto *getOutputType(size_t index) override { return &outputs.at(index); }
  bool hasOutput(size_t index) override { return index < outputs.size() && !node.output(static_cast<int>(index)).empty(); }
  proto::GraphInferencer *getGraphAttributeInferencer(const std::string &name) override {
    auto it = inputs.bodies.find(name);
    if (it == inputs.bodies.end())
      return nullptr;
    return bodies.emplace_back(std::make_unique<BodyTypes>(it->second)).get();
  }

  std::vector<proto::TypeProto> outputs;

private:
  const proto::NodeProto &node;
  const NodeInputs &inputs;
  std::vector<std::unique_ptr<BodyTypes>> bodies;
};

/// Tells elements of integer vectors, with those that nobody knows left open.
class ShapeContext : public proto::DataPropagationContext {
public:
  ShapeContext(const proto::NodeProto &node, const NodeInputs &inputs, const std::vector<proto::TypeProto> &outputTypes)
      : node(node), inputs(inputs), outputTypes(outputTypes) {}

  const proto::AttributeProto *getAttribute(const std::string &name) const override { return findAttribute(node, name); }
  size_t getNumInputs() const override { return node.input_size(); }
  const proto::TypeProto *getInputType(size_t index) const override { return getEntry(inputs.types, index); }
  size_t getNumOutputs() const override { return outputTypes.size(); }
  const proto::TypeProto *getOutputType(size_t index) const override { return &outputTypes.at(index); }
  const proto::TensorShapeProto *getInputData(size_t index) override {
    if (const auto *shape = getEntry(inputs.shapes, index))
      return shape;
    const auto *value = getEntry(inputs.values, index);
    if (!value || value->dims_size() > 1 || (value->dims_size() == 1 && value->dims(0) > maxShapeElements))
      return nullptr;
    auto shape = std::make_unique<proto::TensorShapeProto>();
    if (value->data_type() == proto::TensorProto::INT64)
      for (int64_t element : proto::ParseData<int64_t>(value))
        shape->add_dim()->set_dim_value(element);
    else if (value->data_type() == proto::TensorProto::INT32)
      for (int32_t element : proto::ParseData<int32_t>(value))
        shape->add_dim()->set_dim_value(element);
    else
      return nullptr;
    return constants.emplace_back(std::move(shape)).get();
  }
  void addOutputData(size_t index, proto::TensorShapeProto &&shape) override {
    if (shape.dim_size() <= maxShapeElements)
      outputs[index] = std::move(shape);
  }

  DenseMap<unsigned, proto::TensorShapeProto> outputs;

private:
  const proto::NodeProto &node;
  const NodeInputs &inputs;
  const std::vector<proto::TypeProto> &outputTypes;
  std::vector<std::unique_ptr<proto::TensorShapeProto>> constants;
};

} // namespace

Expected<std::vector<proto::TypeProto>> inferOutputTypes(const proto::OpSchema *schema, proto::NodeProto &node, const NodeInputs &inputs,
                                                         const OpsetImports &imports) {
  TypeContext context(node, inputs);
  if (!schema)
    return std::vector<proto::TypeProto>(context.outputs);
  try {
    if (schema->has_type_and_shape_inference_function())
      schema->GetTypeAndShapeInferenceFunction()(context);
    else if (const auto *body = schema->GetFunction(static_cast<int>(getVersion(nullptr, schema->domain(), imports))))
      proto::shape_inference::InferShapeForFunctionNode(*body, proto::OpSchemaRegistry::Instance(), context);
  } catch (const std::exception &exception) {
    StringRef message = exception.what();
    return invalidModel(message.take_until([](char c) { return c == '\n'; }));
  }
  return std::move(context.outputs);
}

DenseMap<unsigned, proto::TensorShapeProto> propagateShapes(const proto::OpSchema *schema, const proto::NodeProto &node,
                                                            const NodeInputs &inputs,
                                                            const std::vector<proto::TypeProto> &outputTypes) {
  ShapeContext context(node, inputs, outputTypes);
  if (!schema || !schema->has_data_propagation_function())
    return std::move(context.outputs);
  try {
    schema->GetDataPropagationFunction()(context);
  } catch (const std::exception &) {
    context.outputs.clear(); // inference has already judged the node; nothing is known of its elements
  }
  return std::move(context.outputs);
}

} // namespace bn::onnx
