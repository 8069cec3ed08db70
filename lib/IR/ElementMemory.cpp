// ElementMemory.cpp - the memory of constants that passes make.
// SPDX-License-Identifier: Apache-2.0

#include "bn/IR/ElementMemory.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

using namespace mlir;

/// From here on memory comes from the system directly: nothing is to be cleared, and it leaves no holes in the heap.
static constexpr size_t kLarge = size_t(128) << 10;
static constexpr size_t kHugePage = size_t(2) << 20;
static constexpr size_t kCacheLine = 64;
static constexpr size_t kPage = 4096; ///< the alignment that tells of pages of their own

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
  return AsmResourceBlob(bytes, kPage, [](void *data, size_t length, size_t) { munmap(data, length); }, /*dataIsMutable=*/true);
}

/// Whether all bytes could be written.
static bool writeAt(int file, ArrayRef<char> bytes, uint64_t offset) {
  while (!bytes.empty()) {
    ssize_t written = pwrite(file, bytes.data(), bytes.size(), offset);
    if (written <= 0)
      return false;
    bytes = bytes.drop_front(written);
    offset += written;
  }
  return true;
}

uint64_t bn::moveElementsToFile(ElementsAttr value, int file, uint64_t offset) {
  auto resource = dyn_cast<DenseResourceElementsAttr>(value);
  AsmResourceBlob *blob = resource ? resource.getRawHandle().getBlob() : nullptr;
  if (!blob || blob->getDataAlignment() != kPage || !blob->isMutable())
    return offset;
  MutableArrayRef<char> bytes = blob->getMutableData();
  if (!writeAt(file, bytes, offset) ||
      mmap(bytes.data(), bytes.size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, file, offset) == MAP_FAILED)
    return offset;
  return llvm::alignTo(offset + bytes.size(), sysconf(_SC_PAGESIZE));
}
