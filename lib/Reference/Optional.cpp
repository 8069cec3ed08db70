// Optional.cpp - values that may be absent: ONNX category optional.
// SPDX-License-Identifier: Apache-2.0

#include "Operator.h"

using namespace mlir;

namespace bn::reference {

static bool isOptional(const Tensor &value) { return isa<onnx::OptionalType>(value.elementType); }

/// Without an operand an empty one, whose type the node's result tells.
static LogicalResult makeOptional(Call &call) {
  MLIRContext *context = call.node->getContext();
  if (!call.get(0)) {
    Type declared = call.node->getResult(0).getType();
    bool isKnown = isa<onnx::OptionalType>(declared);
    call.results.push_back(makeHolder(isKnown ? declared : onnx::OptionalType::get(context, onnx::AnyType::get(context)), {}));
    return success();
  }
  Type type = call[0].isHolder() ? call[0].elementType : UnrankedTensorType::get(call[0].elementType);
  call.results.push_back(makeHolder(onnx::OptionalType::get(context, type), {call[0]}));
  return success();
}

/// What is no optional is there.
static LogicalResult optionalHasElement(Call &call) {
  int64_t has = call.get(0) && (!isOptional(call[0]) || !call[0].elements.empty());
  call.results.push_back({IntegerType::get(call.node->getContext(), 1), {}, std::vector<int64_t>{has}});
  return success();
}

static LogicalResult optionalGetElement(Call &call) {
  if (isOptional(call[0]) && call[0].elements.empty())
    return call.error() << "expected an optional with a value, got an empty one";
  call.results.push_back(isOptional(call[0]) ? call[0].elements.front() : call[0]);
  return success();
}

ArrayRef<Operator> getOptionals() {
  static constexpr Operator table[] = {
      {"Optional", "value?", makeOptional},
      {"OptionalGetElement", "value", optionalGetElement},
      {"OptionalHasElement", "value?", optionalHasElement},
  };
  return table;
}

} // namespace bn::reference
