// SliceStack.h - slices of a tensor along an axis, one an iteration: taken out, and put together.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_REFERENCE_SLICESTACK_H
#define BN_LIB_REFERENCE_SLICESTACK_H

#include "Operator.h"

namespace bn::reference {

/// Adds the result that is the tensors, of one type, along a new axis. An empty stack takes its type from the node's result.
mlir::LogicalResult addStack(Call &call, std::vector<Tensor> slices, int64_t axis);

/// Slice `i` of a tensor along `axis`, without that dimension.
Tensor takeSlice(const Tensor &x, int64_t axis, int64_t i);

} // namespace bn::reference

#endif // BN_LIB_REFERENCE_SLICESTACK_H
