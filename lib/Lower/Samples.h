// Samples.h - reading images at computed places, between their elements.
// SPDX-License-Identifier: Apache-2.0
//
// A place along one axis becomes taps: elements of the image and their weights, one tensor each, computed in double as vectors. The taps of
// all axes are combined once for all channels: an offset in the image and a weight for each combination.

#ifndef BN_LIB_LOWER_SAMPLES_H
#define BN_LIB_LOWER_SAMPLES_H

#include "TensorOps.h"

namespace bn::lower {

/// Elements along one axis (i32, inside the image) and their weights (f64), of one shape.
struct Taps {
  llvm::SmallVector<mlir::Value> places, weights;
};

/// Computes tap `t` of a place: the element, any whole number in f64, and its weight; taps outside of the image weigh nothing.
using TapBody = llvm::function_ref<std::pair<mlir::Value, mlir::Value>(Builder &, mlir::ValueRange, int64_t t)>;

/// `count` taps of each place that `body` computes from the elements of `inputs`; elements are clamped to an axis of `size`.
Taps makeTaps(Builder &b, Shape shape, mlir::ValueRange inputs, int64_t size, int64_t count, TapBody body);

/// One tap of an image: offsets (i32) and weights in `type`, of one shape.
struct ImageTap {
  mlir::Value offset, weight;
};

/// All combinations of the taps of the axes of an image.
llvm::SmallVector<ImageTap> combineTaps(Builder &b, llvm::ArrayRef<Taps> axes, Shape image, mlir::Type type);

/// Σ over the taps of weight · image element, for each element of a tensor of `type`: `images` is N×C×pixels, the two indices of the
/// image and those of the tap come from the element's own.
mlir::Value sumTaps(Builder &b, mlir::RankedTensorType type, mlir::Value images, llvm::ArrayRef<ImageTap> taps,
                    llvm::function_ref<llvm::SmallVector<mlir::Value>(Builder &, mlir::ValueRange)> imageAt,
                    llvm::function_ref<llvm::SmallVector<mlir::Value>(Builder &, mlir::ValueRange)> tapAt);

} // namespace bn::lower

#endif // BN_LIB_LOWER_SAMPLES_H
