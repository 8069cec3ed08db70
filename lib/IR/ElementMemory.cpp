// ElementMemory.cpp - the memory of constants that passes make.
// SPDX-License-Identifier: Apache-2.0

#include "bn/IR/ElementMemory.h"

#include <algorithm>
#include <cstring>
#include <sys/mman.h>

using namespace mlir;

/// From here on memory comes from the system directly: nothing is to be cleared, and it leaves no holes in the heap.
static constexpr size_t kLarge = size_t(128) << 10;
static constexpr size_t kHugePage = size_t(2) << 20;
static constexpr size_t kCacheLine = 64;

AsmResourceBlob bn::allocateElements(size_t size) {
  void *mapping = size < kLarge ? MAP_FAILED : mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) {
    AsmResourceBlob blob = HeapAsmResourceBlob::allocate(std::max<size_t>(size, 1), kCacheLine, /*dataIsMutable=*/true);
    std::memset(blob.getMutableData().data(), 0, size);
    return blob;
  }
  if (size >= kHugePage)
    (void)madvise(mapping, size, MADV_HUGEPAGE); // a hint
  ArrayRef<char> bytes(static_cast<char *>(mapping), size);
  return AsmResourceBlob(bytes, kCacheLine, [](void *data, size_t length, size_t) { munmap(data, length); }, /*dataIsMutable=*/true);
}
