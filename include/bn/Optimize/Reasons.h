// Reasons.h - why a rule of the folding algebra declined: one enum, its codes and sentences.
// SPDX-License-Identifier: Apache-2.0
//
// Legality is data. A rule answers None or the first precondition that fails; `reject` hands that answer to MLIR's
// match-failure log and leaves it on the op, where the report finds it. The codes are part of the report's format.

#ifndef BN_OPTIMIZE_REASONS_H
#define BN_OPTIMIZE_REASONS_H

#include "mlir/IR/PatternMatch.h"

#include <optional>

namespace bn {

enum class Reason {
  None, ///< nothing speaks against it
  ParametersNotConstant,
  SeveralAxes,
  UnknownShape,
  VarianceNotPositive,
  NonFinite,
  InputNotFinite,
  InFunction,
  SkippedByUser,
  NoProducer,
  ProducerNotLinear,
  NonlinearBetween,
  WeightsNotConstant,
  WeightsShared,
  Quantized,
  ProducerHasOtherUsers,
  GraphOutput,
  AxisMismatch,
  BiasNotPerChannel,
  NoBias,
  Overflow,
  NegativeScale,
  ZeroPadding,
  Cancellation,
  ChannelAxisLost,
  BranchNotLinear,
  ConsumerNotLinear,
  TrainingMode,
  ShapesDiffer,
  StridesDiffer,
  PaddingDiffers,
  PaddingBetween,
  PoolSkipsBorder,
  CostGrows,
  BytesGrow,
};

/// The reason's code in reports, for instance `producer-has-other-users`.
llvm::StringRef getCode(Reason reason);

/// The reason as one sentence for a person.
llvm::StringRef getSentence(Reason reason);

/// The reason as one sentence on the nodes behind; empty where it says nothing about them.
llvm::StringRef getSentenceBehind(Reason reason);

/// The reason with this code, if there is one.
std::optional<Reason> parseReason(llvm::StringRef code);

/// Names of the discardable attributes by which passes account for what they did.
namespace attr {
inline constexpr llvm::StringLiteral
    reason = "bn.reason",            ///< code of the reason why this op stays
    reasonBehind = "bn.reason_behind", ///< code of the reason why the nodes behind it do not take it
    sources = "bn.sources",          ///< names of the BatchNormalizations that this op stands for, apart from itself
    branches = "bn.branches",        ///< names of the linear nodes whose work this op does, apart from itself
    branchReason = "bn.branch_reason", ///< code of the reason why this op stays beside parallel or consecutive ones
    versionOf = "bn.version_of",     ///< on a constant: name of the one that it was computed from, while others read that one
    weightRange = "bn.weight_range", ///< smallest and largest weight before folding, then after
    /// How far the result can be off because the folded weights of the node are rounded to their storage type. With exact
    /// products w and stored ones s, |s·x - w·x| <= Σ|s - w|·max|x| in each channel, so the largest over the channels of
    /// Σ|s - w| + |bias stored - exact| bounds the error for inputs of the node up to 1, and times max|x| for larger ones.
    maxError = "bn.weights_error";
} // namespace attr

/// Declines to rewrite `op`: the one way out of a rule. The reason stays on ops of the bn dialect.
mlir::LogicalResult reject(mlir::RewriterBase &rewriter, mlir::Operation *op, Reason reason);

} // namespace bn

#endif // BN_OPTIMIZE_REASONS_H
