// OutputFile.cpp - files that appear whole or not at all.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Onnx/OutputFile.h"

#include "llvm/ADT/Twine.h"
#include "llvm/Support/FileSystem.h"

#include <fcntl.h>

using namespace llvm;

namespace bn::onnx {

static Error systemError(std::error_code code, StringRef path) {
  // What the system calls an invalid argument is not the user's wrong usage, and so for the other codes that speak of models here.
  bool hasMeaning = code == std::errc::invalid_argument || code == std::errc::not_supported || code == std::errc::bad_message;
  std::error_code shown = hasMeaning ? std::make_error_code(std::errc::io_error) : code;
  return createStringError(shown, "cannot write '" + path + "': " + code.message());
}

/// Writes to the open file `fd`, which stays open.
static std::error_code writeTo(int fd, function_ref<void(raw_ostream &)> write) {
  raw_fd_ostream os(fd, /*shouldClose=*/false);
  write(os);
  os.flush();
  std::error_code code = os.error();
  os.clear_error();
  return code;
}

bool isSpecialFile(StringRef path) {
  sys::fs::file_status status;
  return !sys::fs::status(path, status) && sys::fs::exists(status) && !sys::fs::is_regular_file(status);
}

Error writeWhole(StringRef path, uint64_t size, function_ref<void(raw_ostream &)> write) {
  if (isSpecialFile(path)) {
    int fd; // a folder fails here
    if (std::error_code code = sys::fs::openFileForWrite(path, fd, sys::fs::CD_OpenExisting))
      return systemError(code, path);
    std::error_code code = writeTo(fd, write);
    sys::fs::closeFile(fd);
    return code ? systemError(code, path) : Error::success();
  }
  auto temporary = sys::fs::TempFile::create(path + ".tmp-%%%%%%");
  if (!temporary)
    return systemError(errorToErrorCode(temporary.takeError()), path);
  // A hint: with its blocks allocated, the file system need not flush the data when the file replaces another one.
  if (size > 0)
    (void)fallocate(temporary->FD, 0, 0, size);
  if (std::error_code code = writeTo(temporary->FD, write)) {
    consumeError(temporary->discard());
    return systemError(code, path);
  }
  if (Error error = temporary->keep(path))
    return systemError(errorToErrorCode(std::move(error)), path);
  return Error::success();
}

} // namespace bn::onnx
