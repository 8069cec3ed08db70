// LibraryEntry.cpp - the C interface of a compiled library, linked into each.
// SPDX-License-Identifier: Apache-2.0
//
// Free of LLVM. The linker gives these functions the names of the model's header; nothing throws across them.

#include "LibraryInfo.h"
#include "ModelSession.h"

#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <link.h>
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

/// Reads a byte of each page of constants of the library that holds the address. A load under a mask that is all zeros does not bring
/// its page in, and as long as the page is not there the processor takes a hundred times as long for it.
static int touchConstants(dl_phdr_info *library, size_t, void *address) {
  auto contains = [&](const auto &segment, uintptr_t place) {
    uintptr_t begin = library->dlpi_addr + segment.p_vaddr;
    return segment.p_type == PT_LOAD && begin <= place && place < begin + segment.p_memsz;
  };
  bool isOurs = false;
  for (size_t i = 0; i < library->dlpi_phnum; ++i)
    isOurs |= contains(library->dlpi_phdr[i], reinterpret_cast<uintptr_t>(address));
  constexpr size_t pageBytes = 4096;
  for (size_t i = 0; isOurs && i < library->dlpi_phnum; ++i) {
    const auto &segment = library->dlpi_phdr[i];
    auto *bytes = reinterpret_cast<const volatile char *>(library->dlpi_addr + segment.p_vaddr);
    if (segment.p_type == PT_LOAD && segment.p_flags == PF_R)
      for (size_t at = 0; at < segment.p_memsz; at += pageBytes)
        (void)bytes[at];
  }
  return isOurs;
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
  dl_iterate_phdr(touchConstants, const_cast<BnLibraryInfo *>(&info));
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
