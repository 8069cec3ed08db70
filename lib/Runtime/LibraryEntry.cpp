// LibraryEntry.cpp - the C interface of a compiled library, linked into each.
// SPDX-License-Identifier: Apache-2.0
//
// Free of LLVM. The linker gives these functions the names of the model's header; nothing throws across them.

#include "LibraryInfo.h"
#include "ModelSession.h"

#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <new>
#include <string>

using namespace bn;

/// Reads the weights from the file beside the library.
static bool readWeights(const BnLibraryInfo &info, char *out) {
  Dl_info library;
  if (!dladdr(&info, &library))
    return false;
  std::string path = library.dli_fname;
  path = path.substr(0, path.rfind('/') + 1) + info.weightsFile;
  FILE *file = std::fopen(path.c_str(), "rb");
  if (!file)
    return false;
  size_t read = std::fread(out, 1, info.weightsSize, file);
  std::fclose(file);
  return read == info.weightsSize;
}

// Visible, so that the names which the linker adds are, too; these themselves stay inside (see LibraryWriter.cpp).
#pragma GCC visibility push(default)
extern "C" {

ModelSession *bn_library_create(unsigned threads) {
  const BnLibraryInfo &info = bn_library_info;
  Memory weights = Memory::allocate(info.weightsSize), arena = Memory::allocate(info.arenaSize);
  if (!weights || !arena)
    return nullptr;
  if (info.weights)
    std::memcpy(weights.data(), info.weights, info.weightsSize);
  else if (!readWeights(info, weights.data()))
    return nullptr;
  try {
    return new ModelSession(bn_run, info.inputs, info.outputs, info.checks != nullptr, std::move(weights), std::move(arena), threads);
  } catch (...) { // no memory, or no threads
    return nullptr;
  }
}

const char *bn_library_run(ModelSession *session, const void *const *inputs, void *const *outputs) {
  int64_t failed = session->run(inputs, outputs);
  return failed ? bn_library_info.checks[failed - 1] : nullptr;
}

void bn_library_destroy(ModelSession *session) { delete session; }
}
#pragma GCC visibility pop
