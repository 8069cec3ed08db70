// Restore.cpp - takes the weights out of a model that another one holds, and puts them back.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Onnx/Restore.h"

#include "ModelFile.h"
#include "TensorVisitor.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/xxhash.h"

using namespace llvm;

namespace bn::onnx {

static constexpr StringLiteral optimizedKey = "bn.restore.optimized", weightsKey = "bn.restore.weights";

using Tensors = std::vector<proto::TensorProto *>;

/// Every tensor that may have its contents in a blob.
static Tensors collectTensors(ModelFile &file) {
  Tensors tensors;
  cantFail(visitTensors(file.model, [&](proto::TensorProto &tensor) {
    tensors.push_back(&tensor);
    return Error::success();
  }));
  return tensors;
}

static Expected<std::unique_ptr<ModelFile>> read(StringRef path) {
  auto file = readModelFile(path);
  if (!file)
    return addContext(file.takeError(), "cannot read '" + path + "': ");
  return file;
}

/// The optimized model, and which one it is.
static Expected<std::pair<std::unique_ptr<ModelFile>, std::string>> readOptimized(StringRef path) {
  auto file = read(path);
  if (!file)
    return file.takeError();
  auto buffer = mapFile(path);
  if (!buffer)
    return addContext(buffer.takeError(), "cannot read '" + path + "': ");
  XXH128_hash_t hash = xxh3_128bits(arrayRefFromStringRef((*buffer)->getBuffer()));
  return std::pair(std::move(*file), formatv("{0:x-16}{1:x-16}", hash.high64, hash.low64).str());
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
  auto optimizedFile = readOptimized(optimized);
  if (!optimizedFile)
    return optimizedFile.takeError();
  auto &[other, digest] = *optimizedFile;
  addMetadata((*file)->model, weightsKey, dropWeights(**file, *other));
  addMetadata((*file)->model, optimizedKey, digest);
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
  auto optimizedFile = readOptimized(optimized);
  if (!optimizedFile)
    return optimizedFile.takeError();
  auto &[other, digest] = *optimizedFile;
  if (digest != *expected)
    return createStringError(std::make_error_code(std::errc::invalid_argument),
                             "'" + restoreFile + "' belongs to another model than '" + optimized + "', or that was changed");
  if (!takeWeights(**file, *other, *pairs))
    return invalidModel("'" + restoreFile + "' is damaged");
  return writeModelFile(**file, path);
}

} // namespace bn::onnx
