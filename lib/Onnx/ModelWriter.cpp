// ModelWriter.cpp - writes a model whose weights are elsewhere, without copying them.
// SPDX-License-Identifier: Apache-2.0
//
// The counterpart of ModelReader: messages on the path to a blob are written field by field as pieces of a rope, with
// the lengths of their parents known before the first byte goes out; everything else is serialized by protobuf.

#include "ModelFile.h"

#include "bn/Onnx/OutputFile.h"

using namespace llvm;

namespace bn::onnx {
namespace {

/// A sequence of bytes in pieces: text that the rope owns, and blobs that it refers to.
class Rope {
public:
  void add(std::string bytes) {
    size += bytes.size();
    if (!bytes.empty())
      pieces.push_back({std::move(bytes), {}});
  }
  void add(const Blob &blob) {
    size += blob.bytes.size();
    pieces.push_back({{}, blob});
  }
  /// Adds a length-delimited field.
  void addField(int number, Rope content) {
    std::string head;
    addVarint(head, static_cast<uint64_t>(number) << 3 | 2);
    addVarint(head, content.size);
    add(std::move(head));
    size += content.size;
    std::move(content.pieces.begin(), content.pieces.end(), std::back_inserter(pieces));
  }
  uint64_t getSize() const { return size; }

  void write(raw_ostream &os) const {
    for (const auto &[text, blob] : pieces) {
      os << text;
      os.write(blob.bytes.data(), blob.bytes.size());
    }
  }

private:
  static void addVarint(std::string &bytes, uint64_t value) {
    for (; value >= 0x80; value >>= 7)
      bytes.push_back(static_cast<char>(value | 0x80));
    bytes.push_back(static_cast<char>(value));
  }

  std::vector<std::pair<std::string, Blob>> pieces;
  uint64_t size = 0;
};

class ModelWriter {
public:
  explicit ModelWriter(const BlobMap &blobs) : blobs(blobs) {}

  Rope write(proto::ModelProto &model) {
    if (!model.has_graph())
      return text(model);
    std::unique_ptr<proto::GraphProto> graph(model.release_graph());
    Rope rope = text(model);
    rope.addField(proto::ModelProto::kGraphFieldNumber, write(*graph));
    return rope;
  }

private:
  template <typename Message>
  static Rope text(const Message &message) {
    Rope rope;
    rope.add(serialize(message));
    return rope;
  }

  bool hasBlob(const proto::GraphProto &graph) const {
    return llvm::any_of(graph.initializer(), [&](const auto &tensor) { return blobs.contains(&tensor); }) ||
           llvm::any_of(graph.node(), [&](const auto &node) { return hasBlob(node); });
  }
  bool hasBlob(const proto::NodeProto &node) const {
    return llvm::any_of(node.attribute(), [&](const proto::AttributeProto &attribute) {
      return (attribute.has_t() && blobs.contains(&attribute.t())) || (attribute.has_g() && hasBlob(attribute.g()));
    });
  }

  Rope write(proto::GraphProto &graph) {
    if (!hasBlob(graph))
      return text(graph);
    google::protobuf::RepeatedPtrField<proto::NodeProto> nodes;
    google::protobuf::RepeatedPtrField<proto::TensorProto> initializers;
    nodes.Swap(graph.mutable_node());
    initializers.Swap(graph.mutable_initializer());
    Rope rope = text(graph);
    for (proto::NodeProto &node : nodes)
      rope.addField(proto::GraphProto::kNodeFieldNumber, write(node));
    for (proto::TensorProto &tensor : initializers)
      rope.addField(proto::GraphProto::kInitializerFieldNumber, write(tensor));
    return rope;
  }

  Rope write(proto::NodeProto &node) {
    if (!hasBlob(node))
      return text(node);
    google::protobuf::RepeatedPtrField<proto::AttributeProto> attributes;
    attributes.Swap(node.mutable_attribute());
    Rope rope = text(node);
    for (proto::AttributeProto &attribute : attributes)
      rope.addField(proto::NodeProto::kAttributeFieldNumber, write(attribute));
    return rope;
  }

  Rope write(proto::AttributeProto &attribute) {
    std::unique_ptr<proto::TensorProto> tensor(attribute.has_t() ? attribute.release_t() : nullptr);
    std::unique_ptr<proto::GraphProto> graph(attribute.has_g() ? attribute.release_g() : nullptr);
    Rope rope = text(attribute);
    if (tensor)
      rope.addField(proto::AttributeProto::kTFieldNumber, write(*tensor));
    if (graph)
      rope.addField(proto::AttributeProto::kGFieldNumber, write(*graph));
    return rope;
  }

  Rope write(proto::TensorProto &tensor) {
    Rope rope = text(tensor);
    auto it = blobs.find(&tensor);
    if (it == blobs.end())
      return rope;
    Rope content;
    content.add(it->second);
    rope.addField(proto::TensorProto::kRawDataFieldNumber, std::move(content));
    return rope;
  }

  const BlobMap &blobs;
};

} // namespace

Error writeModelFile(ModelFile &file, StringRef path) {
  Rope rope = ModelWriter(file.blobs).write(file.model);
  if (rope.getSize() > static_cast<uint64_t>(std::numeric_limits<int32_t>::max()))
    return unsupported("cannot write '" + path + "': the model has " + Twine(rope.getSize()) +
                       " bytes, protobuf allows 2 GB; write its weights as external data");
  return writeWhole(path, rope.getSize(), [&](raw_ostream &os) { rope.write(os); });
}

} // namespace bn::onnx
