// Memory.h - large buffers of a model, on huge pages where the system has them.
// SPDX-License-Identifier: Apache-2.0
//
// Free of LLVM: a part of every compiled library.

#ifndef BN_RUNTIME_MEMORY_H
#define BN_RUNTIME_MEMORY_H

#include <cstddef>

namespace bn {

/// Zeroed memory, aligned to a huge page, released with the object.
class Memory {
public:
  /// Reserves at least `size` bytes; false (see operator bool) where the system has none left.
  static Memory allocate(size_t size);
  Memory() = default;
  Memory(Memory &&other) noexcept;
  Memory &operator=(Memory &&other) noexcept;
  ~Memory();
  char *data() const { return begin; }
  explicit operator bool() const { return begin; }

private:
  char *mapping = nullptr;
  char *begin = nullptr;
  size_t mapped = 0;
};

} // namespace bn

#endif // BN_RUNTIME_MEMORY_H
