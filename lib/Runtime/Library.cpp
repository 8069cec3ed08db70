// Library.cpp - opens a compiled library.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Runtime/Library.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"

#include <dlfcn.h>
#include <system_error>

using namespace llvm;
using namespace bn;

static Error makeError(std::errc code, const Twine &message) {
  return make_error<StringError>(message, std::make_error_code(code));
}

Expected<std::unique_ptr<Library>> Library::open(StringRef path, unsigned threads) {
  std::unique_ptr<Library> library(new Library);
  SmallString<128> absolute(path); // a bare name would be looked for in the system's folders
  sys::fs::make_absolute(absolute);
  library->handle = dlopen(absolute.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library->handle)
    return makeError(std::errc::no_such_file_or_directory, "cannot open the library: " + Twine(dlerror()));
  auto find = [&](const Twine &name) { return dlsym(library->handle, name.str().c_str()); };
  auto *symbol = static_cast<const char *>(find("bn_library_symbol")), *signature = static_cast<const char *>(find("bn_library_signature"));
  if (!symbol || !signature)
    return makeError(std::errc::bad_message, "'" + path + "' is not a library that bn compiled");
  library->signature = signature;
  auto create = reinterpret_cast<void *(*)(unsigned)>(find(Twine(symbol) + "_create"));
  library->runSession = reinterpret_cast<decltype(library->runSession)>(find(Twine(symbol) + "_run"));
  library->destroySession = reinterpret_cast<decltype(library->destroySession)>(find(Twine(symbol) + "_destroy"));
  if (!create || !library->runSession || !library->destroySession)
    return makeError(std::errc::bad_message, "'" + path + "' lacks the functions of a library that bn compiled");
  library->session = create(threads);
  if (!library->session)
    return makeError(std::errc::not_enough_memory, "'" + path + "' found no memory or not the file with its weights");
  return library;
}

Library::~Library() {
  if (session)
    destroySession(session);
  if (handle)
    dlclose(handle);
}

Error Library::run(ArrayRef<const void *> inputs, ArrayRef<void *> outputs) {
  const char *problem = runSession(session, inputs.data(), outputs.data());
  return problem ? makeError(std::errc::invalid_argument, problem) : Error::success();
}
