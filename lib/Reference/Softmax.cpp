// Softmax.cpp - Softmax, LogSoftmax and Hardmax: what makes a distribution of a lane.
// SPDX-License-Identifier: Apache-2.0

#include "Lanes.h"

#include <cmath>

using namespace mlir;

namespace bn::reference {

/// Before version 13 the axes from `axis` on form one lane; from then on `axis` alone.
template <typename Function> static LogicalResult mapSoftmaxLanes(Call &call, Function f) {
  bool flattens = call.version() < 13;
  int64_t rank = call[0].shape.size(), given = call.node.getInt("axis", flattens ? 1 : -1);
  if (flattens && given == rank)
    return mapLanes(call, {}, f);
  FailureOr<int64_t> axis = call.getAxis(given, rank);
  if (failed(axis))
    return failure();
  return mapLanes(call, flattens ? getTrailingAxes(*axis, rank) : Dims{*axis}, f);
}

/// x − max − log Σ e^(x − max)
static void fillLogSoftmax(Lane in, Out out) {
  if (in.empty())
    return;
  double max = *llvm::max_element(in), sum = 0;
  for (double x : in)
    sum += std::exp(x - max);
  llvm::transform(in, out.begin(), [=](double x) { return x - max - std::log(sum); });
}

static LogicalResult logSoftmax(Call &call) { return mapSoftmaxLanes(call, fillLogSoftmax); }

static LogicalResult softmax(Call &call) {
  return mapSoftmaxLanes(call, [](Lane in, Out out) {
    fillLogSoftmax(in, out);
    for (double &y : out)
      y = std::exp(y);
  });
}

static LogicalResult hardmax(Call &call) {
  return mapSoftmaxLanes(call, [](Lane in, Out out) {
    llvm::fill(out, 0);
    if (!in.empty())
      out[llvm::max_element(in) - in.begin()] = 1;
  });
}

ArrayRef<Operator> getSoftmaxes() {
  static constexpr Operator table[] = {{"Hardmax", "real", hardmax}, {"LogSoftmax", "real", logSoftmax}, {"Softmax", "real", softmax}};
  return table;
}

} // namespace bn::reference
