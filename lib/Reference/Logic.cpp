// Logic.cpp - comparisons, boolean and bitwise operators, Where: ONNX category logical.
// SPDX-License-Identifier: Apache-2.0

#include "Broadcast.h"

using namespace mlir;

namespace bn::reference {

static Type getBool(const Call &call) { return IntegerType::get(call.node->getContext(), 1); }

/// A comparison: f over reals, over signed and over unsigned integers alike.
template <auto f> static LogicalResult compare(Call &call) {
  bool isUnsigned = call[0].elementType.isUnsignedInteger();
  return evaluateBinary(
      call, getBool(call), [](double a, double b) { return f(a, b); },
      [=](int64_t a, int64_t b) { return isUnsigned ? f(static_cast<uint64_t>(a), static_cast<uint64_t>(b)) : f(a, b); });
}

/// A function of the bits of two integers or booleans.
template <auto f> static LogicalResult bitwise(Call &call) {
  auto onReals = [](double, double) { return 0.0; }; // the table admits integers only
  return evaluateBinary(call, call[0].elementType, onReals, f);
}

/// A shift by the width or more (a negative one counts as that) leaves 0, or the sign of a signed number shifted right.
static LogicalResult bitShift(Call &call) {
  StringRef direction = call.node.getString("direction", "");
  if (direction != "LEFT" && direction != "RIGHT")
    return call.error() << "expected 'direction' LEFT or RIGHT, got '" << direction << "'";
  Type type = call[0].elementType;
  auto onReals = [](double, double) { return 0.0; };
  return evaluateBinary(call, type, onReals, [=](int64_t a, int64_t b) -> int64_t {
    uint64_t value = a, by = b;
    if (direction == "LEFT")
      return by > 63 ? 0 : wrapToType(type, value << by);
    if (!type.isUnsignedInteger())
      return a >> std::min<uint64_t>(by, 63);
    return by > 63 ? 0 : value >> by;
  });
}

/// Not, BitwiseNot: every bit of the type's width flipped.
static LogicalResult flip(Call &call) {
  Type type = call[0].elementType;
  Tensor *y = call.addResult(type, call[0].shape);
  if (!y)
    return failure();
  llvm::transform(call[0].integers(), y->mutableIntegers().begin(),
                  [=](int64_t x) { return type.isInteger(1) ? !x : wrapToType(type, ~x); });
  return success();
}

static LogicalResult where(Call &call) {
  if (call[1].elementType != call[2].elementType)
    return call.error() << "expected inputs of one element type, got " << call[1].elementType << " and " << call[2].elementType;
  FailureOr<Dims> shape = broadcastOperands(call);
  if (failed(shape))
    return failure();
  Tensor *y = call.addResult(call[1].elementType, *shape);
  if (!y)
    return failure();
  Dims strides[] = {getBroadcastStrides(call[0].shape, *shape), getBroadcastStrides(call[1].shape, *shape),
                    getBroadcastStrides(call[2].shape, *shape)};
  std::visit(
      [&](auto &out) {
        using Values = std::decay_t<decltype(out)>;
        size_t at = 0;
        forEachIndex(*shape, [&](ArrayRef<int64_t> index) {
          unsigned chosen = call[0].integers()[dot(index, strides[0])] ? 1 : 2;
          out[at++] = std::get<Values>(call[chosen].values)[dot(index, strides[chosen])];
        });
      },
      y->values);
  return success();
}

/// Equal also compares strings.
static LogicalResult equal(Call &call) {
  auto *a = std::get_if<std::vector<std::string>>(&call[0].values), *b = std::get_if<std::vector<std::string>>(&call[1].values);
  if (!a || !b)
    return compare<[](auto a, auto b) { return a == b; }>(call);
  std::optional<Dims> shape = broadcast(call[0].shape, call[1].shape);
  if (!shape)
    return call.error() << "expected shapes that broadcast, got " << call[0].getType() << " and " << call[1].getType();
  Tensor *y = call.addResult(getBool(call), *shape);
  if (!y)
    return failure();
  zipBroadcast(*shape, y->mutableIntegers().data(), ArrayRef(*a), call[0].shape, ArrayRef(*b), call[1].shape,
               [](const std::string &a, const std::string &b) { return a == b; });
  return success();
}

ArrayRef<Operator> getLogic() {
  static constexpr Operator table[] = {
      {"And", "integer integer", bitwise<[](int64_t a, int64_t b) { return a & b; }>},
      {"BitShift", "integer integer", bitShift},
      {"BitwiseAnd", "integer integer", bitwise<[](int64_t a, int64_t b) { return a & b; }>},
      {"BitwiseNot", "integer", flip},
      {"BitwiseOr", "integer integer", bitwise<[](int64_t a, int64_t b) { return a | b; }>},
      {"BitwiseXor", "integer integer", bitwise<[](int64_t a, int64_t b) { return a ^ b; }>},
      {"Equal", "any any", equal},
      {"Greater", "number number", compare<[](auto a, auto b) { return a > b; }>},
      {"GreaterOrEqual", "number number", compare<[](auto a, auto b) { return a >= b; }>},
      {"Less", "number number", compare<[](auto a, auto b) { return a < b; }>},
      {"LessOrEqual", "number number", compare<[](auto a, auto b) { return a <= b; }>},
      {"Not", "integer", flip},
      {"Or", "integer integer", bitwise<[](int64_t a, int64_t b) { return a | b; }>},
      {"Where", "integer any any", where},
      {"Xor", "integer integer", bitwise<[](int64_t a, int64_t b) { return a ^ b; }>},
  };
  return table;
}

} // namespace bn::reference
