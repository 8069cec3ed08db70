// Caches.h - the sizes of caches that loops are cut to.
// SPDX-License-Identifier: Apache-2.0
//
// Not asked of the machine: code that is compiled here may run elsewhere, and its results are the same everywhere. What is cut by one of
// them says by which share of it, and works with any other, if slower.

#ifndef BN_CODEGEN_CACHES_H
#define BN_CODEGEN_CACHES_H

#include <cstdint>

namespace bn {

/// Of one core, nearest first, and what all cores share; in bytes. Present server and desktop processors have at least half of each.
inline constexpr int64_t kFirstCache = 32 << 10, kSecondCache = 1 << 20, kLastCache = 32 << 20;

} // namespace bn

#endif // BN_CODEGEN_CACHES_H
