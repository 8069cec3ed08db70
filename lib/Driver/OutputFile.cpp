// OutputFile.cpp - files that appear whole or not at all.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/OutputFile.h"

#include "bn/Driver/ExitCode.h"
#include "llvm/Support/FileSystem.h"

using namespace llvm;

namespace bn::driver {

bool isStream(StringRef path) {
  sys::fs::file_status status;
  return path == "-" || (!sys::fs::status(path, status) && sys::fs::exists(status) && !sys::fs::is_regular_file(status));
}

/// Runs `write` and asks the stream whether it went well: a full disk or a closed pipe shows up late.
static Error writeTo(raw_fd_ostream &os, function_ref<void(raw_ostream &)> write) {
  write(os);
  os.flush();
  std::error_code failure = os.error();
  os.clear_error(); // a stream that dies with an error aborts the program
  return errorCodeToError(failure);
}

/// Devices and pipes are written as they are: nothing may be renamed over them.
static Error writeStream(StringRef path, function_ref<void(raw_ostream &)> write) {
  if (path == "-")
    return writeTo(outs(), write);
  std::error_code failure;
  raw_fd_ostream os(path, failure, sys::fs::CD_OpenExisting);
  return failure ? errorCodeToError(failure) : writeTo(os, write);
}

Error writeFile(StringRef path, function_ref<void(raw_ostream &)> write) {
  Error error = isStream(path) ? writeStream(path, write)
                               : writeToOutput(path, [&](raw_ostream &os) { return writeTo(static_cast<raw_fd_ostream &>(os), write); });
  if (!error)
    return error;
  return makeFileError("write", path == "-" ? "stdout" : path, errorToErrorCode(std::move(error)));
}

} // namespace bn::driver
