// Weights.cpp - fills the weights buffer from a module's attributes.
// SPDX-License-Identifier: Apache-2.0

#include "Weights.h"

#include "bn/IR/Kernel/PackedElements.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"

#include <cstring>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>

using namespace mlir;

/// Writes elements that the attribute packs or repeats, one by one: bits take a byte each.
static void expandElements(DenseElementsAttr value, char *out) {
  Type element = value.getElementType();
  if (element.isInteger(1)) {
    for (bool bit : value.getValues<bool>())
      *out++ = bit;
    return;
  }
  ArrayRef<char> raw = value.getRawData();
  int64_t copies = value.isSplat() ? value.getNumElements() : 1;
  for (int64_t i = 0; i < copies; ++i)
    std::memcpy(out + i * raw.size(), raw.data(), raw.size());
}

static llvm::Error fill(ElementsAttr value, char *out) {
  if (auto dense = dyn_cast<DenseElementsAttr>(value)) {
    if (dense.getNumElements())
      expandElements(dense, out);
    return llvm::Error::success();
  }
  auto resource = dyn_cast<DenseResourceElementsAttr>(value);
  AsmResourceBlob *blob = resource ? resource.getRawHandle().getBlob() : nullptr;
  if (!blob)
    return llvm::createStringError(std::errc::invalid_argument, "expected a constant with data");
  std::memcpy(out, blob->getData().data(), blob->getData().size());
  return llvm::Error::success();
}

/// What was read of a mapped file leaves memory; it comes back where it is read again.
static void dropPages(ElementsAttr value, const llvm::MemoryBuffer &file) {
  auto resource = dyn_cast<DenseResourceElementsAttr>(value);
  AsmResourceBlob *blob = resource ? resource.getRawHandle().getBlob() : nullptr;
  if (!blob || file.getBufferKind() != llvm::MemoryBuffer::MemoryBuffer_MMap) // dontNeedIfMmap() only hints, which Linux does not take
    return;
  const char *begin = blob->getData().begin(), *end = blob->getData().end();
  if (begin < file.getBufferStart() || end > file.getBufferEnd())
    return;
  uintptr_t page = reinterpret_cast<uintptr_t>(begin) & -uintptr_t(sysconf(_SC_PAGESIZE));
  (void)madvise(reinterpret_cast<void *>(page), reinterpret_cast<uintptr_t>(end) - page, MADV_DONTNEED);
}

llvm::Error bn::fillWeights(ArrayAttr table, char *buffer, bool frees, const llvm::MemoryBuffer *file) {
  if (!table)
    return llvm::Error::success();
  for (auto entry : table.getAsRange<DictionaryAttr>()) {
    auto value = cast<ElementsAttr>(entry.get("value"));
    if (llvm::Error error = fill(value, buffer + cast<IntegerAttr>(entry.get("offset")).getInt()))
      return error;
    if (frees && file)
      dropPages(value, *file);
    if (frees)
      kernel::dropPackedElements(value);
  }
  return llvm::Error::success();
}
