// Npz.cpp - NumPy's archives of tensors: ZIP files with a member NAME.npy for each.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/ExitCode.h"
#include "bn/Driver/Npy.h"
#include "bn/Driver/OutputFile.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/raw_ostream.h"

#include <zip.h>

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::driver {

static constexpr StringLiteral memberEnding = ".npy";

/// An archive that is closed without a change.
using Archive = std::unique_ptr<zip_t, decltype(&zip_discard)>;

static Expected<Archive> openArchive(StringRef path) {
  int code = 0;
  Archive archive(zip_open(path.str().c_str(), ZIP_RDONLY, &code), zip_discard);
  if (archive)
    return archive;
  if (code == ZIP_ER_NOZIP)
    return makeError(std::errc::bad_message, "'" + path + "': not a valid .npz file");
  return makeFileError("read", path, std::error_code(errno, std::generic_category()));
}

static Expected<HostTensor> readMember(zip_t *archive, zip_uint64_t index, StringRef path, MLIRContext *context) {
  zip_stat_t stat;
  zip_stat_index(archive, index, 0, &stat);
  StringRef key = stat.name;
  key.consume_back(memberEnding);
  std::string bytes(stat.size, '\0');
  zip_file_t *file = zip_fopen_index(archive, index, 0);
  bool complete = file && zip_fread(file, bytes.data(), bytes.size()) == static_cast<zip_int64_t>(bytes.size());
  if (file)
    zip_fclose(file);
  if (!complete)
    return makeError(std::errc::bad_message, "'" + path + "': array '" + key + "' is damaged");
  Expected<HostTensor> tensor = parseNpy(bytes, context);
  if (!tensor)
    return addContext(tensor.takeError(), "'" + path + ":" + key + "'");
  return tensor;
}

Expected<HostTensor> readNpz(StringRef path, StringRef key, MLIRContext *context) {
  Expected<Archive> archive = openArchive(path);
  if (!archive)
    return archive.takeError();
  zip_int64_t index = zip_name_locate(archive->get(), (key + memberEnding).str().c_str(), 0);
  if (index < 0)
    return makeError(std::errc::invalid_argument, "'" + path + "' has no array '" + key + "'");
  return readMember(archive->get(), index, path, context);
}

Expected<std::vector<NamedTensor>> readNpz(StringRef path, MLIRContext *context) {
  Expected<Archive> archive = openArchive(path);
  if (!archive)
    return archive.takeError();
  std::vector<NamedTensor> tensors;
  for (zip_int64_t index = 0, e = zip_get_num_entries(archive->get(), 0); index < e; ++index) {
    StringRef name = zip_get_name(archive->get(), index, 0);
    if (!name.consume_back(memberEnding))
      return makeError(std::errc::bad_message, "'" + path + "': expected arrays, got '" + name + "'");
    Expected<HostTensor> tensor = readMember(archive->get(), index, path, context);
    if (!tensor)
      return tensor.takeError();
    tensors.push_back({name.str(), std::move(*tensor)});
  }
  return tensors;
}

/// The archive's bytes. libzip reads the members when the archive is closed, so they live until then.
static Expected<std::string> makeArchive(ArrayRef<NamedTensor> tensors) {
  auto fail = [] { return makeError(std::errc::not_enough_memory, "cannot make an archive"); };
  zip_source_t *target = zip_source_buffer_create(nullptr, 0, 0, nullptr);
  zip_t *archive = target ? zip_open_from_source(target, ZIP_TRUNCATE, nullptr) : nullptr;
  if (!archive)
    return fail();
  zip_source_keep(target);
  auto release = llvm::scope_exit([&] { zip_source_free(target); });
  std::vector<std::string> members;
  members.reserve(tensors.size());
  for (const NamedTensor &named : tensors) {
    llvm::raw_string_ostream os(members.emplace_back());
    writeNpy(os, named.tensor);
    zip_source_t *source = zip_source_buffer(archive, members.back().data(), members.back().size(), 0);
    zip_int64_t index = zip_file_add(archive, (named.name + memberEnding).str().c_str(), source, ZIP_FL_ENC_UTF_8);
    if (index < 0 || zip_set_file_compression(archive, index, ZIP_CM_STORE, 0) != 0)
      return zip_discard(archive), fail();
  }
  if (zip_close(archive) != 0)
    return zip_discard(archive), fail();
  zip_stat_t stat;
  if (zip_source_stat(target, &stat) != 0 || zip_source_open(target) != 0)
    return fail();
  std::string bytes(stat.size, '\0');
  bool complete = zip_source_read(target, bytes.data(), bytes.size()) == static_cast<zip_int64_t>(bytes.size());
  zip_source_close(target);
  return complete ? Expected<std::string>(std::move(bytes)) : fail();
}

Error writeNpz(StringRef path, ArrayRef<NamedTensor> tensors) {
  Expected<std::string> archive = makeArchive(tensors);
  if (!archive)
    return archive.takeError();
  return writeFile(path, [&](raw_ostream &os) { os << *archive; });
}

} // namespace bn::driver
