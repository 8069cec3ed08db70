// AttributeConversion.cpp - attributes of nodes to MLIR attributes and back.
// SPDX-License-Identifier: Apache-2.0

#include "AttributeConversion.h"

#include "TensorConversion.h"
#include "TypeConversion.h"

#include "bn/IR/Onnx/Onnx.h"


using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::onnx {

using proto::AttributeProto;

AttributeProto::AttributeType getAttributeType(const AttributeProto &attribute) {
  if (attribute.type() != AttributeProto::UNDEFINED || attribute.has_ref_attr_name())
    return attribute.type();
  const std::pair<bool, AttributeProto::AttributeType> contents[] = {
      {attribute.has_f(), AttributeProto::FLOAT},           {attribute.has_i(), AttributeProto::INT},
      {attribute.has_s(), AttributeProto::STRING},          {attribute.has_t(), AttributeProto::TENSOR},
      {attribute.has_g(), AttributeProto::GRAPH},           {attribute.has_tp(), AttributeProto::TYPE_PROTO},
      {attribute.floats_size() > 0, AttributeProto::FLOATS}, {attribute.ints_size() > 0, AttributeProto::INTS},
      {attribute.strings_size() > 0, AttributeProto::STRINGS}, {attribute.graphs_size() > 0, AttributeProto::GRAPHS}};
  for (auto [present, type] : contents)
    if (present)
      return type;
  return AttributeProto::UNDEFINED;
}

bool holdsGraphs(const AttributeProto &attribute) {
  auto type = getAttributeType(attribute);
  return !attribute.has_ref_attr_name() &&
         ((type == AttributeProto::GRAPH && attribute.has_g()) || (type == AttributeProto::GRAPHS && attribute.graphs_size()));
}

Expected<Attribute> importAttribute(const AttributeProto &attribute, const BlobMap &blobs, MLIRContext *context) {
  Builder b(context);
  auto verbatim = [&]() -> Attribute { return ProtoAttr::get(context, serialize(attribute)); };
  if (attribute.has_ref_attr_name())
    return verbatim();
  switch (getAttributeType(attribute)) {
  case AttributeProto::FLOAT:
    return b.getF32FloatAttr(attribute.f());
  case AttributeProto::INT:
    return b.getI64IntegerAttr(attribute.i());
  case AttributeProto::STRING:
    return b.getStringAttr(attribute.s());
  case AttributeProto::FLOATS:
    return b.getDenseF32ArrayAttr(ArrayRef(attribute.floats().data(), attribute.floats_size()));
  case AttributeProto::INTS:
    return b.getDenseI64ArrayAttr(ArrayRef(attribute.ints().data(), attribute.ints_size()));
  case AttributeProto::STRINGS:
    return b.getArrayAttr(llvm::map_to_vector(attribute.strings(), [&](const std::string &s) -> Attribute { return b.getStringAttr(s); }));
  case AttributeProto::TENSOR: {
    auto value = importTensor(attribute.t(), blobs, context);
    if (!value)
      return addContext(value.takeError(), "attribute '" + attribute.name() + "': ");
    return *value;
  }
  case AttributeProto::TYPE_PROTO: {
    Type type = importType(attribute.tp(), context);
    return serialize(exportType(type)) == serialize(attribute.tp()) ? Attribute(TypeAttr::get(type)) : verbatim();
  }
  default:
    return verbatim();
  }
}

Error exportAttribute(StringRef name, Attribute value, AttributeProto &attribute, BlobMap &blobs) {
  if (auto verbatim = dyn_cast<ProtoAttr>(value)) {
    attribute = deserialize<AttributeProto>(verbatim.getBytes());
    return Error::success();
  }
  attribute.set_name(name.str());
  if (auto number = dyn_cast<FloatAttr>(value)) {
    attribute.set_type(AttributeProto::FLOAT);
    attribute.set_f(number.getType().isF32() ? number.getValue().convertToFloat() : static_cast<float>(number.getValueAsDouble()));
  } else if (auto number = dyn_cast<IntegerAttr>(value)) {
    attribute.set_type(AttributeProto::INT);
    attribute.set_i(number.getValue().getSExtValue());
  } else if (auto string = dyn_cast<StringAttr>(value)) {
    attribute.set_type(AttributeProto::STRING);
    attribute.set_s(string.getValue().str());
  } else if (auto numbers = dyn_cast<DenseF32ArrayAttr>(value)) {
    attribute.set_type(AttributeProto::FLOATS);
    attribute.mutable_floats()->Add(numbers.asArrayRef().begin(), numbers.asArrayRef().end());
  } else if (auto numbers = dyn_cast<DenseI64ArrayAttr>(value)) {
    attribute.set_type(AttributeProto::INTS);
    attribute.mutable_ints()->Add(numbers.asArrayRef().begin(), numbers.asArrayRef().end());
  } else if (auto elements = dyn_cast<ElementsAttr>(value)) {
    attribute.set_type(AttributeProto::TENSOR);
    return exportTensor(elements, nullptr, *attribute.mutable_t(), blobs);
  } else if (auto type = dyn_cast<TypeAttr>(value)) {
    attribute.set_type(AttributeProto::TYPE_PROTO);
    *attribute.mutable_tp() = exportType(type.getValue());
  } else if (auto strings = dyn_cast<ArrayAttr>(value); strings && llvm::all_of(strings, llvm::IsaPred<StringAttr>)) {
    attribute.set_type(AttributeProto::STRINGS);
    for (auto string : strings.getAsRange<StringAttr>())
      attribute.add_strings(string.getValue().str());
  } else {
    return unsupported("attribute '" + name + "' is of a kind that ONNX does not have");
  }
  return Error::success();
}

} // namespace bn::onnx
