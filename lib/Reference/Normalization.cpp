// Normalization.cpp - operators that rescale lanes: by a norm, or by mean and variance of a layer, a group, an instance.
// SPDX-License-Identifier: Apache-2.0

#include "Lanes.h"

#include <cmath>
#include <numeric>

using namespace mlir;

namespace bn::reference {

/// A lane of norm 0 stays.
static LogicalResult lpNormalization(Call &call) {
  FailureOr<int64_t> axis = call.getAxis(call.node.getInt("axis", -1), call[0].shape.size());
  if (failed(axis))
    return failure();
  bool isL1 = call.node.getInt("p", 2) == 1;
  return mapLanes(call, *axis, [=](Lane in, Out out) {
    double norm = 0;
    for (double x : in)
      norm += isL1 ? std::fabs(x) : x * x;
    norm = isL1 ? norm : std::sqrt(norm);
    llvm::transform(in, out.begin(), [=](double x) { return norm == 0 ? x : x / norm; });
  });
}

//===----------------------------------------------------------------------===//
// Mean and variance
//===----------------------------------------------------------------------===//

namespace {
struct Moments {
  double mean, variance;
};
} // namespace

/// Mean and population variance, in two passes.
static Moments getMoments(Lane lane) {
  double mean = std::accumulate(lane.begin(), lane.end(), 0.0) / static_cast<double>(lane.size()), sum = 0;
  for (double x : lane)
    sum += (x - mean) * (x - mean);
  return {mean, sum / static_cast<double>(lane.size())};
}

/// The element of a parameter that is broadcast to the data.
static LogicalResult scaleAndShift(Call &call, const Tensor &scale, const Tensor *shift, Tensor &y) {
  for (const Tensor *parameter : {&scale, shift})
    if (parameter && broadcast(parameter->shape, y.shape) != y.shape)
      return call.error() << "expected parameters that broadcast to " << y.getType() << ", got " << parameter->getType();
  Dims scaleStrides = getBroadcastStrides(scale.shape, y.shape), shiftStrides = getBroadcastStrides(shift ? shift->shape : Dims(), y.shape);
  size_t at = 0;
  forEachIndex(y.shape, [&](ArrayRef<int64_t> index) {
    double &value = y.mutableReals()[at++];
    value = value * scale.reals()[dot(index, scaleStrides)] + (shift ? shift->reals()[dot(index, shiftStrides)] : 0);
  });
  return success();
}

static LogicalResult layerNormalization(Call &call) {
  const Tensor &x = call[0];
  int64_t rank = x.shape.size();
  FailureOr<int64_t> axis = call.getAxis(call.node.getInt("axis", -1), rank);
  if (failed(axis))
    return failure();
  double epsilon = call.node.getFloat("epsilon", 1e-5f);
  std::vector<double> means, inverses;
  LogicalResult mapped = mapLanes(call, getTrailingAxes(*axis, rank), [&](Lane in, Out out) {
    Moments moments = getMoments(in);
    means.push_back(moments.mean), inverses.push_back(1 / std::sqrt(moments.variance + epsilon));
    llvm::transform(in, out.begin(), [&](double v) { return (v - moments.mean) * inverses.back(); });
  });
  if (failed(mapped) || failed(scaleAndShift(call, call[1], call.get(2), call.results[0])))
    return failure();
  Dims shape(x.shape);
  std::fill(shape.begin() + *axis, shape.end(), 1);
  call.results.push_back({x.elementType, shape, std::move(means)});
  call.results.push_back({x.elementType, shape, std::move(inverses)});
  return success();
}

static LogicalResult rmsNormalization(Call &call) {
  int64_t rank = call[0].shape.size();
  FailureOr<int64_t> axis = call.getAxis(call.node.getInt("axis", -1), rank);
  if (failed(axis))
    return failure();
  double epsilon = call.node.getFloat("epsilon", 1e-5f);
  LogicalResult mapped = mapLanes(call, getTrailingAxes(*axis, rank), [=](Lane in, Out out) {
    double squares = std::accumulate(in.begin(), in.end(), 0.0, [](double sum, double v) { return sum + v * v; });
    double inverse = 1 / std::sqrt(squares / static_cast<double>(in.size()) + epsilon);
    llvm::transform(in, out.begin(), [=](double v) { return v * inverse; });
  });
  return success(succeeded(mapped) && succeeded(scaleAndShift(call, call[1], nullptr, call.results[0])));
}

/// Normalizes `groups` parts of the channels of each sample. Parameters have one element a channel, or one a group.
static LogicalResult normalizeGroups(Call &call, int64_t groups) {
  const Tensor &x = call[0];
  if (x.shape.size() < 2 || groups < 1 || x.shape[1] % groups)
    return call.error() << "expected channels in multiples of " << groups << ", got " << x.getType();
  Tensor *y = call.addResult(x.elementType, x.shape);
  if (!y)
    return failure();
  int64_t channels = x.shape[1], inner = countElements(ArrayRef(x.shape).drop_front(2)), size = channels / groups * inner;
  int64_t parameters = call[1].getNumElements();
  if ((parameters != channels && parameters != groups) || call[2].getNumElements() != parameters)
    return call.error() << "expected a scale and a bias for " << channels << " channels, got " << call[1].getType();
  double epsilon = call.node.getFloat("epsilon", 1e-5f);
  for (int64_t part = 0; part < x.shape[0] * groups; ++part) {
    Lane lane = x.reals().slice(part * size, size);
    Moments moments = getMoments(lane);
    for (int64_t i = 0; i < size; ++i) {
      int64_t channel = part % groups * (channels / groups) + i / inner, parameter = channel / (channels / parameters);
      y->mutableReals()[part * size + i] =
          (lane[i] - moments.mean) / std::sqrt(moments.variance + epsilon) * call[1].reals()[parameter] + call[2].reals()[parameter];
    }
  }
  return success();
}

static LogicalResult groupNormalization(Call &call) { return normalizeGroups(call, call.node.getInt("num_groups", 0)); }

static LogicalResult instanceNormalization(Call &call) { return normalizeGroups(call, call[0].shape.size() < 2 ? 0 : call[0].shape[1]); }

static LogicalResult meanVarianceNormalization(Call &call) {
  int64_t rank = call[0].shape.size(), usual[] = {0, 2, 3};
  FailureOr<Dims> axes = call.getAxes(call.node.getInts("axes").value_or(ArrayRef(usual)), rank);
  if (failed(axes))
    return failure();
  return mapLanes(call, *axes, [](Lane in, Out out) {
    Moments moments = getMoments(in);
    llvm::transform(in, out.begin(), [&](double x) { return (x - moments.mean) / (std::sqrt(moments.variance) + 1e-9); });
  });
}

/// y = x / (bias + alpha/size · Σ x² over the channels around)^beta
static LogicalResult lrn(Call &call) {
  if (call[0].shape.size() < 2)
    return call.error() << "expected an input of rank 2 or more, got " << call[0].getType();
  int64_t size = call.node.getInt("size", 1), before = (size - 1) / 2, after = size / 2;
  double alpha = call.node.getFloat("alpha", 1e-4f), beta = call.node.getFloat("beta", 0.75f), bias = call.node.getFloat("bias", 1);
  if (size < 1)
    return call.error() << "expected a positive 'size', got " << size;
  return mapLanes(call, 1, [=](Lane in, Out out) {
    int64_t channels = in.size();
    for (int64_t c = 0; c < channels; ++c) {
      double squares = 0;
      for (int64_t k = std::max<int64_t>(0, c - before); k <= std::min(channels - 1, c + after); ++k)
        squares += in[k] * in[k];
      out[c] = in[c] / std::pow(bias + alpha / static_cast<double>(size) * squares, beta);
    }
  });
}

ArrayRef<Operator> getNormalizations() {
  static constexpr Operator table[] = {
      {"GroupNormalization", "real real real", groupNormalization},
      {"InstanceNormalization", "real real real", instanceNormalization},
      {"LRN", "real", lrn},
      {"LayerNormalization", "real real real?", layerNormalization},
      {"LpNormalization", "real", lpNormalization},
      {"MeanVarianceNormalization", "real", meanVarianceNormalization},
      {"RMSNormalization", "real real", rmsNormalization},
  };
  return table;
}

} // namespace bn::reference
