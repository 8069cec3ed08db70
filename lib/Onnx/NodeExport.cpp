// NodeExport.cpp - an op of graph form as the ONNX node that it stands for.
// SPDX-License-Identifier: Apache-2.0
//
// A node that graph form says completely needs no residue. Of any other the message stays with the op, without what the op
// says better: names of values, subgraphs and the data of tensors. On the way out each attribute of the residue is
// used as it is if it still means what the op says, and is written anew otherwise.

#include "NodeExport.h"

#include "AttributeConversion.h"
#include "BatchNorm.h"
#include "TensorConversion.h"

#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::onnx {

/// The values with null for those of type none; trailing ones dropped where asked.
static SmallVector<Value> getPresent(ValueRange values, bool dropTrailing) {
  SmallVector<Value> present =
      llvm::map_to_vector(values, [](Value value) { return isa<NoneType>(value.getType()) ? Value() : value; });
  while (dropTrailing && !present.empty() && !present.back())
    present.pop_back();
  return present;
}

Expected<NodeParts> getNodeParts(Operation *op, const OpsetImports &imports, const proto::NodeProto *residue) {
  if (auto node = dyn_cast<NodeOpInterface>(op)) {
    auto generic = dyn_cast<GenericNodeOp>(op);
    return NodeParts{node.getOpType(),
                     node.getDomain(),
                     llvm::to_vector(node.getNodeAttrs()),
                     generic ? generic.getGraphs().value_or(ArrayAttr()) : ArrayAttr(),
                     getPresent(op->getOperands(), !generic),
                     getPresent(op->getResults(), !generic)};
  }
  if (auto constant = dyn_cast<ConstantOp>(op))
    return NodeParts{"Constant", "", {{constant.getNodeAttrAttr(), constant.getValue()}}, {}, {}, {constant.getResult()}};
  if (isa<InferenceOp, TrainingOp>(op))
    return getBatchNormParts(op, getVersion(findSchema("BatchNormalization", "", imports), "", imports), residue);
  return unsupported("node '" + getDisplayName(op) + "': '" + op->getName().getStringRef() + "' has no form in ONNX");
}

/// Writes a Constant node's attribute that is no tensor: one number or string, or a list.
static Error exportConstantValue(StringRef name, ElementsAttr value, proto::AttributeProto &attribute, BlobMap &blobs) {
  Builder b(value.getContext());
  auto dense = dyn_cast<DenseElementsAttr>(value);
  Attribute result = value;
  if (name == "value_float")
    result = *dense.getValues<Attribute>().begin();
  else if (name == "value_int")
    result = *dense.getValues<Attribute>().begin();
  else if (name == "value_string")
    result = b.getStringAttr(*dense.getValues<StringRef>().begin());
  else if (name == "value_strings")
    result = b.getStrArrayAttr(llvm::to_vector(dense.getValues<StringRef>()));
  else if (name == "value_ints" || name == "value_floats") {
    auto bytes = getElementBytes(value);
    if (!bytes)
      return bytes.takeError();
    // Copied for alignment: the bytes may be anywhere in a file.
    if (name == "value_ints") {
      SmallVector<int64_t> numbers(value.getNumElements());
      std::memcpy(numbers.data(), bytes->bytes.data(), bytes->bytes.size());
      result = b.getDenseI64ArrayAttr(numbers);
    } else {
      SmallVector<float> numbers(value.getNumElements());
      std::memcpy(numbers.data(), bytes->bytes.data(), bytes->bytes.size());
      result = b.getDenseF32ArrayAttr(numbers);
    }
  }
  return exportAttribute(name, result, attribute, blobs);
}

static Error exportAttributeOf(Operation *op, NamedAttribute named, proto::AttributeProto &attribute, BlobMap &blobs) {
  if (isa<ConstantOp>(op))
    return exportConstantValue(named.getName(), cast<ElementsAttr>(named.getValue()), attribute, blobs);
  return exportAttribute(named.getName(), named.getValue(), attribute, blobs);
}

/// Writes an attribute in the way of `residue`, which had its name.
static Error exportAttributeLike(const proto::AttributeProto &residue, Operation *op, NamedAttribute named,
                                 proto::AttributeProto &attribute, BlobMap &blobs) {
  auto elements = dyn_cast<ElementsAttr>(named.getValue());
  if (elements && residue.has_t()) {
    attribute = residue;
    return exportTensor(elements, &residue.t(), *attribute.mutable_t(), blobs);
  }
  proto::AttributeProto written;
  if (Error error = exportAttributeOf(op, named, written, blobs))
    return error;
  auto before = importAttribute(residue, BlobMap(), op->getContext()), now = importAttribute(written, BlobMap(), op->getContext());
  bool same = before && now && *before == *now;
  consumeError(before.takeError());
  consumeError(now.takeError());
  if (same)
    attribute = residue;
  else
    attribute.Swap(&written); // which leaves a tensor where its blob knows it
  return Error::success();
}

/// An attribute with as many empty graphs as `graphs` has under its name.
static void exportGraphAttribute(StringRef name, unsigned count, proto::AttributeProto &attribute) {
  attribute.set_name(name.str());
  attribute.set_type(count == 1 ? proto::AttributeProto::GRAPH : proto::AttributeProto::GRAPHS);
  if (count == 1)
    attribute.mutable_g();
  for (unsigned i = 0; count > 1 && i < count; ++i)
    attribute.add_graphs();
}

/// How many subgraphs each attribute holds, in the order of their first.
static SmallVector<std::pair<StringRef, unsigned>> countGraphs(ArrayAttr graphs) {
  SmallVector<std::pair<StringRef, unsigned>> counts;
  for (Attribute entry : graphs ? graphs.getValue() : ArrayRef<Attribute>()) {
    StringRef name = cast<DictionaryAttr>(entry).getAs<StringAttr>("attribute").getValue();
    if (counts.empty() || counts.back().first != name)
      counts.emplace_back(name, 0);
    ++counts.back().second;
  }
  return counts;
}

Error exportNode(Operation *op, const NodeParts &parts, const proto::NodeProto *residue, proto::NodeProto &node, BlobMap &blobs) {
  if (residue) {
    node = *residue;
    node.clear_attribute();
    node.clear_input();
    node.clear_output();
  }
  node.set_op_type(parts.opType.str());
  if (normalizeDomain(node.domain()) != parts.domain)
    node.set_domain(parts.domain.str());
  if (node.name() != getNodeName(op))
    node.set_name(getNodeName(op).str());
  int inputs = static_cast<int>(parts.inputs.size()), outputs = static_cast<int>(parts.outputs.size());
  for (int i = 0, e = residue ? std::max(inputs, residue->input_size()) : inputs; i < e; ++i)
    node.add_input();
  for (int i = 0, e = residue ? std::max(outputs, residue->output_size()) : outputs; i < e; ++i)
    node.add_output();

  SmallVector<NamedAttribute> attributes = parts.attributes;
  SmallVector<std::pair<StringRef, unsigned>> graphs = countGraphs(parts.graphs);
  const google::protobuf::RepeatedPtrField<proto::AttributeProto> none;
  for (const proto::AttributeProto &old : residue ? residue->attribute() : none) {
    auto named = llvm::find_if(attributes, [&](NamedAttribute named) { return named.getName() == old.name(); });
    if (named != attributes.end()) {
      if (Error error = exportAttributeLike(old, op, *named, *node.add_attribute(), blobs))
        return error;
      attributes.erase(named);
      continue;
    }
    unsigned count = old.has_g() ? 1 : old.graphs_size();
    auto graph = llvm::find(graphs, std::pair<StringRef, unsigned>(old.name(), count));
    if (graph != graphs.end()) {
      *node.add_attribute() = old;
      graphs.erase(graph);
    }
  }
  for (NamedAttribute named : attributes)
    if (Error error = exportAttributeOf(op, named, *node.add_attribute(), blobs))
      return error;
  for (auto [name, count] : graphs)
    exportGraphAttribute(name, count, *node.add_attribute());
  return Error::success();
}

Error keepNodeResidue(Operation *op, const proto::NodeProto &original, const OpsetImports &imports) {
  proto::NodeProto stripped = original, written;
  for (std::string &name : *stripped.mutable_input())
    name.clear();
  for (std::string &name : *stripped.mutable_output())
    name.clear();
  auto parts = getNodeParts(op, imports, nullptr);
  if (!parts)
    return parts.takeError();
  BlobMap blobs; // what is a blob on both sides is the same
  if (Error error = exportNode(op, *parts, nullptr, written, blobs))
    return error;
  if (serialize(written) == serialize(stripped))
    return Error::success();
  for (proto::AttributeProto &attribute : *stripped.mutable_attribute()) {
    auto named = llvm::find_if(parts->attributes, [&](NamedAttribute named) { return named.getName() == attribute.name(); });
    auto value = named == parts->attributes.end() ? ElementsAttr() : dyn_cast<ElementsAttr>(named->getValue());
    if (!value || !attribute.has_t())
      continue;
    proto::TensorProto tensor;
    tensor.set_name(attribute.t().name());
    if (!attribute.t().has_name())
      tensor.clear_name();
    *attribute.mutable_t() = getTensorResidue(attribute.t(), value).value_or(tensor);
  }
  op->setAttr(attr::residue, StringAttr::get(op->getContext(), serialize(stripped)));
  return Error::success();
}

std::optional<proto::NodeProto> getNodeResidue(Operation *op) {
  auto bytes = op->getAttrOfType<StringAttr>(attr::residue);
  return bytes ? std::optional(deserialize<proto::NodeProto>(bytes.getValue())) : std::nullopt;
}

} // namespace bn::onnx
