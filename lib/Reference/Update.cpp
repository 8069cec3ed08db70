// Update.cpp - Adagrad and Momentum: ONNX category preview training, steps of optimizers; and TensorScatter, of caches.
// SPDX-License-Identifier: Apache-2.0
//
// Operands: rate, step count, then the tensors X…, their gradients G…, and lists of state.

#include "Operator.h"

#include <cmath>

using namespace mlir;

namespace bn::reference {

/// Computes one element: x, g, then its states, all of which may change.
using Step = llvm::function_ref<void(double &x, double g, MutableArrayRef<double> state)>;

/// Runs a step on every element of every tensor. Results are the new X…, then the new states, list by list.
static LogicalResult update(Call &call, size_t states, Step step) {
  size_t lists = 2 + states, count = (call.operands.size() - 2) / lists;
  if (call.operands.size() != 2 + lists * count || call[0].getNumElements() != 1 || call[1].getNumElements() != 1)
    return call.error() << "expected a rate, a step count, and " << lists << " lists of tensors, got " << call.operands.size() << " inputs";
  auto operand = [&](size_t list, size_t i) -> const Tensor & { return call[2 + list * count + i]; };
  for (size_t list = 0; list < lists; ++list)
    for (size_t i = 0; i < count; ++i) {
      if (operand(list, i).shape != operand(0, i).shape)
        return call.error() << "expected tensors of one shape, got " << operand(list, i).getType();
      if (list != 1)
        call.results.push_back(operand(list, i));
    }
  for (size_t i = 0; i < count; ++i)
    for (int64_t e = 0; e < operand(0, i).getNumElements(); ++e) {
      SmallVector<double> state;
      for (size_t s = 0; s < states; ++s)
        state.push_back(operand(2 + s, i).reals()[e]);
      step(call.results[i].mutableReals()[e], operand(1, i).reals()[e], state);
      for (size_t s = 0; s < states; ++s)
        call.results[(1 + s) * count + i].mutableReals()[e] = state[s];
    }
  return success();
}

static LogicalResult adagrad(Call &call) {
  double decay = call.node.getFloat("decay_factor", 0), norm = call.node.getFloat("norm_coefficient", 0);
  double epsilon = call.node.getFloat("epsilon", 1e-6f), rate = call[0].reals()[0] / (1 + call[1].integers()[0] * decay);
  return update(call, 1, [&](double &x, double g, MutableArrayRef<double> state) {
    g += norm * x;
    state[0] += g * g;
    x -= rate * g / (std::sqrt(state[0]) + epsilon);
  });
}

static LogicalResult momentum(Call &call) {
  double alpha = call.node.getFloat("alpha", 0), beta = call.node.getFloat("beta", 0), norm = call.node.getFloat("norm_coefficient", 0);
  double rate = call[0].reals()[0];
  bool isNesterov = call.node.getString("mode", "standard") == "nesterov";
  double own = call[1].integers()[0] > 0 ? beta : 1;
  return update(call, 1, [&](double &x, double g, MutableArrayRef<double> state) {
    g += norm * x;
    state[0] = alpha * state[0] + own * g;
    x -= rate * (isNesterov ? g + alpha * state[0] : state[0]);
  });
}

/// A cache with an update written at each sample's place along an axis; `circular` goes on at the start.
static LogicalResult tensorScatter(Call &call) {
  const Tensor &update = call[1];
  FailureOr<int64_t> axis = call.getAxis(call.node.getInt("axis", -2), call[0].shape.size());
  if (failed(axis))
    return failure();
  Tensor cache = call[0];
  Dims fitting(cache.shape), strides = getStrides(cache.shape);
  int64_t size = cache.shape[*axis], count = update.shape.size() == cache.shape.size() ? update.shape[*axis] : 0;
  fitting[*axis] = count;
  bool hasPlaces = call.get(2);
  if (*axis == 0 || count > size || fitting != update.shape || (hasPlaces && call[2].getNumElements() != cache.shape[0]))
    return call.error() << "expected an update of " << cache.getType() << " and a place for each sample, got " << update.getType();
  bool isCircular = call.node.getString("mode", "linear") == "circular";
  for (int64_t n = 0; hasPlaces && n < cache.shape[0]; ++n)
    if (call[2].integers()[n] < 0 || (!isCircular && call[2].integers()[n] + count > size))
      return call.error() << "expected places from 0 to " << size - count << ", got " << call[2].integers()[n];
  size_t next = 0;
  forEachIndex(update.shape, [&](ArrayRef<int64_t> index) {
    int64_t place = (index[*axis] + (hasPlaces ? call[2].integers()[index[0]] : 0)) % size;
    int64_t to = dot(index, strides) + (place - index[*axis]) * strides[*axis];
    std::visit([&](auto &out) { out[to] = std::get<std::decay_t<decltype(out)>>(update.values)[next]; }, cache.values);
    ++next;
  });
  call.results.push_back(std::move(cache));
  return success();
}

ArrayRef<Operator> getUpdates() {
  static constexpr Operator table[] = {
      {"TensorScatter", "any any integer?", tensorScatter},
      {"ai.onnx.preview.training.Adagrad", "real integer real...", adagrad},
      {"ai.onnx.preview.training.Momentum", "real integer real...", momentum},
  };
  return table;
}

} // namespace bn::reference
