// BatchNormSteps.h - the formulas of the bn dialect, one function each: what bn.training and its parts share.
// SPDX-License-Identifier: Apache-2.0
//
// A *channel* is an index of the kept axes, flat; a *group* is a channel of one ghost batch. Statistics are vectors over
// groups, parameters and state vectors over channels.

#ifndef BN_LIB_REFERENCE_BATCHNORMSTEPS_H
#define BN_LIB_REFERENCE_BATCHNORMSTEPS_H

#include "Index.h"
#include "bn/IR/BN/BN.h"
#include "bn/Reference/Tensor.h"

namespace bn::reference {

using Vector = std::vector<double>;
using Reals = llvm::ArrayRef<double>;

/// How the elements of an input fall into channels and groups.
struct Groups {
  Dims shape, parameterShape, channelStrides;
  int64_t channels = 1, ghosts = 1;
  bool isInterleaved = true;

  /// Fails with a diagnostic where the input's shape contradicts the op.
  static mlir::FailureOr<Groups> get(mlir::Operation *op, const Tensor &x, llvm::ArrayRef<int64_t> axes, int64_t ghosts = 1,
                                     GhostGrouping grouping = GhostGrouping::Interleaved);

  /// The shape of statistics: a parameter's, with a leading dimension where the batch is split.
  Dims getStatisticsShape() const;
  int64_t getNumGroups() const { return ghosts * channels; }
  /// The strides that read `other`, which broadcasts to the input; empty where it is null.
  Dims getStrides(const Tensor *other) const { return other ? getBroadcastStrides(other->shape, shape) : Dims(); }

  /// Calls `visit(offset, channel, group, index)` for every element of the input.
  template <typename Visit> void forEachElement(Visit visit) const {
    int64_t perGhost = ghosts > 1 ? shape[0] / ghosts : 0, offset = 0;
    forEachIndex(shape, [&](llvm::ArrayRef<int64_t> index) {
      int64_t channel = dot(index, channelStrides);
      int64_t ghost = ghosts == 1 ? 0 : isInterleaved ? index[0] % ghosts : index[0] / perGhost;
      visit(offset++, channel, ghost * channels + channel, index);
    });
  }
};

/// The operand of an op by its position in the op's definition, null where it is not given.
template <typename Op> const Tensor *getOperand(Op op, llvm::ArrayRef<const Tensor *> operands, unsigned position) {
  auto [start, size] = op.getODSOperandIndexAndLength(position);
  return size ? operands[start] : nullptr;
}

// What the static verifier could not see in types of unknown shape. Null tensors pass.
mlir::LogicalResult checkShapes(mlir::Operation *op, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<const Tensor *> parameters);
mlir::LogicalResult checkBroadcast(mlir::Operation *op, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<const Tensor *> others);
mlir::LogicalResult checkScalars(mlir::Operation *op, llvm::ArrayRef<const Tensor *> bounds);

/// Result `i` of an op.
Tensor makeResult(mlir::Operation *op, unsigned i, llvm::ArrayRef<int64_t> shape, Vector values);

struct Moments {
  Vector mean, variance, count; ///< by group
};
/// In two passes. `mask` may be null.
Moments takeMoments(const Groups &groups, const Tensor &x, const Tensor *mask, double maskEpsilon);

/// The mean over the ghosts.
Vector poolGhosts(Reals byGroup, int64_t channels);

Vector invertStddev(Reals variance, double epsilon);

/// The variance that a standard deviation with epsilon in it stands for.
Vector restoreVariance(Reals stddev, double epsilon);

/// State and bounds of the renormalization; bounds may be null.
struct Renormalization {
  const Tensor *mean, *stddev, *rmin, *rmax, *dmax;
};
struct Correction {
  Vector r, d, stddev; ///< by channel
};
Correction correct(Reals mean, Reals variance, const Renormalization &renorm, double epsilon);

/// What normalized elements go through; each may be null.
struct Factors {
  const double *r = nullptr, *d = nullptr, *scale = nullptr, *offset = nullptr; ///< by channel
  const Tensor *adjustmentScale = nullptr, *adjustmentOffset = nullptr;        ///< these broadcast to the input
};
Tensor normalize(const Groups &groups, const Tensor &x, Reals mean, Reals invStddev, const Factors &factors);

/// The average after a step; one whose batch is empty stays. `count` is empty where it is not known.
Vector updateAverage(Reals old, Reals batch, Reals count, bool bessel, double momentum);

} // namespace bn::reference

#endif // BN_LIB_REFERENCE_BATCHNORMSTEPS_H
