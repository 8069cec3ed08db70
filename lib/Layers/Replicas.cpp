// Replicas.cpp - calls of a synchronized layer with the parts of a batch, and their gradients.
// SPDX-License-Identifier: Apache-2.0

#include "Errors.h"
#include "StepModule.h"
#include "Variables.h"

using namespace llvm;

namespace bn::layers {

Error BatchNormalization::checkReplicas(const CallOptions &options) const {
  if (!arguments.synchronized)
    return invalid("replicas share their statistics only with 'synchronized'");
  for (auto [name, given] : {std::pair("mask", options.mask != nullptr), std::pair("adjustment", static_cast<bool>(arguments.adjustment)),
                             std::pair("virtual_batch_size", arguments.virtualBatchSize.has_value())})
    if (given)
      return invalid(Twine("'") + name + "' cannot be combined with replicas");
  if (geometry->axes.front() == 0)
    return invalid("the batch axis in 'axis' cannot be combined with replicas");
  return Error::success();
}

Expected<std::vector<Call>> BatchNormalization::callReplicas(ArrayRef<HostTensor> parts, const CallOptions &options) {
  if (parts.empty())
    return invalid("expected the part of a replica, got none");
  Expected<StringMap<HostTensor>> operands = collectOperands(parts.front(), options);
  if (!operands)
    return operands.takeError();
  if (Error error = checkReplicas(options))
    return std::move(error);
  std::vector<Call> calls;
  if (!trains(options)) {
    for (const HostTensor &part : parts) {
      Expected<Call> own = call(part, options);
      if (!own)
        return own.takeError();
      calls.push_back(std::move(*own));
    }
    return calls;
  }
  StringMap<HostTensor> all = *operands;
  for (auto [i, part] : enumerate(parts)) {
    if (Error error = checkInput(part.type))
      return std::move(error);
    all["input" + std::to_string(i)] = castTo(part, getFloatType(arguments.dtype, context));
  }
  Expected<StringMap<HostTensor>> results =
      run(makeReplicaTraining(makeSettings(arguments, *geometry, 1), all, parts.size(), context), all);
  if (!results)
    return results.takeError();
  for (StringRef kept : {"batch_mean", "batch_inv_stddev"})
    (*operands)[kept] = (*results)[kept];
  for (size_t i = 0; i < parts.size(); ++i) {
    (*operands)["input"] = all["input" + std::to_string(i)];
    calls.push_back({(*results)["output" + std::to_string(i)], true, *operands});
  }
  remember(parts.front(), *results);
  return calls;
}

/// The parts one after the other along the batch, the slowest axis.
static HostTensor concatenate(ArrayRef<const HostTensor *> parts) {
  HostTensor whole{parts.front()->type, {}, {}};
  SmallVector<int64_t> shape(whole.type.getShape());
  shape[0] = 0;
  for (const HostTensor *part : parts) {
    shape[0] += part->type.getDimSize(0);
    whole.bytes.insert(whole.bytes.end(), part->bytes.begin(), part->bytes.end());
  }
  whole.type = whole.type.clone(shape);
  return whole;
}

Expected<ReplicaGradients> BatchNormalization::getReplicaGradients(ArrayRef<Call> calls, ArrayRef<HostTensor> outputGradients) {
  if (calls.empty() || calls.size() != outputGradients.size())
    return invalid("expected a gradient for each of " + Twine(calls.size()) + " calls, got " + Twine(outputGradients.size()));
  // The sums behind a gradient run over all parts: those of one batch made of them.
  std::vector<HostTensor> slopes;
  SmallVector<const HostTensor *> inputs, outputs, slopePointers;
  slopes.reserve(calls.size());
  for (auto [call, slope] : zip_equal(calls, outputGradients)) {
    if (slope.type.getShape() != call.output.type.getShape())
      return invalid("expected the gradients to have the shapes of the outputs");
    inputs.push_back(&call.saved.find("input")->second);
    outputs.push_back(&call.output);
    slopePointers.push_back(&slopes.emplace_back(castTo(slope, call.output.type.getElementType())));
  }
  Call whole{concatenate(outputs), calls.front().usesBatchStatistics, calls.front().saved};
  whole.saved["input"] = concatenate(inputs);
  Expected<Gradients> gradients = getGradients(whole, concatenate(slopePointers));
  if (!gradients)
    return gradients.takeError();
  ReplicaGradients result{{}, std::move(gradients->gamma), std::move(gradients->beta)};
  auto next = gradients->input.bytes.begin();
  for (const HostTensor *input : inputs) {
    auto end = next + input->bytes.size();
    result.inputs.push_back({input->type, std::vector<char>(next, end), {}});
    next = end;
  }
  return result;
}

} // namespace bn::layers
