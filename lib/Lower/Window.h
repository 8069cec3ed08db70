// Window.h - strides, dilations and pads of convolution and pooling, resolved to numbers.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LOWER_WINDOW_H
#define BN_LIB_LOWER_WINDOW_H

#include "Lowering.h"
#include "TensorOps.h"

namespace bn::lower {

/// A window over the spatial dimensions, which start at dimension 2.
struct Window {
  llvm::SmallVector<int64_t> kernel, strides, dilations, low, high;

  unsigned size() const { return kernel.size(); }
  /// Input elements that the window spans along spatial dimension `i`.
  int64_t extent(unsigned i) const { return (kernel[i] - 1) * dilations[i] + 1; }
  /// Index into the input, border included, of a window's element.
  mlir::AffineExpr at(unsigned i, mlir::AffineExpr out, mlir::AffineExpr tap) const { return out * strides[i] + tap * dilations[i]; }
};

/// The window of a node over an input of `in` spatial sizes with result sizes `out`. `high` is as the node says; what the
/// last window reads may lie before or behind it.
Window getWindow(onnx::NodeOpInterface node, Ints kernel, Ints in, Ints out);

/// x with a border of `value` such that the last window of each dimension ends at the border.
mlir::Value padForWindow(Builder &b, mlir::Value x, const Window &window, Ints out, mlir::Value value);

} // namespace bn::lower

#endif // BN_LIB_LOWER_WINDOW_H
