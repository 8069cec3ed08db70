// MappedFiles.cpp - the files that constants of a context lie in.
// SPDX-License-Identifier: Apache-2.0
//
// A weight that has been folded is read once. Its pages of the file go at once, so that a model is never in memory twice.

#include "MappedFiles.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Process.h"

#include <sys/mman.h>

using namespace llvm;

namespace bn::onnx {

void MappedFiles::add(std::shared_ptr<MemoryBuffer> file) {
  std::lock_guard lock(mutex);
  files.push_back(std::move(file));
}

void MappedFiles::release(ArrayRef<char> bytes) const {
  std::lock_guard lock(mutex);
  auto holds = [&](const auto &file) { return file->getBufferStart() <= bytes.begin() && bytes.end() <= file->getBufferEnd(); };
  if (none_of(files, holds))
    return;
  uint64_t pageSize = sys::Process::getPageSizeEstimate();
  uint64_t begin = alignTo(reinterpret_cast<uintptr_t>(bytes.begin()), pageSize);
  uint64_t end = alignDown(reinterpret_cast<uintptr_t>(bytes.end()), pageSize);
  if (begin < end) // a hint: a page that is wanted after all is read again
    (void)madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
}

} // namespace bn::onnx
