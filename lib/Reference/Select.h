// Select.h - tensors whose elements are elements of another: the common form of everything that moves data.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_REFERENCE_SELECT_H
#define BN_LIB_REFERENCE_SELECT_H

#include "Operator.h"

namespace bn::reference {

/// Adds the result of `shape` whose element at each index is the one of `data` at the offset `source(index)`; 0 (an empty
/// string) where that is negative.
template <typename Source> mlir::LogicalResult addSelected(Call &call, const Tensor &data, llvm::ArrayRef<int64_t> shape, Source source) {
  Tensor *y = call.addResult(data.elementType, shape);
  if (!y)
    return mlir::failure();
  std::visit(
      [&](auto &out) {
        const auto &in = std::get<std::decay_t<decltype(out)>>(data.values);
        size_t next = 0;
        forEachIndex(y->shape, [&](llvm::ArrayRef<int64_t> index) {
          int64_t offset = source(index);
          if (offset >= 0)
            out[next] = in[offset];
          ++next;
        });
      },
      y->values);
  return mlir::success();
}

} // namespace bn::reference

#endif // BN_LIB_REFERENCE_SELECT_H
