// ConvFilter.h - convolutions and average pools as filters, and filters as convolutions.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_CONVFILTER_H
#define BN_OPTIMIZE_CONVFILTER_H

#include "Filters.h"
#include "LinearConstants.h"

namespace bn {

/// The convolution as a filter. WeightsNotConstant, UnknownShape or PaddingDiffers where its constants or its border are
/// not known.
Reason describeConv(onnx::ConvOp conv, FilterShape &shape);

/// The average pool of so many channels as a filter. PoolSkipsBorder where elements at the border have other weights.
Reason describePool(onnx::AveragePoolOp pool, int64_t channels, FilterShape &shape);

/// Whether the convolution adds anything but zero.
bool hasBias(onnx::ConvOp conv);

/// Reads the numbers of a filter that has the convolution's shape.
Reason readConv(onnx::ConvOp conv, Filter &filter);

/// The bytes of a filter stored in the type that the convolution's weights have.
int64_t countFilterBytes(onnx::ConvOp conv, const FilterShape &shape, bool withBias);

/// Makes constants of a filter for the convolution. NonFinite or Overflow where its type cannot hold them.
Reason storeFilter(onnx::ConvOp conv, const Filter &filter, bool withBias, LinearConstants &constants);

/// Makes the convolution one with that filter.
void setFilter(mlir::RewriterBase &rewriter, onnx::ConvOp conv, const FilterShape &shape, const LinearConstants &constants,
               FreshNames &names);

/// Notes why a branch stays, unless `why` is None. The first note stands.
void noteBranch(mlir::Operation *op, Reason why);

/// Notes that `heir` does the work of `op`, too.
void inheritBranch(mlir::Operation *heir, mlir::Operation *op);

} // namespace bn

#endif // BN_OPTIMIZE_CONVFILTER_H
