// Memory.cpp - large buffers of a model, on huge pages where the system has them.
// SPDX-License-Identifier: Apache-2.0

#include "Memory.h"

#include <algorithm>
#include <cstdint>
#include <sys/mman.h>
#include <utility>

using namespace bn;

static constexpr size_t kHugePage = size_t(2) << 20;

static uintptr_t alignToHugePage(uintptr_t value) { return (value + kHugePage - 1) & ~(kHugePage - 1); }

Memory Memory::allocate(size_t size) {
  Memory memory;
  size_t bytes = alignToHugePage(std::max<size_t>(size, 1)) + kHugePage;
  void *mapping = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED)
    return memory;
  memory.mapped = bytes;
  memory.mapping = static_cast<char *>(mapping);
  memory.begin = reinterpret_cast<char *>(alignToHugePage(reinterpret_cast<uintptr_t>(mapping)));
  (void)madvise(memory.begin, bytes - kHugePage, MADV_HUGEPAGE); // a hint: without it pages are small
  return memory;
}

Memory::Memory(Memory &&other) noexcept { *this = std::move(other); }

Memory &Memory::operator=(Memory &&other) noexcept {
  std::swap(mapping, other.mapping);
  std::swap(begin, other.begin);
  std::swap(mapped, other.mapped);
  return *this;
}

Memory::~Memory() {
  if (mapping)
    munmap(mapping, mapped);
}
