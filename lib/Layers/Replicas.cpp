// Replicas.cpp - calls of a synchronized layer with the parts of a batch, and their gradients.
// SPDX-License-Identifier: Apache-2.0

#include "Errors.h"
#include "Geometry.h"
#include "StepModule.h"
#include "Variables.h"

using namespace llvm;

namespace bn::layers {

Error BatchNormalization::checkReplicas() const {
  if (!arguments.synchronized)
    return invalid("replicas share their statistics only with 'synchronized'");
  if (arguments.virtualBatchSize)
    return invalid("'virtual_batch_size' cannot be combined with replicas");
  if (geometry->axes.front() == 0)
    return invalid("the batch axis in 'axis' cannot be combined with replicas");
  return Error::success();
}

Expected<std::vector<Call>> BatchNormalization::callReplicas(ArrayRef<HostTensor> parts, const CallOptions &options,
                                                             ArrayRef<HostTensor> masks) {
  if (parts.empty())
    return invalid("expected the part of a replica, got none");
  if (options.mask || (!masks.empty() && masks.size() != parts.size()))
    return invalid("expected a mask for each of " + Twine(parts.size()) + " parts, got " + Twine(options.mask ? 1 : masks.size()));
  std::vector<StringMap<HostTensor>> operands;
  for (auto [i, part] : enumerate(parts)) {
    CallOptions own{options.training, masks.empty() ? nullptr : &masks[i]};
    Expected<StringMap<HostTensor>> collected = collectOperands(part, own);
    if (!collected)
      return collected.takeError();
    operands.push_back(std::move(*collected));
  }
  if (Error error = checkReplicas())
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
  StringMap<HostTensor> all = operands.front();
  for (StringRef name : partOperands)
    for (auto [i, own] : enumerate(operands))
      if (auto operand = own.find(name); operand != own.end())
        all[(name + Twine(i)).str()] = operand->second;
  Expected<StringMap<HostTensor>> results =
      run(makeReplicaTraining(makeSettings(arguments, *geometry, 1), all, parts.size(), context), all);
  if (!results)
    return results.takeError();
  for (auto [i, own] : enumerate(operands)) {
    for (StringRef kept : {"batch_mean", "batch_inv_stddev"})
      own[kept] = (*results)[kept];
    calls.push_back({(*results)["output" + std::to_string(i)], true, std::move(own)});
  }
  remember(parts.front(), *results);
  return calls;
}

/// The parts one after the other along the batch, the slowest axis.
static Expected<HostTensor> concatenate(ArrayRef<HostTensor> parts) {
  HostTensor whole{parts.front().type, {}, {}};
  SmallVector<int64_t> shape(whole.type.getShape());
  shape[0] = 0;
  for (const HostTensor &part : parts) {
    if (part.type.getShape().drop_front() != ArrayRef(shape).drop_front())
      return invalid("expected parts that differ in their batch only, got shapes " + formatShape(whole.type.getShape()) + " and " +
                     formatShape(part.type.getShape()));
    shape[0] += part.type.getDimSize(0);
    whole.bytes.insert(whole.bytes.end(), part.bytes.begin(), part.bytes.end());
  }
  whole.type = whole.type.clone(shape);
  return whole;
}

/// What broadcasts to an input of this shape, with every sample of the batch for itself.
static HostTensor repeatOverBatch(const HostTensor &tensor, ArrayRef<int64_t> input) {
  SmallVector<int64_t> shape(input.size() - tensor.type.getRank(), 1);
  append_range(shape, tensor.type.getShape());
  HostTensor repeated{tensor.type, {}, {}};
  for (int64_t sample = 0; sample < input[0]; sample += shape[0])
    repeated.bytes.insert(repeated.bytes.end(), tensor.bytes.begin(), tensor.bytes.end());
  shape[0] = input[0];
  repeated.type = tensor.type.clone(shape);
  return repeated;
}

/// The gradient of `tensor` from that of its repetition: the sum over what it was repeated for.
static HostTensor sumOverBatch(const HostTensor &gradient, const HostTensor &tensor) {
  std::vector<double> terms = getReals(gradient), sum(tensor.type.getNumElements());
  for (auto [i, term] : enumerate(terms))
    sum[i % sum.size()] += term;
  return makeTensor(tensor.type.getElementType(), tensor.type.getShape(), std::move(sum));
}

/// Cuts a gradient of the whole batch into those of the parts.
static std::vector<HostTensor> split(const HostTensor &whole, ArrayRef<HostTensor> parts) {
  std::vector<HostTensor> pieces;
  auto next = whole.bytes.begin();
  for (const HostTensor &part : parts) {
    auto end = next + part.bytes.size();
    pieces.push_back({part.type, HostBytes(next, end), {}});
    next = end;
  }
  return pieces;
}

/// The call of one batch that the parts make; `parts` receives what each has in it, under the operands' names.
static Expected<Call> joinCalls(ArrayRef<Call> calls, StringMap<std::vector<HostTensor>> &parts) {
  for (const Call &call : calls) {
    ArrayRef<int64_t> shape = call.output.type.getShape();
    parts["output"].push_back(call.output);
    for (StringRef name : partOperands)
      if (auto operand = call.saved.find(name); operand != call.saved.end())
        parts[name].push_back(repeatOverBatch(operand->second, shape));
  }
  Call whole{{}, calls.front().usesBatchStatistics, calls.front().saved};
  for (auto &[name, pieces] : parts) {
    Expected<HostTensor> joined = concatenate(pieces);
    if (!joined)
      return joined.takeError();
    (name == "output" ? whole.output : whole.saved[name]) = std::move(*joined);
  }
  return whole;
}

Expected<ReplicaGradients> BatchNormalization::getReplicaGradients(ArrayRef<Call> calls, ArrayRef<HostTensor> outputGradients) {
  if (calls.empty() || calls.size() != outputGradients.size())
    return invalid("expected a gradient for each of " + Twine(calls.size()) + " calls, got " + Twine(outputGradients.size()));
  std::vector<HostTensor> slopes;
  for (auto [call, slope] : zip_equal(calls, outputGradients)) {
    if (slope.type.getShape() != call.output.type.getShape())
      return invalid("expected the gradients to have the shapes of the outputs");
    slopes.push_back(castTo(slope, call.output.type.getElementType()));
  }
  // The sums behind a gradient run over all parts: those of one batch made of them.
  StringMap<std::vector<HostTensor>> parts;
  Expected<Call> whole = joinCalls(calls, parts);
  if (!whole)
    return whole.takeError();
  Expected<Gradients> gradients = getGradients(*whole, cantFail(concatenate(slopes)));
  if (!gradients)
    return gradients.takeError();
  ReplicaGradients result{split(gradients->input, parts["input"]), {}, {}, std::move(gradients->gamma), std::move(gradients->beta)};
  auto reduce = [&](StringRef name, const std::optional<HostTensor> &gradient, std::vector<HostTensor> &pieces) {
    if (gradient)
      for (auto [piece, call] : zip_equal(split(*gradient, parts[name]), calls))
        pieces.push_back(sumOverBatch(piece, call.saved.find(name)->second));
  };
  reduce("adjustment_scale", gradients->adjustmentScale, result.adjustmentScales);
  reduce("adjustment_offset", gradients->adjustmentOffset, result.adjustmentOffsets);
  return result;
}

} // namespace bn::layers
