// IdleMemory.cpp - memory that a stage of the compiler took and the next one does not need.
// SPDX-License-Identifier: Apache-2.0

#include "IdleMemory.h"

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

/// Drops those pages of a program or library that nobody can have written.
static int dropCode(dl_phdr_info *object, size_t, void *) {
  uintptr_t page = sysconf(_SC_PAGESIZE);
  for (const ElfW(Phdr) *header = object->dlpi_phdr; header != object->dlpi_phdr + object->dlpi_phnum; ++header) {
    if (header->p_type != PT_LOAD || header->p_flags & PF_W)
      continue;
    uintptr_t begin = (object->dlpi_addr + header->p_vaddr) & ~(page - 1), end = object->dlpi_addr + header->p_vaddr + header->p_memsz;
    (void)madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED); // a hint
  }
  return 0;
}

void returnIdleMemory() {
  (void)malloc_trim(0);
  if (kDropsCode)
    dl_iterate_phdr(dropCode, nullptr);
}

} // namespace bn::driver
