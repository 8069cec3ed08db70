// Restore.cpp - takes the weights out of a model that another one holds, and puts them back.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Onnx/Restore.h"

#include "ModelFile.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/xxhash.h"

using namespace llvm;

namespace bn::onnx {

static constexpr StringLiteral optimizedKey = "bn.restore.optimized", weightsKey = "bn.restore.weights";

using Tensors = std::vector<proto::TensorProto *>;

/// Every tensor of the graph that may have its contents in a blob, in the order of the wire.
static void collectTensors(proto::GraphProto &graph, Tensors &tensors) {
  for (proto::TensorProto &tensor : *graph.mutable_initializer())
    tensors.push_back(&tensor);
  for (proto::NodeProto &node : *graph.mutable_node())
    for (proto::AttributeProto &attribute : *node.mutable_attribute()) {
      if (attribute.has_t())
        tensors.push_back(attribute.mutable_t());
      if (attribute.has_g())
        collectTensors(*attribute.mutable_g(), tensors);
    }
}

static Tensors collectTensors(ModelFile &file) {
  Tensors tensors;
  collectTensors(*file.model.mutable_graph(), tensors);
  return tensors;
}

static Expected<std::unique_ptr<ModelFile>> read(StringRef path) {
  auto file = readModelFile(path);
  if (!file)
    return addContext(file.takeError(), "cannot read '" + path + "': ");
  return file;
}

static Expected<std::string> computeDigest(StringRef path) {
  auto buffer = mapFile(path);
  if (!buffer)
    return addContext(buffer.takeError(), "cannot read '" + path + "': ");
  XXH128_hash_t hash = xxh3_128bits(arrayRefFromStringRef((*buffer)->getBuffer()));
  return formatv("{0:x-16}{1:x-16}", hash.high64, hash.low64).str();
}

static void addMetadata(proto::ModelProto &model, StringRef key, std::string value) {
  proto::StringStringEntryProto &entry = *model.add_metadata_props();
  entry.set_key(key.str());
  entry.set_value(std::move(value));
}

/// Takes the last of the metadata away, which must have this key.
static std::optional<std::string> takeMetadata(proto::ModelProto &model, StringRef key) {
  auto &entries = *model.mutable_metadata_props();
  if (entries.empty() || entries[entries.size() - 1].key() != key.str())
    return std::nullopt;
  std::string value = entries[entries.size() - 1].value();
  entries.RemoveLast();
  return value;
}

//===----------------------------------------------------------------------===//
// There
//===----------------------------------------------------------------------===//

/// Drops the contents that `other` holds as well; says which.
static std::string dropWeights(ModelFile &file, ModelFile &other) {
  DenseMap<uint64_t, size_t> numbers; // of the tensors with these contents
  Tensors tensors = collectTensors(other);
  for (auto [number, tensor] : enumerate(tensors))
    if (auto blob = other.blobs.find(tensor); blob != other.blobs.end())
      numbers.try_emplace(xxh3_64bits(toStringRef(blob->second.bytes)), number);
  std::string pairs;
  for (auto [number, tensor] : enumerate(collectTensors(file))) {
    auto blob = file.blobs.find(tensor);
    if (blob == file.blobs.end())
      continue;
    auto found = numbers.find(xxh3_64bits(toStringRef(blob->second.bytes)));
    if (found == numbers.end() || other.blobs.find(tensors[found->second])->second.bytes != blob->second.bytes)
      continue;
    pairs += formatv("{0}{1}:{2}", pairs.empty() ? "" : " ", number, found->second);
    file.blobs.erase(tensor);
  }
  return pairs;
}

Error saveRestoreFile(StringRef original, StringRef optimized, StringRef path) {
  auto file = read(original);
  if (!file)
    return file.takeError();
  auto other = read(optimized);
  if (!other)
    return other.takeError();
  Expected<std::string> digest = computeDigest(optimized);
  if (!digest)
    return digest.takeError();
  addMetadata((*file)->model, weightsKey, dropWeights(**file, **other));
  addMetadata((*file)->model, optimizedKey, *digest);
  return writeModelFile(**file, path);
}

//===----------------------------------------------------------------------===//
// And back
//===----------------------------------------------------------------------===//

/// Gives the tensors of `file` the contents that `other` holds for them. False where the pairs make no sense.
static bool takeWeights(ModelFile &file, ModelFile &other, StringRef pairs) {
  Tensors to = collectTensors(file), from = collectTensors(other);
  for (StringRef pair : split(pairs, ' ')) {
    auto [first, second] = pair.split(':');
    size_t target, source;
    if (pair.empty())
      continue;
    if (first.getAsInteger(10, target) || second.getAsInteger(10, source) || target >= to.size() || source >= from.size())
      return false;
    auto blob = other.blobs.find(from[source]);
    if (blob == other.blobs.end())
      return false;
    file.blobs[to[target]] = blob->second;
  }
  return true;
}

Error restoreModel(StringRef optimized, StringRef restoreFile, StringRef path) {
  auto file = read(restoreFile);
  if (!file)
    return file.takeError();
  std::optional<std::string> expected = takeMetadata((*file)->model, optimizedKey);
  std::optional<std::string> pairs = takeMetadata((*file)->model, weightsKey);
  if (!expected || !pairs)
    return invalidModel("expected '" + restoreFile + "' to be written by --restore-file");
  auto other = read(optimized);
  if (!other)
    return other.takeError();
  Expected<std::string> digest = computeDigest(optimized);
  if (!digest)
    return digest.takeError();
  if (*digest != *expected)
    return createStringError(std::make_error_code(std::errc::invalid_argument),
                             "'" + restoreFile + "' belongs to another model than '" + optimized + "', or that was changed");
  if (!takeWeights(**file, **other, *pairs))
    return invalidModel("'" + restoreFile + "' is damaged");
  return writeModelFile(**file, path);
}

} // namespace bn::onnx
