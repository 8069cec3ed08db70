// Memory.cpp - large buffers of an engine, on huge pages where the system has them.
// SPDX-License-Identifier: Apache-2.0

#include "Memory.h"

#include "llvm/Support/MathExtras.h"

#include <cerrno>
#include <sys/mman.h>
#include <utility>

using namespace bn;

static constexpr size_t kHugePage = size_t(2) << 20;

llvm::Expected<Memory> Memory::allocate(size_t size) {
  Memory memory;
  memory.mapped = llvm::alignTo(std::max<size_t>(size, 1), kHugePage) + kHugePage;
  void *mapping = mmap(nullptr, memory.mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) {
    memory.mapped = 0;
    return llvm::createStringError(std::error_code(errno, std::generic_category()), "cannot reserve %zu bytes", size);
  }
  memory.mapping = static_cast<char *>(mapping);
  memory.begin = reinterpret_cast<char *>(llvm::alignTo(reinterpret_cast<uintptr_t>(mapping), kHugePage));
  (void)madvise(memory.begin, memory.mapped - kHugePage, MADV_HUGEPAGE); // a hint: without it pages are small
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
