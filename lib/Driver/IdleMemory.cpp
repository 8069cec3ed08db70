// IdleMemory.cpp - memory that a stage of the compiler took and the next one does not need.
// SPDX-License-Identifier: Apache-2.0

#include "IdleMemory.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

namespace bn::driver {

/// Where somebody may debug, code stays: breakpoints are written into it.
#ifdef NDEBUG
static constexpr bool kDropsCode = true;
#else
static constexpr bool kDropsCode = false;
#endif

/// Drops the pages that nobody can have written of the program or library that this code is in; those of others are not ours to drop.
static int dropCode(dl_phdr_info *object, size_t, void *) {
  auto here = reinterpret_cast<uintptr_t>(&returnIdleMemory), page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  llvm::SmallVector<std::pair<uintptr_t, uintptr_t>> segments;
  bool isOurs = false;
  for (const ElfW(Phdr) &header : llvm::ArrayRef(object->dlpi_phdr, object->dlpi_phnum)) {
    if (header.p_type != PT_LOAD || header.p_flags & PF_W)
      continue;
    uintptr_t begin = object->dlpi_addr + header.p_vaddr, end = begin + header.p_memsz;
    isOurs |= begin <= here && here < end;
    segments.emplace_back(begin & ~(page - 1), end);
  }
  for (auto [begin, end] : segments)
    if (isOurs)
      (void)madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED); // a hint
  return isOurs;
}

void returnIdleMemory() {
  (void)malloc_trim(0);
  if (kDropsCode)
    dl_iterate_phdr(dropCode, nullptr);
}

} // namespace bn::driver
