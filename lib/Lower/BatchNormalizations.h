// BatchNormalizations.h - the lowerings of the bn dialect, and its formulas on numbers, all in double.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LOWER_BATCHNORMALIZATIONS_H
#define BN_LIB_LOWER_BATCHNORMALIZATIONS_H

#include "Lowering.h"
#include "NormalizeKernel.h"
#include "Reductions.h"

#include <cmath>

namespace bn::lower {

// Lowerings of ops of the bn dialect.
mlir::LogicalResult lowerTraining(NodeLowering &n);
mlir::LogicalResult lowerTrainingGrad(NodeLowering &n);
mlir::LogicalResult lowerInferenceGrad(NodeLowering &n);
mlir::LogicalResult lowerNormalizeGrad(NodeLowering &n);
/// The lowering of any op of the bn dialect; null for an op of another.
LoweringFunction findBatchNormLowering(mlir::Operation *op);

/// The one of `values`, an entry per operand of `op`, at a position of the op's definition; null where that operand is absent.
template <typename Op>
mlir::Value valueAt(Op op, mlir::ValueRange values, unsigned position) {
  auto [start, size] = op.getODSOperandIndexAndLength(position);
  return size ? values[start] : mlir::Value();
}
/// The lowered operand at a position of the op's definition; null where it is absent.
template <typename Op>
mlir::Value operandAt(NodeLowering &n, Op op, unsigned position) {
  auto [start, size] = op.getODSOperandIndexAndLength(position);
  return size ? n.in(start) : mlir::Value();
}

/// Bounds of a renormalization; each may be null.
struct Bounds {
  mlir::Value rmin, rmax, dmax;
};
struct Correction {
  mlir::Value r, d;
};
/// r and d of a renormalization; `stddev` has epsilon in it.
Correction correct(Builder &b, mlir::Value mean, mlir::Value stddev, mlir::Value renormMean, mlir::Value renormStddev, const Bounds &bounds,
                   double epsilon);

mlir::Value inverseStddev(Builder &b, mlir::Value variance, double epsilon);
mlir::Value restoreVariance(Builder &b, mlir::Value stddev, double epsilon);

/// momentum·old + (1 − momentum)·batch, with Bessel's correction where asked; old where `count`, if given, is 0.
mlir::Value averageStep(Builder &b, mlir::Value old, mlir::Value batch, mlir::Value count, bool bessel, double momentum);

/// Makes a kernel sum what moments are made of: its first element is the data, the second, with `masked`, the weights.
void addMoments(NormalizeKernel &kernel, bool masked);

/// Moments of a group; `shift` is the mean's distance from the center.
struct NumberMoments {
  mlir::Value mean, variance, count, shift;
};
/// The moments from the arguments of `finish`; `count` is the number of elements without a mask.
NumberMoments finishMoments(Builder &b, llvm::ArrayRef<mlir::Value> arguments, bool masked, int64_t count, double maskEpsilon);

} // namespace bn::lower

#endif // BN_LIB_LOWER_BATCHNORMALIZATIONS_H
