// Lanes.h - a tensor as a set of lanes: what reductions, softmax and normalizations work on.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_REFERENCE_LANES_H
#define BN_LIB_REFERENCE_LANES_H

#include "Operator.h"
#include "llvm/ADT/Sequence.h"

namespace bn::reference {

/// The elements that differ only in their indices along some axes form a lane. Element j of lane i is at
/// `starts[i] + steps[j]`; lanes and their elements are in row-major order.
struct Lanes {
  std::vector<int64_t> starts, steps;
  /// `axes` counted from the front.
  Lanes(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> axes);
};

/// The elements of a lane, and the place of those of a result's.
using Lane = llvm::ArrayRef<double>;
using Out = llvm::MutableArrayRef<double>;

/// The axes from `from` to the last.
inline Dims getTrailingAxes(int64_t from, int64_t rank) { return llvm::to_vector<6>(llvm::seq<int64_t>(from, rank)); }

/// Adds the result of the first operand's shape, whose every lane along `axes` is f(lane of the operand, lane to fill).
template <typename Function> mlir::LogicalResult mapLanes(Call &call, llvm::ArrayRef<int64_t> axes, Function f) {
  Tensor *y = call.addResult(call[0].elementType, call[0].shape);
  if (!y)
    return mlir::failure();
  Lanes lanes(y->shape, axes);
  std::vector<double> in(lanes.steps.size()), out(lanes.steps.size());
  for (int64_t start : lanes.starts) {
    for (size_t j = 0; j < in.size(); ++j)
      in[j] = call[0].reals()[start + lanes.steps[j]];
    f(llvm::ArrayRef<double>(in), llvm::MutableArrayRef<double>(out));
    for (size_t j = 0; j < in.size(); ++j)
      y->mutableReals()[start + lanes.steps[j]] = out[j];
  }
  return mlir::success();
}

} // namespace bn::reference

#endif // BN_LIB_REFERENCE_LANES_H
