// Memory.h - large buffers of an engine, on huge pages where the system has them.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_RUNTIME_MEMORY_H
#define BN_RUNTIME_MEMORY_H

#include "llvm/Support/Error.h"

namespace bn {

/// Zeroed memory, aligned to a huge page, released with the object.
class Memory {
public:
  /// Reserves at least `size` bytes.
  static llvm::Expected<Memory> allocate(size_t size);
  Memory() = default;
  Memory(Memory &&other) noexcept;
  Memory &operator=(Memory &&other) noexcept;
  ~Memory();
  char *data() const { return begin; }

private:
  char *mapping = nullptr;
  char *begin = nullptr;
  size_t mapped = 0;
};

} // namespace bn

#endif // BN_RUNTIME_MEMORY_H
