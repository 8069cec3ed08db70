// BranchTerms.cpp - values that are linear functions of another one.
// SPDX-License-Identifier: Apache-2.0

#include "BranchTerms.h"

#include "Affines.h"
#include "ConvFilter.h"
#include "LinearConstants.h"
#include "LinearOps.h"
#include "NonFinite.h"

#include <cmath>

using namespace mlir;

namespace bn {

//===----------------------------------------------------------------------===//
// One node
//===----------------------------------------------------------------------===//

/// Describes `op` as a filter whose result has `channels` channels and `rank` spatial dimensions.
static Reason describeStep(Operation *op, int64_t channels, size_t rank, LinearStep &step) {
  step.op = op;
  if (readsNonFinite(op))
    return Reason::InputNotFinite;
  if (auto conv = dyn_cast<onnx::ConvOp>(op)) {
    if (Reason why = describeConv(conv, step.shape); why != Reason::None)
      return why;
  } else if (auto pool = dyn_cast<onnx::AveragePoolOp>(op)) {
    if (Reason why = describePool(pool, channels, step.shape); why != Reason::None)
      return why;
  } else {
    ChannelMap map;
    if (Reason why = getMapAlong(cast<AffineOp>(op), 1, channels, map); why != Reason::None)
      return why;
    step.shape = getPointwiseShape(channels, rank);
  }
  return step.shape.outputs == channels && step.shape.axes.size() == rank ? Reason::None : Reason::ShapesDiffer;
}

/// The numbers of one step.
static Reason readStep(const LinearStep &step, Filter &filter) {
  filter.shape = step.shape;
  if (auto conv = dyn_cast<onnx::ConvOp>(step.op))
    return readConv(conv, filter);
  if (isa<onnx::AveragePoolOp>(step.op)) {
    filter.weights.assign(step.shape.getNumWeights(), 1.0 / step.shape.getNumTaps());
    filter.bias.assign(step.shape.outputs, 0);
  } else {
    ChannelMap map;
    if (Reason why = getMapAlong(cast<AffineOp>(step.op), 1, step.shape.outputs, map); why != Reason::None)
      return why;
    filter.weights = std::move(map.scale);
    filter.bias = std::move(map.offset);
  }
  return Reason::None;
}

//===----------------------------------------------------------------------===//
// The way from a source to a value
//===----------------------------------------------------------------------===//

/// The nodes of one graph from `value` back to `source`; nothing where they are not all linear.
static std::optional<SmallVector<Operation *>> traceBack(Value value, Value source) {
  SmallVector<Operation *> way;
  for (; value != source; value = way.back()->getOperand(0)) {
    Operation *op = value.getDefiningOp();
    if (!isa_and_nonnull<onnx::ConvOp, AffineOp, onnx::AveragePoolOp>(op) || (!way.empty() && op->getBlock() != way.front()->getBlock()))
      return std::nullopt;
    way.push_back(op);
  }
  return way;
}

bool isBranch(Value value, Value source) { return traceBack(value, source).has_value(); }

/// Whether a step adds a constant to what it computes.
static bool shifts(const LinearStep &step) {
  if (auto affine = dyn_cast<AffineOp>(step.op))
    return !getMap(affine).hasZeroOffset();
  auto conv = dyn_cast<onnx::ConvOp>(step.op);
  return conv && hasBias(conv);
}

/// The shape of all steps in a row, after that of their source.
static Reason chainSteps(ArrayRef<LinearStep> steps, FilterShape &shape) {
  bool anyShift = false;
  for (const LinearStep &step : steps) {
    FilterShape inner = std::move(shape);
    if (Reason why = chain(inner, step.shape, anyShift, shape); why != Reason::None)
      return why;
    anyShift |= shifts(step);
  }
  return Reason::None;
}

bool shifts(const BranchTerm &term) {
  return llvm::any_of(term.steps, [](const LinearStep &step) { return shifts(step); });
}

/// The elements of a value's spatial shape; nothing where that is open.
static std::optional<int64_t> countPixels(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getRank() < 2 || ShapedType::isDynamicShape(type.getShape().drop_front(2)))
    return std::nullopt;
  return ShapedType::getNumElements(type.getShape().drop_front(2));
}

/// The elements of a step's input for each one of its result, spatially; the fewest where sizes are open.
static double getShrinkage(const LinearStep &step) {
  std::optional<int64_t> before = countPixels(step.op->getOperand(0)), after = countPixels(step.op->getResult(0));
  if (before && after && *after > 0)
    return static_cast<double>(*before) / *after;
  return llvm::all_of(step.shape.axes, [](const TapAxis &axis) { return axis.growth <= 0; }) ? 1 : 0;
}

Reason describeBranch(Value value, Value source, int64_t channels, size_t rank, BranchTerm &term) {
  term = {.value = value, .source = source, .steps = {}, .shape = {}, .cost = 0};
  double resolution = 1; // of the step's result, compared with the value's
  std::optional<SmallVector<Operation *>> way = traceBack(value, source);
  for (Operation *op : *way) {
    if (Reason why = checkSoleReader(op->getResult(0)); why != Reason::None && op != way->front())
      return why;
    LinearStep step;
    if (Reason why = describeStep(op, channels, rank, step); why != Reason::None)
      return why;
    term.cost += isa<onnx::ConvOp>(op) ? resolution * step.shape.getNumWeights() : 0;
    resolution *= getShrinkage(step);
    channels = step.shape.inputs;
    term.steps.insert(term.steps.begin(), std::move(step));
  }
  term.shape = getPointwiseShape(channels, rank);
  return chainSteps(term.steps, term.shape);
}

/// How large the results of a filter may be for inputs up to `largest`; without its bias, by what an error of them grows.
static double getReach(const Filter &filter, double largest, bool withBias = true) {
  int64_t fan = filter.weights.size() / filter.shape.outputs;
  double reach = 0;
  for (int64_t output = 0; output < filter.shape.outputs; ++output) {
    double sum = withBias ? std::abs(filter.bias[output]) : 0;
    for (double weight : ArrayRef(filter.weights).slice(output * fan, fan))
      sum += std::abs(weight) * largest;
    reach = std::max(reach, sum);
  }
  return reach;
}

Reason readBranch(const BranchTerm &term, Filter &filter, double &error) {
  error = 0;
  filter = {getPointwiseShape(term.steps.empty() ? term.shape.outputs : term.steps.front().shape.inputs, term.shape.axes.size()), {}, {}};
  filter.weights.assign(filter.shape.outputs, 1);
  filter.bias.assign(filter.shape.outputs, 0);
  double largest = 1; // of the step's inputs
  for (const LinearStep &step : term.steps) {
    Filter inner = std::move(filter), outer;
    if (Reason why = readStep(step, outer); why != Reason::None)
      return why;
    error = getReach(outer, error, /*withBias=*/false) + getNotedError(step.op) * std::max(1.0, largest);
    largest = getReach(outer, largest);
    if (&step == &term.steps.front()) {
      filter = std::move(outer);
      continue;
    }
    FilterShape shape;
    if (Reason why = chain(inner.shape, outer.shape, /*shifts=*/false, shape); why != Reason::None)
      return why; // shifts were looked at when the branch was described
    filter = compose(inner, outer, shape);
  }
  return Reason::None;
}

} // namespace bn
