// SpreadRows.h - how far apart rows are that a cache should hold together.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_SPREADROWS_H
#define BN_CODEGEN_SPREADROWS_H

#include "mlir/IR/Types.h"

namespace bn {

/// Elements in a line of the cache.
inline int64_t countLineElements(mlir::Type element) { return 512 / element.getIntOrFloatBitWidth(); }

/// The least number of elements, not below `size`, that is an odd number of lines: rows so far apart use all sets of a cache.
inline int64_t spreadRow(int64_t size, mlir::Type element) {
  int64_t line = countLineElements(element);
  return ((size + line - 1) / line | 1) * line;
}

} // namespace bn

#endif // BN_CODEGEN_SPREADROWS_H
