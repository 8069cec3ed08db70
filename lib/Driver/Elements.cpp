// Elements.cpp - single elements of a HostTensor as numbers.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/Elements.h"

#include "bn/Driver/ExitCode.h"
#include "bn/IR/Onnx/Onnx.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/Format.h"

#include <cstring>

using namespace mlir;

namespace bn::driver {

static Type getPart(Type elementType) {
  auto complex = dyn_cast<ComplexType>(elementType);
  return complex ? complex.getElementType() : elementType;
}

Type getNumberType(const HostTensor &tensor) { return getPart(tensor.type.getElementType()); }

int64_t getNumNumbers(const HostTensor &tensor) {
  if (isa<onnx::StringType>(tensor.type.getElementType()))
    return 0;
  return tensor.type.getNumElements() * (isa<ComplexType>(tensor.type.getElementType()) ? 2 : 1);
}

size_t getNumberSize(Type numberType) { return llvm::divideCeil(numberType.getIntOrFloatBitWidth(), 8u); }

std::optional<size_t> getByteSize(RankedTensorType type) {
  Type number = getPart(type.getElementType());
  if (!number.isIntOrFloat())
    return std::nullopt;
  std::optional<int64_t> bytes = getNumberSize(number) * (number == type.getElementType() ? 1 : 2);
  for (int64_t dim : type.getShape())
    if (!(bytes = llvm::checkedMul(*bytes, dim)))
      return std::nullopt;
  return *bytes;
}

template <typename T> static T load(const HostTensor &tensor, int64_t index) {
  T value;
  std::memcpy(&value, tensor.bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

template <typename T> static void store(HostTensor &tensor, int64_t index, T value) {
  std::memcpy(tensor.bytes.data() + index * sizeof(T), &value, sizeof(T));
}

/// The bytes of a number as an unsigned integer.
static uint64_t loadBits(const HostTensor &tensor, int64_t index, size_t size) {
  uint64_t bits = 0;
  std::memcpy(&bits, tensor.bytes.data() + index * size, size);
  return bits;
}

double getReal(const HostTensor &tensor, int64_t index) {
  Type type = getNumberType(tensor);
  if (type.isF32())
    return load<float>(tensor, index);
  if (type.isF64())
    return load<double>(tensor, index);
  if (auto floatType = dyn_cast<FloatType>(type)) {
    llvm::APInt bits(floatType.getWidth(), loadBits(tensor, index, getNumberSize(type)), false, true);
    return llvm::APFloat(floatType.getFloatSemantics(), bits).convertToDouble();
  }
  int64_t value = getInteger(tensor, index);
  return type.isUnsignedInteger() ? static_cast<double>(static_cast<uint64_t>(value)) : static_cast<double>(value);
}

int64_t getInteger(const HostTensor &tensor, int64_t index) {
  Type type = getNumberType(tensor);
  unsigned width = type.getIntOrFloatBitWidth(); // what a byte holds beyond it says nothing
  uint64_t bits = loadBits(tensor, index, getNumberSize(type)) & llvm::maskTrailingOnes<uint64_t>(width);
  return type.isUnsignedInteger() || type.isInteger(1) ? bits : llvm::SignExtend64(bits, width);
}

void setReal(HostTensor &tensor, int64_t index, double value) {
  Type type = getNumberType(tensor);
  if (type.isF32())
    return store(tensor, index, static_cast<float>(value));
  if (type.isF64())
    return store(tensor, index, value);
  auto floatType = dyn_cast<FloatType>(type);
  if (!floatType)
    return setInteger(tensor, index, type.isUnsignedInteger() && value >= 0 ? static_cast<uint64_t>(value) : static_cast<int64_t>(value));
  llvm::APFloat narrow(value);
  bool inexact;
  narrow.convert(floatType.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven, &inexact);
  uint64_t bits = narrow.bitcastToAPInt().getZExtValue();
  std::memcpy(tensor.bytes.data() + index * getNumberSize(type), &bits, getNumberSize(type));
}

void setInteger(HostTensor &tensor, int64_t index, int64_t value) {
  size_t size = getNumberSize(getNumberType(tensor));
  std::memcpy(tensor.bytes.data() + index * size, &value, size);
}

llvm::Expected<HostTensor> makeTensor(RankedTensorType type) {
  HostTensor tensor{type, {}, {}};
  if (isa<onnx::StringType>(type.getElementType())) {
    tensor.strings.resize(type.getNumElements());
    return tensor;
  }
  std::optional<size_t> bytes = getByteSize(type);
  constexpr size_t limit = size_t(1) << 36; // more than any machine that bn is meant for
  if (!bytes || *bytes > limit)
    return makeError(std::errc::not_enough_memory, "cannot hold a tensor of type " + formatType(type));
  tensor.bytes.resize(*bytes);
  return tensor;
}

std::string formatType(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  StringRef inner = text;
  if (inner.consume_front("tensor<") && inner.consume_back(">"))
    return inner.str();
  return text;
}

std::string formatNumber(double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.6g", value);
  return text;
}

} // namespace bn::driver
