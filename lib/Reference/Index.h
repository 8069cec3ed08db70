// Index.h - shapes, and walking them: the vocabulary of the operators' loops.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_REFERENCE_INDEX_H
#define BN_LIB_REFERENCE_INDEX_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace bn::reference {

using Dims = llvm::SmallVector<int64_t>;

inline int64_t countElements(llvm::ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

/// Row-major strides.
Dims getStrides(llvm::ArrayRef<int64_t> shape);

/// The shape that two shapes broadcast to by numpy's rules, if they do.
std::optional<Dims> broadcast(llvm::ArrayRef<int64_t> a, llvm::ArrayRef<int64_t> b);

/// The strides that read a tensor of `shape` at indices of `common`, to which it broadcasts: 0 along what repeats.
Dims getBroadcastStrides(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> common);

/// The offset of an index.
inline int64_t dot(llvm::ArrayRef<int64_t> index, llvm::ArrayRef<int64_t> strides) {
  int64_t offset = 0;
  for (size_t i = 0; i < index.size(); ++i)
    offset += index[i] * strides[i];
  return offset;
}

/// Calls `visit(index)` for every index of `shape`, in row-major order.
template <typename Visit> void forEachIndex(llvm::ArrayRef<int64_t> shape, Visit visit) {
  Dims index(shape.size(), 0);
  for (int64_t left = countElements(shape); left > 0; --left) {
    visit(llvm::ArrayRef<int64_t>(index));
    for (size_t d = shape.size(); d-- > 0 && ++index[d] == shape[d];)
      index[d] = 0;
  }
}

/// A shape seen from one axis: the element (o, i, n) is at (o·size + i)·inner + n.
struct AxisView {
  int64_t outer, size, inner;
  AxisView(llvm::ArrayRef<int64_t> shape, int64_t axis)
      : outer(countElements(shape.take_front(axis))), size(shape[axis]), inner(countElements(shape.drop_front(axis + 1))) {}
  int64_t offset(int64_t o, int64_t i, int64_t n) const { return (o * size + i) * inner + n; }
};

} // namespace bn::reference

#endif // BN_LIB_REFERENCE_INDEX_H
