// ModelReader.cpp - parses a model file without touching its weights.
// SPDX-License-Identifier: Apache-2.0
//
// Protobuf's own parser copies every tensor. This one walks the wire format along the paths that lead to tensors
// (model, graph, node, attribute, tensor), leaves large `raw_data` in the mapped file and gives everything else, which
// is small, to protobuf. Repeated fields on these paths are parsed one by one, so their order stays.

#include "ModelFile.h"

#include "onnx/defs/parser.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;

namespace bn::onnx {
namespace {

/// Nesting that protobuf's own parser accepts.
constexpr unsigned maxDepth = 100;

/// One field of a message on the wire.
struct Field {
  uint64_t number;
  bool delimited;          ///< length-delimited: `payload` is its content
  ArrayRef<char> payload;  ///< without tag and length
  ArrayRef<char> whole;    ///< with tag and length
};

/// Steps through the fields of a message.
class FieldReader {
public:
  explicit FieldReader(ArrayRef<char> bytes) : rest(bytes) {}

  bool atEnd() const { return rest.empty(); }

  /// The next field; false where the bytes are no field.
  bool next(Field &field) {
    ArrayRef<char> start = rest;
    uint64_t tag, length = 0;
    if (!readVarint(tag) || tag >> 3 == 0)
      return false;
    field.number = tag >> 3;
    field.delimited = (tag & 7) == 2;
    switch (tag & 7) {
    case 0: // varint
      if (!readVarint(length))
        return false;
      length = 0;
      break;
    case 1: // 64 bits
      length = 8;
      break;
    case 2: // length-delimited
      if (!readVarint(length))
        return false;
      break;
    case 5: // 32 bits
      length = 4;
      break;
    default: // groups, which ONNX never had
      return false;
    }
    if (length > rest.size())
      return false;
    field.payload = rest.take_front(length);
    rest = rest.drop_front(length);
    field.whole = start.drop_back(rest.size());
    return true;
  }

private:
  bool readVarint(uint64_t &value) {
    value = 0;
    for (unsigned shift = 0; shift < 70 && !rest.empty(); shift += 7) {
      auto byte = static_cast<unsigned char>(rest.front());
      rest = rest.drop_front();
      if (shift < 64)
        value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80)
        return true;
    }
    return false;
  }

  ArrayRef<char> rest;
};

class ModelReader {
public:
  ModelReader(BlobMap &blobs, const std::shared_ptr<const void> &owner) : blobs(blobs), owner(owner) {}

  Error read(ArrayRef<char> bytes, proto::ModelProto &model) {
    return readFields(bytes, model, "model", [&](const Field &field) -> std::optional<Error> {
      return field.number == proto::ModelProto::kGraphFieldNumber ? std::optional(read(field.payload, *model.mutable_graph(), 1))
                                                                  : std::nullopt;
    });
  }

private:
  Error read(ArrayRef<char> bytes, proto::GraphProto &graph, unsigned depth) {
    if (depth > maxDepth)
      return invalidModel("expected graphs nested at most " + Twine(maxDepth / 3) + " deep");
    return readFields(bytes, graph, "graph", [&](const Field &field) -> std::optional<Error> {
      if (field.number == proto::GraphProto::kNodeFieldNumber)
        return read(field.payload, *graph.add_node(), depth + 1);
      if (field.number == proto::GraphProto::kInitializerFieldNumber)
        return read(field.payload, *graph.add_initializer());
      return std::nullopt;
    });
  }

  Error read(ArrayRef<char> bytes, proto::NodeProto &node, unsigned depth) {
    if (bytes.size() < minBlobSize)
      return parseRest(bytes, node, "node");
    Error error = readFields(bytes, node, "node", [&](const Field &field) -> std::optional<Error> {
      return field.number == proto::NodeProto::kAttributeFieldNumber ? std::optional(read(field.payload, *node.add_attribute(), depth + 1))
                                                                     : std::nullopt;
    });
    return error;
  }

  Error read(ArrayRef<char> bytes, proto::AttributeProto &attribute, unsigned depth) {
    return readFields(bytes, attribute, "attribute", [&](const Field &field) -> std::optional<Error> {
      if (field.number == proto::AttributeProto::kTFieldNumber)
        return read(field.payload, *attribute.mutable_t());
      if (field.number == proto::AttributeProto::kGFieldNumber)
        return read(field.payload, *attribute.mutable_g(), depth + 1);
      return std::nullopt;
    });
  }

  Error read(ArrayRef<char> bytes, proto::TensorProto &tensor) {
    return readFields(bytes, tensor, "tensor", [&](const Field &field) -> std::optional<Error> {
      if (field.number != proto::TensorProto::kRawDataFieldNumber || field.payload.size() < minBlobSize)
        return std::nullopt;
      blobs[&tensor] = {field.payload, owner};
      return Error::success();
    });
  }

  /// Gives every length-delimited field to `readField`, and to protobuf what that does not take.
  template <typename Message>
  Error readFields(ArrayRef<char> bytes, Message &message, StringRef what, function_ref<std::optional<Error>(const Field &)> readField) {
    FieldReader reader(bytes);
    std::string rest;
    for (Field field; !reader.atEnd();) {
      if (!reader.next(field))
        return invalidModel("the file is damaged or truncated in a " + what);
      std::optional<Error> error = field.delimited ? readField(field) : std::nullopt;
      if (!error)
        rest.append(field.whole.begin(), field.whole.end());
      else if (*error)
        return std::move(*error);
    }
    return parseRest(rest, message, what);
  }

  template <typename Message>
  static Error parseRest(ArrayRef<char> bytes, Message &message, StringRef what) {
    google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t *>(bytes.data()), static_cast<int>(bytes.size()));
    if (!message.MergePartialFromCodedStream(&stream) || !stream.ConsumedEntireMessage())
      return invalidModel("the file is damaged or truncated in a " + what);
    return Error::success();
  }

  BlobMap &blobs;
  const std::shared_ptr<const void> &owner;
};

} // namespace

Expected<std::shared_ptr<MemoryBuffer>> mapFile(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createStringError(buffer.getError(), buffer.getError().message());
  return std::shared_ptr<MemoryBuffer>(std::move(*buffer));
}

void noteMapped(const std::shared_ptr<MemoryBuffer> &buffer, ModelFile &file) {
  if (buffer->getBufferKind() == MemoryBuffer::MemoryBuffer_MMap)
    file.mapped.push_back(buffer);
}

Error parseModel(ArrayRef<char> bytes, const std::shared_ptr<const void> &owner, ModelFile &file) {
  if (bytes.empty())
    return invalidModel("expected a model, got an empty file");
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max()))
    return invalidModel("expected at most 2 GB, the limit of protobuf; larger models keep their weights in external data");
  return ModelReader(file.blobs, owner).read(bytes, file.model);
}

Error parseTextModel(StringRef text, ModelFile &file) {
  try {
    proto::OnnxParser parser(std::string_view(text.data(), text.size()));
    auto status = parser.Parse(file.model);
    if (status.IsOK())
      return Error::success();
    std::string message = status.ErrorMessage(); // position, context and problem, each on a line of its own
    SmallVector<StringRef> lines;
    StringRef(message).split(lines, '\n', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
    return invalidModel(llvm::join(llvm::map_range(lines, [](StringRef line) { return line.trim(); }), "; "));
  } catch (const std::exception &exception) {
    return invalidModel(exception.what());
  }
}

Expected<std::unique_ptr<ModelFile>> readModelFile(StringRef path) {
  auto buffer = mapFile(path);
  if (!buffer)
    return buffer.takeError();
  auto file = std::make_unique<ModelFile>();
  Error error = path.ends_with(".onnxtxt") ? parseTextModel((*buffer)->getBuffer(), *file)
                                           : parseModel(ArrayRef((*buffer)->getBufferStart(), (*buffer)->getBufferSize()), *buffer, *file);
  if (error)
    return std::move(error);
  noteMapped(*buffer, *file);
  return file;
}

} // namespace bn::onnx
