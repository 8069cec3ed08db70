// Scan.cpp - Scan: ONNX category controlflow.
// SPDX-License-Identifier: Apache-2.0

#include "Bodies.h"
#include "SliceStack.h"

using namespace mlir;

namespace bn::reference {

/// The first version without a dimension of samples of its own.
static constexpr int64_t firstPlainScan = 9;

/// Entry `i` of a list attribute; 0 where the node has no such list.
static int64_t getEntry(Call &call, StringRef name, size_t i) {
  std::optional<ArrayRef<int64_t>> list = call.node.getInts(name);
  return list && i < list->size() ? (*list)[i] : 0;
}

/// The number of steps: the common size of the scanned inputs along their axes, which `axes` gets.
static FailureOr<int64_t> countSteps(Call &call, ArrayRef<Tensor> scanned, Dims &axes) {
  for (auto [i, input] : llvm::enumerate(scanned)) {
    FailureOr<int64_t> axis = call.getAxis(getEntry(call, "scan_input_axes", i), input.shape.size());
    if (failed(axis))
      return failure();
    axes.push_back(*axis);
    if (input.shape[*axis] != scanned[0].shape[axes[0]])
      return call.error() << "expected " << scanned[0].shape[axes[0]] << " slices of every scanned input, got " << input.shape[*axis];
  }
  return scanned[0].shape[axes[0]];
}

namespace {
/// What goes through the body of a Scan: (state…, slices…) to (state…, slices…).
struct Scan {
  Region &body;
  RunRegion run;
  std::vector<Tensor> state, inputs;
  std::vector<std::vector<Tensor>> stacks; ///< the slices of each result after the states
};
} // namespace

/// Takes `steps` slices of every input along its axis; `directions` is the attribute that turns an input round.
static LogicalResult scan(Call &call, Scan &scan, ArrayRef<int64_t> axes, StringRef directions, int64_t steps) {
  for (int64_t step = 0; step < steps; ++step) {
    std::vector<Tensor> arguments = scan.state;
    for (auto [i, input] : llvm::enumerate(scan.inputs))
      arguments.push_back(takeSlice(input, axes[i], getEntry(call, directions, i) ? steps - 1 - step : step));
    FailureOr<std::vector<Tensor>> outputs = runBody(call, scan.body, arguments, call.node->getNumResults(), scan.run);
    if (failed(outputs))
      return failure();
    auto slices = outputs->begin() + scan.state.size();
    std::move(outputs->begin(), slices, scan.state.begin());
    for (std::vector<Tensor> &stack : scan.stacks)
      stack.push_back(std::move(*slices++));
  }
  return success();
}

/// Adds the result that is the slices of every sample, and zeros behind those of a short one.
static LogicalResult addSamples(Call &call, MutableArrayRef<std::vector<Tensor>> samples, int64_t steps) {
  auto *some = llvm::find_if(samples, [](const std::vector<Tensor> &slices) { return !slices.empty(); });
  if (some == samples.end())
    return addStack(call, {}, 0);
  Tensor zero = makeTensor(some->front().elementType, some->front().shape);
  std::vector<Tensor> all;
  for (std::vector<Tensor> &slices : samples) {
    slices.resize(steps, zero);
    llvm::append_range(all, std::move(slices));
  }
  if (failed(addStack(call, std::move(all), 0)))
    return failure();
  SmallVector<int64_t> &shape = call.results.back().shape;
  shape[0] = steps;
  shape.insert(shape.begin(), samples.size());
  return success();
}

/// Before version 9: samples in front of everything, slices next, and the first operand says how many slices of a sample count.
static LogicalResult scanSamples(Call &call, const Scan &all) {
  const Tensor *lengths = call.get(0);
  bool isMatrix = all.inputs[0].shape.size() >= 2;
  int64_t samples = isMatrix ? all.inputs[0].shape[0] : 0, steps = isMatrix ? all.inputs[0].shape[1] : 0;
  for (const Tensor &input : all.inputs)
    isMatrix &= ArrayRef(input.shape).take_front(2) == ArrayRef({samples, steps});
  for (const Tensor &value : all.state)
    isMatrix &= !value.shape.empty() && value.shape[0] == samples;
  if (!isMatrix || (lengths && (!isa<IntegerType>(lengths->elementType) || lengths->getNumElements() != samples)))
    return call.error() << "expected as many samples and slices in every input, and a length for every sample";
  std::vector<Scan> done;
  for (int64_t n = 0; n < samples; ++n) {
    int64_t length = lengths ? lengths->integers()[n] : steps;
    if (length < 0 || length > steps)
      return call.error() << "expected lengths from 0 to " << steps << ", got " << length;
    auto take = [&](ArrayRef<Tensor> list) {
      std::vector<Tensor> slices;
      llvm::transform(list, std::back_inserter(slices), [&](const Tensor &value) { return takeSlice(value, 0, n); });
      return slices;
    };
    done.push_back({all.body, all.run, take(all.state), take(all.inputs), all.stacks});
    if (failed(scan(call, done.back(), Dims(all.inputs.size(), 0), "directions", length)))
      return failure();
  }
  for (size_t i = 0; i < all.state.size(); ++i) {
    std::vector<Tensor> values;
    llvm::transform(done, std::back_inserter(values), [&](Scan &sample) { return std::move(sample.state[i]); });
    if (failed(addStack(call, std::move(values), 0)))
      return failure();
  }
  for (size_t i = 0; i < all.stacks.size(); ++i)
    if (failed(addSamples(call, llvm::map_to_vector(done, [&](Scan &sample) { return std::move(sample.stacks[i]); }), steps)))
      return failure();
  return success();
}

LogicalResult evaluateScan(Call &call, onnx::GenericNodeOp node, RunRegion run) {
  Region *body = findBody(node, "body");
  ArrayRef<const Tensor *> operands = call.operands.drop_front(call.version() < firstPlainScan && !call.operands.empty());
  int64_t scannedCount = call.node.getInt("num_scan_inputs", 0), stateCount = operands.size() - scannedCount;
  if (!body || scannedCount < 1 || stateCount < 0 || stateCount > node.getNumResults())
    return call.error() << "expected a body, scanned inputs, and a result for every value that goes around";
  FailureOr<std::vector<Tensor>> state = getState(call, operands.take_front(stateCount));
  FailureOr<std::vector<Tensor>> inputs = getState(call, operands.drop_front(stateCount));
  if (failed(state) || failed(inputs))
    return failure();
  Scan scanned{*body, run, std::move(*state), std::move(*inputs), std::vector<std::vector<Tensor>>(node.getNumResults() - stateCount)};
  if (call.version() < firstPlainScan)
    return scanSamples(call, scanned);
  Dims axes;
  FailureOr<int64_t> steps = countSteps(call, scanned.inputs, axes);
  if (failed(steps) || failed(scan(call, scanned, axes, "scan_input_directions", *steps)))
    return failure();
  llvm::append_range(call.results, std::move(scanned.state));
  for (auto [s, stack] : llvm::enumerate(scanned.stacks)) {
    if (getEntry(call, "scan_output_directions", s))
      std::reverse(stack.begin(), stack.end());
    if (failed(addStack(call, std::move(stack), getEntry(call, "scan_output_axes", s))))
      return failure();
  }
  return success();
}

} // namespace bn::reference
