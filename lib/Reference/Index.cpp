// Index.cpp - strides and broadcasting.
// SPDX-License-Identifier: Apache-2.0

#include "Index.h"

using namespace llvm;

namespace bn::reference {

Dims getStrides(ArrayRef<int64_t> shape) {
  Dims strides(shape.size());
  int64_t stride = 1;
  for (size_t d = shape.size(); d-- > 0; stride *= shape[d])
    strides[d] = stride;
  return strides;
}

std::optional<Dims> broadcast(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  if (a.size() < b.size())
    std::swap(a, b);
  Dims common(a);
  for (size_t d = a.size() - b.size(), i = 0; i < b.size(); ++d, ++i) {
    if (a[d] != b[i] && a[d] != 1 && b[i] != 1)
      return std::nullopt;
    common[d] = a[d] == 1 ? b[i] : a[d];
  }
  return common;
}

Dims getBroadcastStrides(ArrayRef<int64_t> shape, ArrayRef<int64_t> common) {
  Dims own = getStrides(shape), strides(common.size(), 0);
  size_t offset = common.size() - shape.size();
  for (size_t d = 0; d < shape.size(); ++d)
    strides[offset + d] = shape[d] == 1 ? 0 : own[d];
  return strides;
}

} // namespace bn::reference
