// Reasons.cpp - the table of reasons.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Optimize/Reasons.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace bn {

namespace {
struct Row {
  Reason reason;
  StringLiteral code, sentence;
};
} // namespace

static constexpr Row rows[] = {
    {Reason::None, "", ""},
    {Reason::ParametersNotConstant, "parameters-not-constant", "scale, offset or statistics are computed at run time"},
    {Reason::SeveralAxes, "several-axes", "the parameters vary along more than one axis"},
    {Reason::UnknownShape, "unknown-shape", "the number of channels is not known"},
    {Reason::VarianceNotPositive, "variance-not-positive", "variance plus epsilon is not positive in some channel"},
    {Reason::NonFinite, "non-finite", "a parameter or weight is infinite or not a number"},
    {Reason::InputNotFinite, "input-not-finite", "a node before divides by zero or the like, and infinities and NaNs obey no algebra"},
    {Reason::InFunction, "in-function", "it is in a model-local function, and its input or parameters come from the calls"},
    {Reason::SkippedByUser, "skipped-by-user", "the node was excluded by name"},
    {Reason::NoProducer, "no-producer", "the input comes from outside the graph"},
    {Reason::ProducerNotLinear, "producer-not-linear", "the node before has no weights that could take the scale"},
    {Reason::NonlinearBetween, "nonlinear-between", "a nonlinear node stands between the weights and the BatchNormalization"},
    {Reason::WeightsNotConstant, "weights-not-constant", "the weights of the node before are computed at run time"},
    {Reason::Quantized, "quantized", "quantized numbers before the node would not stay what they are"},
    {Reason::WeightsShared, "weights-shared", "other nodes share the weights, and a second copy would make the file larger"},
    {Reason::ProducerHasOtherUsers, "producer-has-other-users", "other nodes use the result of the node before as it is"},
    {Reason::GraphOutput, "graph-output", "the result of the node before is an output of the graph"},
    {Reason::AxisMismatch, "axis-mismatch", "the parameters vary along another axis than the output channels of the node before"},
    {Reason::BiasNotPerChannel, "bias-not-per-channel", "the bias of the node before is not one number per channel, or not constant"},
    {Reason::NoBias, "no-bias", "only a shift is left, and the node before takes no bias"},
    {Reason::Overflow, "overflow", "a folded weight, or a number between the nodes, may exceed the range of its type"},
    {Reason::NegativeScale, "negative-scale", "a scale is negative, and a node on the way to the weights lets only others pass"},
    {Reason::ZeroPadding, "zero-padding", "a shift would be missing where a node pads with zeros"},
    {Reason::Cancellation, "cancellation", "what a node pads with would be a small difference of large numbers"},
    {Reason::ChannelAxisLost, "channel-axis-lost", "a node on the way to the weights mixes the channels"},
    {Reason::BranchNotLinear, "branch-not-linear", "several branches meet before the node, and one of them cannot take its part"},
    {Reason::ConsumerNotLinear, "consumer-not-linear", "a node behind has no weights that could take the scale"},
    {Reason::ShapesDiffer, "shapes-differ", "the parallel nodes have different numbers of channels or dimensions"},
    {Reason::StridesDiffer, "strides-differ", "the parallel nodes have different strides"},
    {Reason::PaddingDiffers, "padding-differs", "the parallel nodes pad differently, or it is not known how"},
    {Reason::PaddingBetween, "padding-between", "the second of two linear nodes pads what the first one computed"},
    {Reason::PoolSkipsBorder, "pool-skips-border", "the average does not count the border"},
    {Reason::CostGrows, "cost-grows", "one node would need more multiplications than the separate ones"},
    {Reason::BytesGrow, "bytes-grow", "one node would need more bytes of weights than the separate ones"},
    {Reason::TrainingMode, "training-mode", "the node normalizes with the statistics of its own input"},
};

static const Row &getRow(Reason reason) {
  return *llvm::find_if(rows, [&](const Row &row) { return row.reason == reason; });
}

StringRef getCode(Reason reason) { return getRow(reason).code; }
StringRef getSentence(Reason reason) { return getRow(reason).sentence; }

StringRef getSentenceBehind(Reason reason) {
  switch (reason) {
  case Reason::GraphOutput:
    return "behind it, the result is an output of the graph";
  case Reason::ConsumerNotLinear:
    return "behind it, a node has no weights that could take the scale";
  case Reason::NonlinearBetween:
    return "behind it, a nonlinear node lets no shift pass";
  case Reason::NegativeScale:
    return "behind it, a node lets no negative scale pass";
  case Reason::ZeroPadding:
    return "behind it, a node pads with zeros, where the shift would be missing";
  case Reason::AxisMismatch:
    return "behind it, the parameters vary along another axis than the input channels";
  default:
    return "";
  }
}

std::optional<Reason> parseReason(StringRef code) {
  const Row *row = llvm::find_if(rows, [&](const Row &row) { return row.code == code; });
  return row == std::end(rows) ? std::nullopt : std::optional(row->reason);
}

LogicalResult reject(RewriterBase &rewriter, Operation *op, Reason reason) {
  if (op->getName().getDialectNamespace() == "bn")
    op->setAttr(attr::reason, rewriter.getStringAttr(getCode(reason)));
  return rewriter.notifyMatchFailure(op, getCode(reason));
}

} // namespace bn
