// NodeImport.cpp - one node becomes one op.
// SPDX-License-Identifier: Apache-2.0
//
// Tried in this order, the first that can express the node: a constant, an op of the bn dialect, the op that the onnx
// dialect defines for the operator, and `onnx.node`, which takes every node.

#include "AttributeConversion.h"
#include "BatchNorm.h"
#include "GraphImport.h"
#include "TensorConversion.h"
#include "TypeConversion.h"

#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"

#include "onnx/defs/schema.h"

#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::onnx {

struct GraphImporter::Pieces {
  Location loc;
  const proto::NodeProto &node;
  int64_t version;
  SmallVector<Value> operands;
  SmallVector<Type> results;
  DictionaryAttr attributes;
  Bodies bodies;

  StringRef getDomain() const { return normalizeDomain(node.domain()); }
  bool is(StringRef opType) const { return getDomain().empty() && node.op_type() == opType; }
};

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
  return types;
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

/// The op if its verifier accepts it. An op that says less takes the node otherwise, so nothing is reported.
static Operation *keepIfValid(Operation *op) {
  if (!op)
    return nullptr;
  ScopedDiagnosticHandler silence(op->getContext(), [](Diagnostic &) { return success(); });
  if (succeeded(verify(op, /*verifyRecursively=*/false)))
    return op;
  op->erase();
  return nullptr;
}

/// The value of a Constant node; null for an attribute that holds none.
static ElementsAttr getConstantValue(NamedAttribute named) {
  Attribute value = named.getValue();
  StringRef name = named.getName();
  auto makeVector = [&](Type element, auto numbers) {
    auto type = RankedTensorType::get(static_cast<int64_t>(numbers.size()), element);
    auto owner = std::make_shared<std::string>(reinterpret_cast<const char *>(numbers.data()), numbers.size() * sizeof(numbers[0]));
    return makeElements(type, {ArrayRef(owner->data(), owner->size()), owner}, name);
  };
  auto makeStrings = [&](ArrayRef<int64_t> shape, ArrayRef<StringRef> strings) -> ElementsAttr {
    return DenseElementsAttr::get(RankedTensorType::get(shape, StringType::get(value.getContext())), strings);
  };
  if (name == "value")
    return dyn_cast<ElementsAttr>(value);
  if (auto number = dyn_cast<FloatAttr>(value); number && name == "value_float")
    return DenseElementsAttr::get(RankedTensorType::get({}, number.getType()), value);
  if (auto number = dyn_cast<IntegerAttr>(value); number && name == "value_int")
    return DenseElementsAttr::get(RankedTensorType::get({}, number.getType()), value);
  if (auto string = dyn_cast<StringAttr>(value); string && name == "value_string")
    return makeStrings({}, string.getValue());
  if (auto numbers = dyn_cast<DenseI64ArrayAttr>(value); numbers && name == "value_ints")
    return makeVector(IntegerType::get(value.getContext(), 64), numbers.asArrayRef());
  if (auto numbers = dyn_cast<DenseF32ArrayAttr>(value); numbers && name == "value_floats")
    return makeVector(Float32Type::get(value.getContext()), numbers.asArrayRef());
  auto strings = dyn_cast<ArrayAttr>(value);
  if (!strings || name != "value_strings")
    return {};
  auto texts = llvm::map_to_vector(strings.getAsRange<StringAttr>(), [](StringAttr string) { return string.getValue(); });
  return makeStrings(static_cast<int64_t>(texts.size()), texts);
}

Operation *GraphImporter::createConstant(Pieces &pieces) {
  if (!pieces.is("Constant") || pieces.attributes.size() != 1 || !pieces.operands.empty() || pieces.results.size() != 1 ||
      isa<NoneType>(pieces.results[0]))
    return nullptr;
  NamedAttribute named = *pieces.attributes.begin();
  ElementsAttr value = getConstantValue(named);
  return value ? ConstantOp::create(builder, pieces.loc, value.getType(), value, named.getName()).getOperation() : nullptr;
}

Operation *GraphImporter::createBatchNorm(Pieces &pieces) {
  unsigned outputs = pieces.results.size();
  while (outputs > 0 && isa<NoneType>(pieces.results[outputs - 1]))
    --outputs;
  if (!pieces.is("BatchNormalization") || outputs == 0)
    return nullptr;
  return keepIfValid(importBatchNorm(builder, pieces.loc, pieces.operands, outputs, pieces.attributes, pieces.version));
}

/// The number that an op's traits fix, as seen by `hasCount`; nothing for a variable one.
static std::optional<unsigned> findCount(function_ref<bool(unsigned)> hasCount) {
  constexpr unsigned most = 8;
  for (unsigned count = 0; count <= most; ++count)
    if (hasCount(count))
      return count;
  return std::nullopt;
}

static std::optional<unsigned> getOperandCount(RegisteredOperationName name) {
  return findCount([&](unsigned count) {
    switch (count) {
    case 1: return name.hasTrait<OpTrait::OneOperand>();
    case 2: return name.hasTrait<OpTrait::NOperands<2>::Impl>();
    case 3: return name.hasTrait<OpTrait::NOperands<3>::Impl>();
    case 4: return name.hasTrait<OpTrait::NOperands<4>::Impl>();
    case 5: return name.hasTrait<OpTrait::NOperands<5>::Impl>();
    case 6: return name.hasTrait<OpTrait::NOperands<6>::Impl>();
    default: return false;
    }
  });
}

static std::optional<unsigned> getResultCount(RegisteredOperationName name) {
  return findCount([&](unsigned count) {
    switch (count) {
    case 1: return name.hasTrait<OpTrait::OneResult>();
    case 2: return name.hasTrait<OpTrait::NResults<2>::Impl>();
    case 3: return name.hasTrait<OpTrait::NResults<3>::Impl>();
    default: return false;
    }
  });
}

Operation *GraphImporter::createDefinedOp(Pieces &pieces) {
  MLIRContext *context = builder.getContext();
  if (!pieces.getDomain().empty() || !pieces.bodies.regions.empty())
    return nullptr;
  auto name = RegisteredOperationName::lookup("onnx." + llvm::convertToSnakeFromCamelCase(pieces.node.op_type()), context);
  if (!name || !name->hasInterface<NodeOpInterface>() || name->getStringRef() == GenericNodeOp::getOperationName())
    return nullptr;
  if (llvm::any_of(pieces.attributes, [](NamedAttribute named) {
        return named.getName() == "version" || named.getName().getValue().contains('.') || isa<ProtoAttr>(named.getValue());
      }))
    return nullptr;
  unsigned operands = getOperandCount(*name).value_or(pieces.operands.size());
  unsigned results = getResultCount(*name).value_or(pieces.results.size());
  if (pieces.operands.size() > operands || pieces.results.size() > results)
    return nullptr;
  OperationState state(pieces.loc, *name);
  state.addOperands(pieces.operands);
  for (unsigned i = pieces.operands.size(); i < operands; ++i)
    state.operands.push_back(absent);
  state.addTypes(pieces.results);
  for (unsigned i = pieces.results.size(); i < results; ++i)
    state.addTypes(builder.getNoneType());
  state.addAttributes(pieces.attributes.getValue());
  state.addAttribute("version", builder.getI64IntegerAttr(pieces.version));
  ScopedDiagnosticHandler silence(context, [](Diagnostic &) { return success(); });
  if (failed(name->verifyInherentAttrs(state.attributes, [&] { return emitError(pieces.loc); })))
    return nullptr;
  Operation *op = keepIfValid(builder.create(state));
  auto node = dyn_cast_or_null<NodeOpInterface>(op);
  if (!node || (node.getOpType() == pieces.node.op_type() && node.getNodeAttrs() == pieces.attributes))
    return op;
  op->erase();
  return nullptr;
}

Operation *GraphImporter::createGenericNode(Pieces &pieces) {
  OperationState state(pieces.loc, GenericNodeOp::getOperationName());
  state.addOperands(pieces.operands);
  state.addTypes(pieces.results);
  auto &properties = state.getOrAddProperties<GenericNodeOp::Properties>();
  properties.op_type = builder.getStringAttr(pieces.node.op_type());
  properties.domain = builder.getStringAttr(pieces.getDomain());
  properties.version = builder.getI64IntegerAttr(pieces.version);
  properties.node_attrs = pieces.attributes;
  if (!pieces.bodies.graphs.empty())
    properties.graphs = builder.getArrayAttr(pieces.bodies.graphs);
  for (auto &region : pieces.bodies.regions)
    state.addRegion(std::move(region));
  return builder.create(state);
}

Operation *GraphImporter::createOp(Pieces &pieces) {
  if (Operation *op = createConstant(pieces))
    return op;
  if (Operation *op = createBatchNorm(pieces))
    return op;
  if (Operation *op = createDefinedOp(pieces))
    return op;
  return createGenericNode(pieces);
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
