// Cast.cpp - conversion between element types, and the operators that ask for it.
// SPDX-License-Identifier: Apache-2.0

#include "Convert.h"
#include "Operator.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

#include <charconv>
#include <cmath>

using namespace mlir;

namespace bn::reference {

Type getDataType(MLIRContext *context, int64_t dataType) {
  Builder b(context);
  auto unsignedInteger = [&](unsigned width) { return b.getIntegerType(width, /*isSigned=*/false); };
  switch (dataType) {
  case 1:
    return b.getF32Type();
  case 2:
    return unsignedInteger(8);
  case 3:
    return b.getI8Type();
  case 4:
    return unsignedInteger(16);
  case 5:
    return b.getI16Type();
  case 6:
    return b.getI32Type();
  case 7:
    return b.getI64Type();
  case 8:
    return onnx::StringType::get(context);
  case 9:
    return b.getI1Type();
  case 10:
    return b.getF16Type();
  case 11:
    return b.getF64Type();
  case 12:
    return unsignedInteger(32);
  case 13:
    return unsignedInteger(64);
  case 16:
    return b.getBF16Type();
  case 17:
    return b.getType<Float8E4M3FNType>();
  case 18:
    return b.getType<Float8E4M3FNUZType>();
  case 19:
    return b.getType<Float8E5M2Type>();
  case 20:
    return b.getType<Float8E5M2FNUZType>();
  case 21:
    return unsignedInteger(4);
  case 22:
    return b.getIntegerType(4);
  case 23:
    return b.getType<Float4E2M1FNType>();
  case 25:
    return unsignedInteger(2);
  case 26:
    return b.getIntegerType(2);
  default:
    return {};
  }
}

//===----------------------------------------------------------------------===//
// Single values
//===----------------------------------------------------------------------===//

int64_t truncate(double value) {
  if (std::isnan(value))
    return 0;
  if (value >= 0x1p63)
    return std::numeric_limits<int64_t>::max();
  return value < -0x1p63 ? std::numeric_limits<int64_t>::min() : static_cast<int64_t>(value);
}

double toReal(Type elementType, int64_t value) {
  return elementType.isUnsignedInteger() ? static_cast<double>(static_cast<uint64_t>(value)) : static_cast<double>(value);
}

double roundToType(Type elementType, double value, bool saturates) {
  auto type = cast<FloatType>(elementType);
  if (type.getWidth() > 8 || !saturates || std::isnan(value))
    return roundToType(elementType, value);
  double largest = APFloat::getLargest(type.getFloatSemantics()).convertToDouble();
  return roundToType(elementType, std::clamp(value, -largest, largest));
}

static int64_t toInteger(Type elementType, double value) {
  if (elementType.isInteger(1))
    return value != 0;
  bool isLarge = elementType.isUnsignedInteger() && value >= 0x1p63 && value < 0x1p64;
  return wrapToType(elementType, isLarge ? static_cast<int64_t>(static_cast<uint64_t>(value)) : truncate(value));
}

/// The shortest text that reads back as the value in its type.
static std::string toText(Type elementType, double value) {
  if (std::isnan(value))
    return "NaN";
  if (std::isinf(value))
    return value > 0 ? "INF" : "-INF";
  char text[32];
  std::to_chars_result end =
      elementType.isF64() ? std::to_chars(text, std::end(text), value) : std::to_chars(text, std::end(text), static_cast<float>(value));
  return std::string(text, end.ptr);
}

static std::string toText(Type elementType, int64_t value) {
  return elementType.isUnsignedInteger() ? llvm::utostr(static_cast<uint64_t>(value)) : llvm::itostr(value);
}

/// A number that a text spells, infinities and NaN in any case.
static std::optional<double> parseReal(StringRef text) {
  double value;
  std::optional<double> named = llvm::StringSwitch<std::optional<double>>(text.lower())
                                    .Cases({"inf", "+inf", "infinity"}, INFINITY)
                                    .Cases({"-inf", "-infinity"}, -INFINITY)
                                    .Case("nan", NAN)
                                    .Default(std::nullopt);
  if (named)
    return named;
  return text.trim().getAsDouble(value) ? std::nullopt : std::optional(value);
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

std::vector<double> toReals(const Tensor &tensor) {
  if (isa<FloatType>(tensor.elementType))
    return std::vector<double>(tensor.reals());
  std::vector<double> reals(tensor.getNumElements());
  llvm::transform(tensor.integers(), reals.begin(), [&](int64_t value) { return toReal(tensor.elementType, value); });
  return reals;
}

static std::vector<std::string> toTexts(const Tensor &tensor) {
  std::vector<std::string> texts(tensor.getNumElements());
  if (isa<FloatType>(tensor.elementType))
    llvm::transform(tensor.reals(), texts.begin(), [&](double value) { return toText(tensor.elementType, value); });
  else
    llvm::transform(tensor.integers(), texts.begin(), [&](int64_t value) { return toText(tensor.elementType, value); });
  return texts;
}

/// Reads numbers from strings.
static std::optional<Tensor> parse(const Tensor &tensor, Type elementType) {
  Tensor result = makeTensor(elementType, tensor.shape);
  for (auto [i, text] : llvm::enumerate(std::get<std::vector<std::string>>(tensor.values))) {
    int64_t integer;
    std::optional<double> real = parseReal(text);
    if (!real)
      return std::nullopt;
    if (isa<FloatType>(elementType))
      result.mutableReals()[i] = roundToType(elementType, *real);
    else
      result.mutableIntegers()[i] =
          StringRef(text).getAsInteger(10, integer) ? toInteger(elementType, *real) : wrapToType(elementType, integer);
  }
  return result;
}

std::optional<Tensor> convert(const Tensor &tensor, Type elementType, bool saturates) {
  if (tensor.elementType == elementType)
    return tensor;
  if (isa<onnx::StringType>(tensor.elementType))
    return parse(tensor, elementType);
  Tensor result = makeTensor(elementType, tensor.shape);
  if (isa<onnx::StringType>(elementType))
    result.values = toTexts(tensor);
  else if (isa<FloatType>(elementType))
    llvm::transform(toReals(tensor), result.mutableReals().begin(),
                    [&](double value) { return roundToType(elementType, value, saturates); });
  else if (isa<FloatType>(tensor.elementType))
    llvm::transform(tensor.reals(), result.mutableIntegers().begin(), [&](double value) { return toInteger(elementType, value); });
  else
    llvm::transform(tensor.integers(), result.mutableIntegers().begin(), [&](int64_t value) { return wrapToType(elementType, value); });
  return result;
}

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

static LogicalResult castTo(Call &call, Type elementType) {
  std::optional<Tensor> result = convert(call[0], elementType, call.node.getInt("saturate", 1));
  if (!result)
    return call.error() << "expected strings that are numbers, got others";
  call.results.push_back(std::move(*result));
  return success();
}

/// Before version 6 `to` is the type's name.
static int64_t getDataTypeOfName(StringRef name) {
  static constexpr StringLiteral names[] = {"UNDEFINED", "FLOAT",  "UINT8", "INT8",    "UINT16", "INT16",  "INT32",
                                            "INT64",     "STRING", "BOOL",  "FLOAT16", "DOUBLE", "UINT32", "UINT64"};
  return llvm::find(names, name) - names;
}

static LogicalResult cast(Call &call) {
  auto name = dyn_cast_or_null<StringAttr>(call.node.getNodeAttr("to"));
  int64_t dataType = name ? getDataTypeOfName(name) : call.node.getInt("to", 0);
  Type elementType = getDataType(call.node->getContext(), dataType);
  if (!elementType)
    return call.unsupported() << "the interpreter does not support data type " << dataType;
  return castTo(call, elementType);
}

static LogicalResult castLike(Call &call) { return castTo(call, call[1].elementType); }

/// The same bits under a type of the same width.
static LogicalResult bitCast(Call &call) {
  Type elementType = getDataType(call.node->getContext(), call.node.getInt("to", 0));
  if (!elementType)
    return call.unsupported() << "the interpreter does not support data type " << call.node.getInt("to", 0);
  auto getWidth = [](Type type) { return isa<onnx::StringType>(type) ? 0 : type.isInteger(1) ? 8 : type.getIntOrFloatBitWidth(); };
  if (getWidth(elementType) == 0 || getWidth(elementType) != getWidth(call[0].elementType))
    return call.error() << "expected a type of the width of " << call[0].elementType << ", got " << elementType;
  HostTensor bits = toHost(call[0]);
  bits.type = RankedTensorType::get(bits.type.getShape(), elementType);
  call.results.push_back(fromHost(bits));
  return success();
}

ArrayRef<Operator> getCasts() {
  static constexpr Operator table[] = {{"BitCast", "any", bitCast}, {"Cast", "any", cast}, {"CastLike", "any any", castLike}};
  return table;
}

} // namespace bn::reference
