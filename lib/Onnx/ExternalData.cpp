// ExternalData.cpp - contents of tensors in files beside the model.
// SPDX-License-Identifier: Apache-2.0
//
// A model comes from anywhere, so the places that it names are not trusted: the path is relative, has no "..", and leads to a
// regular file inside the model's folder even after following links.

#include "ExternalData.h"

#include "TensorVisitor.h"

#include "bn/Onnx/OutputFile.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <map>

using namespace llvm;

namespace bn::onnx {
namespace {

/// Where a tensor's content is.
struct Place {
  std::string location;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
};

} // namespace

static bool isExternal(const proto::TensorProto &tensor) { return tensor.data_location() == proto::TensorProto::EXTERNAL; }

static Expected<Place> getPlace(const proto::TensorProto &tensor) {
  Place place;
  for (const auto &entry : tensor.external_data()) {
    uint64_t number = 0;
    bool isNumber = entry.key() == "offset" || entry.key() == "length";
    if (isNumber && StringRef(entry.value()).getAsInteger(10, number))
      return invalidModel("expected external data to have a number as " + entry.key() + ", got '" + entry.value() + "'");
    if (entry.key() == "location")
      place.location = entry.value();
    else if (entry.key() == "offset")
      place.offset = number;
    else if (entry.key() == "length")
      place.length = number;
  }
  bool leaves = llvm::any_of(llvm::make_range(sys::path::begin(place.location), sys::path::end(place.location)),
                             [](StringRef component) { return component == ".."; });
  if (place.location.empty() || sys::path::is_absolute(place.location) || leaves)
    return invalidModel("expected external data inside the model's folder, got '" + place.location + "'");
  return place;
}

static SmallString<128> getFolder(StringRef path) {
  SmallString<128> folder = sys::path::parent_path(path);
  return folder.empty() ? SmallString<128>(".") : folder;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

/// Maps a file of the folder, links followed. Errors: it is elsewhere or no regular file.
static Expected<std::shared_ptr<MemoryBuffer>> mapExternalFile(StringRef folder, StringRef location) {
  SmallString<128> path(folder), root, target;
  sys::path::append(path, location);
  if (std::error_code code = sys::fs::real_path(folder, root))
    return createStringError(code, "external data '" + location + "': " + code.message());
  if (std::error_code code = sys::fs::real_path(path, target))
    return createStringError(code, "external data '" + location + "': " + code.message());
  if (!StringRef(target).starts_with(root) || (root != "/" && target[root.size()] != '/'))
    return invalidModel("expected external data inside the model's folder, got '" + location + "', a link out of it");
  if (!sys::fs::is_regular_file(target))
    return invalidModel("expected external data '" + location + "' to be a regular file");
  auto buffer = mapFile(target);
  if (!buffer)
    return addContext(buffer.takeError(), "external data '" + location + "': ");
  return buffer;
}

Error readExternalData(ModelFile &file, StringRef path) {
  StringMap<std::shared_ptr<MemoryBuffer>> buffers;
  SmallString<128> folder = getFolder(path);
  return visitTensors(file.model, [&](proto::TensorProto &tensor) -> Error {
    if (!isExternal(tensor))
      return Error::success();
    auto place = getPlace(tensor);
    if (!place)
      return place.takeError();
    std::shared_ptr<MemoryBuffer> &buffer = buffers[place->location];
    if (!buffer) {
      auto mapped = mapExternalFile(folder, place->location);
      if (!mapped)
        return mapped.takeError();
      buffer = std::move(*mapped);
      noteMapped(buffer, file);
    }
    uint64_t size = buffer->getBufferSize();
    if (place->offset > size || place->length.value_or(0) > size - place->offset)
      return invalidModel("expected external data within the " + Twine(size) + " bytes of '" + place->location + "', got offset " +
                          Twine(place->offset) + " and length " + Twine(place->length.value_or(0)));
    file.blobs[&tensor] = {ArrayRef(buffer->getBufferStart() + place->offset, place->length.value_or(size - place->offset)), buffer};
    return Error::success();
  });
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

/// Contents of one file by offset.
using Contents = std::multimap<uint64_t, std::pair<proto::TensorProto *, Blob>>;

static void setPlace(proto::TensorProto &tensor, StringRef location, uint64_t offset, uint64_t length) {
  tensor.set_data_location(proto::TensorProto::EXTERNAL);
  tensor.clear_external_data();
  for (auto [key, value] : {std::pair<StringRef, std::string>("location", location.str()),
                            {"offset", std::to_string(offset)},
                            {"length", std::to_string(length)}}) {
    auto &entry = *tensor.add_external_data();
    entry.set_key(key.str());
    entry.set_value(value);
  }
}

static void moveInside(proto::TensorProto &tensor) {
  tensor.clear_data_location();
  tensor.clear_external_data();
}

static Error writeContents(StringRef path, const Contents &contents) {
  if (std::error_code code = sys::fs::create_directories(sys::path::parent_path(path)))
    return createStringError(code, "cannot write '" + path + "': " + code.message());
  uint64_t size = 0;
  for (const auto &[offset, content] : contents)
    size = std::max<uint64_t>(size, offset + content.second.bytes.size());
  return writeWhole(path, size, [&](raw_ostream &os) {
    uint64_t end = 0; // of what is written; tensors may share bytes
    for (const auto &[offset, content] : contents) {
      ArrayRef<char> bytes = content.second.bytes;
      for (; end < offset; ++end)
        os << '\0';
      bytes = bytes.drop_front(std::min<uint64_t>(end - offset, bytes.size()));
      os.write(bytes.data(), bytes.size());
      end += bytes.size();
    }
  });
}

/// Whether the contents agree with each other where they share bytes, and with the file if there is one.
static bool agree(StringRef path, const Contents &contents) {
  Blob before;
  uint64_t start = 0;
  for (const auto &[offset, content] : contents) {
    ArrayRef<char> bytes = content.second.bytes;
    uint64_t shared = std::min<uint64_t>(bytes.size(), std::max<uint64_t>(start + before.bytes.size(), offset) - offset);
    if (bytes.take_front(shared) != before.bytes.drop_front(shared ? offset - start : 0).take_front(shared))
      return false;
    if (offset + bytes.size() >= start + before.bytes.size()) {
      before = content.second;
      start = offset;
    }
  }
  if (!sys::fs::exists(path))
    return true;
  auto buffer = mapFile(path);
  bool same = buffer && llvm::all_of(contents, [&](const auto &entry) {
    StringRef bytes(entry.second.second.bytes.data(), entry.second.second.bytes.size());
    return (*buffer)->getBuffer().substr(entry.first, bytes.size()) == bytes;
  });
  consumeError(buffer.takeError());
  return same;
}

/// Gives every blob a place in one file.
static Contents placeAll(ModelFile &file, StringRef location) {
  constexpr uint64_t pageSize = 4096, cacheLine = 64, large = 1 << 20;
  Contents contents;
  uint64_t end = 0;
  cantFail(visitTensors(file.model, [&](proto::TensorProto &tensor) {
    auto it = file.blobs.find(&tensor);
    if (it == file.blobs.end())
      return Error::success();
    uint64_t size = it->second.bytes.size(), offset = alignTo(end, size >= large ? pageSize : cacheLine);
    setPlace(tensor, location, offset, size);
    contents.emplace(offset, std::pair(&tensor, it->second));
    end = offset + size;
    return Error::success();
  }));
  return contents;
}

/// What stays where its tensor says, by file. Contents whose place does not fit them move into the model.
static std::map<std::string, Contents> placeExternal(ModelFile &file) {
  std::map<std::string, Contents> files;
  cantFail(visitTensors(file.model, [&](proto::TensorProto &tensor) {
    auto it = file.blobs.find(&tensor);
    if (it == file.blobs.end() || !isExternal(tensor))
      return Error::success();
    auto place = getPlace(tensor);
    if (place && place->length.value_or(it->second.bytes.size()) == it->second.bytes.size())
      files[place->location].emplace(place->offset, std::pair(&tensor, it->second));
    else
      moveInside(tensor);
    consumeError(place.takeError());
    return Error::success();
  }));
  return files;
}

Error writeExternalData(ModelFile &file, StringRef path, bool moveAll) {
  std::map<std::string, Contents> files;
  std::string dataName = (sys::path::filename(path) + ".data").str();
  if (moveAll)
    files[dataName] = placeAll(file, dataName);
  else
    files = placeExternal(file);
  for (const auto &[location, contents] : files) {
    if (contents.empty())
      continue;
    SmallString<128> target = getFolder(path);
    sys::path::append(target, location);
    bool fits = moveAll || agree(target, contents);
    if (fits && (moveAll || !sys::fs::exists(target)))
      if (Error error = writeContents(target, contents))
        return error;
    for (const auto &entry : contents) {
      proto::TensorProto *tensor = entry.second.first;
      if (fits)
        file.blobs.erase(tensor);
      else
        moveInside(*tensor);
    }
  }
  return Error::success();
}

} // namespace bn::onnx
