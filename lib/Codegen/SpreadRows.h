// SpreadRows.h - how far apart rows are that a cache should hold together.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_SPREADROWS_H
#define BN_CODEGEN_SPREADROWS_H

#include <cstdint>

namespace bn {

/// Elements of f32 in a line of the cache.
inline constexpr int64_t kLineElements = 16;

/// The least number of elements, not below `size`, that is an odd number of lines: rows so far apart use all sets of a cache.
inline int64_t spreadRow(int64_t size) { return ((size + kLineElements - 1) / kLineElements | 1) * kLineElements; }

} // namespace bn

#endif // BN_CODEGEN_SPREADROWS_H
