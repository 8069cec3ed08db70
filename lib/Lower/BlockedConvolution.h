// BlockedConvolution.h - convolutions and pools as kernel ops on blocked images.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LOWER_BLOCKEDCONVOLUTION_H
#define BN_LIB_LOWER_BLOCKEDCONVOLUTION_H

#include "Window.h"
#include "bn/IR/Kernel/Kernel.h"

namespace bn::lower {

/// The window, or the shape, of a 1-d image as one of a 2-d image.
Window asPlane(Window window);
llvm::SmallVector<int64_t> asPlane(Shape shape);

/// A convolution as kernel.conv or kernel.grouped_conv between a pack and an unpack; null where the kernel does not
/// apply: it takes f32, one or two spatial dimensions, and a filter that is known now. The bias may be null.
mlir::Value convolveBlocked(NodeLowering &n, mlir::Value x, mlir::ElementsAttr filter, mlir::ElementsAttr bias, const Window &window,
                            int64_t groups, Shape out);

/// A pool as kernel.pool between a pack and an unpack; null where the kernel does not apply.
mlir::Value poolBlocked(NodeLowering &n, kernel::PoolKind kind, const Window &window);

} // namespace bn::lower

#endif // BN_LIB_LOWER_BLOCKEDCONVOLUTION_H
