// Tensor.cpp - the interpreter's values, and their way in from and out to bytes and attributes.
// SPDX-License-Identifier: Apache-2.0
//
// One encoding serves host tensors and constants: that of HostTensor.h. A constant's attribute differs from it only where
// MLIR packs booleans.

#include "bn/Reference/Tensor.h"

#include "bn/IR/Onnx/Onnx.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <cstring>

using namespace mlir;

namespace bn::reference {

/// Constants up to this many elements are dense attributes, larger ones resource blobs.
static constexpr int64_t maxDenseElements = 64;

int64_t Tensor::getNumElements() const {
  return std::visit([](const auto &elements) { return static_cast<int64_t>(elements.size()); }, values);
}

bool Tensor::isHolder() const { return isa_and_nonnull<onnx::SequenceType, onnx::OptionalType>(elementType); }

Type Tensor::getType() const { return isHolder() ? elementType : RankedTensorType::get(shape, elementType); }

Tensor makeHolder(Type type, std::vector<Tensor> elements) {
  Tensor holder{type, {}, {}};
  holder.elements = std::move(elements);
  return holder;
}

Tensor makeTensor(Type elementType, ArrayRef<int64_t> shape) {
  Tensor tensor{elementType, llvm::to_vector(shape), {}};
  size_t count = llvm::product_of(shape, int64_t(1));
  if (isa<FloatType>(elementType))
    tensor.values = std::vector<double>(count);
  else if (isa<onnx::StringType>(elementType))
    tensor.values = std::vector<std::string>(count);
  else
    tensor.values = std::vector<int64_t>(count);
  return tensor;
}

/// Rounds to the nearest; a type without NaN holds −0 in its place.
static APFloat toNarrowFloat(FloatType type, double value) {
  APFloat rounded(std::isnan(value) && !APFloat::semanticsHasNaN(type.getFloatSemantics()) ? -0.0 : value);
  bool losesInfo;
  rounded.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven, &losesInfo);
  return rounded;
}

double roundToType(Type elementType, double value) {
  if (elementType.isF64())
    return value;
  if (elementType.isF32())
    return static_cast<float>(value);
  return toNarrowFloat(cast<FloatType>(elementType), value).convertToDouble();
}

int64_t wrapToType(Type elementType, int64_t value) {
  unsigned width = elementType.getIntOrFloatBitWidth();
  if (width == 1)
    return value != 0;
  if (width == 64)
    return value;
  return elementType.isUnsignedInteger() ? value & llvm::maskTrailingOnes<uint64_t>(width) : llvm::SignExtend64(value, width);
}

//===----------------------------------------------------------------------===//
// Bytes
//===----------------------------------------------------------------------===//

/// Bytes that an element takes in a host tensor: elements below 8 bits take one each.
static unsigned getByteWidth(Type elementType) { return llvm::divideCeil(elementType.getIntOrFloatBitWidth(), 8u); }

/// The little-endian bits at `bytes`.
static uint64_t loadBits(const char *bytes, unsigned width) {
  uint64_t bits = 0;
  std::memcpy(&bits, bytes, width);
  return bits;
}

static double decodeReal(FloatType type, uint64_t bits) {
  if (type.isF64())
    return llvm::bit_cast<double>(bits);
  if (type.isF32())
    return llvm::bit_cast<float>(static_cast<uint32_t>(bits));
  APInt value(type.getWidth(), bits & llvm::maskTrailingOnes<uint64_t>(type.getWidth()));
  return APFloat(type.getFloatSemantics(), value).convertToDouble();
}

static uint64_t encodeReal(FloatType type, double value) {
  if (type.isF64())
    return llvm::bit_cast<uint64_t>(value);
  if (type.isF32())
    return llvm::bit_cast<uint32_t>(static_cast<float>(value));
  return toNarrowFloat(type, value).bitcastToAPInt().getZExtValue();
}

/// Fills a tensor of numbers from bytes in the encoding of HostTensor.h.
static void decode(Tensor &tensor, ArrayRef<char> bytes) {
  unsigned width = getByteWidth(tensor.elementType);
  assert(bytes.size() == width * static_cast<size_t>(tensor.getNumElements()) && "bytes and shape disagree");
  const char *next = bytes.data();
  if (auto type = dyn_cast<FloatType>(tensor.elementType)) {
    for (double &value : tensor.mutableReals())
      value = decodeReal(type, loadBits(next, width)), next += width;
    return;
  }
  for (int64_t &value : tensor.mutableIntegers())
    value = wrapToType(tensor.elementType, loadBits(next, width)), next += width;
}

static HostBytes encode(const Tensor &tensor) {
  unsigned width = getByteWidth(tensor.elementType);
  HostBytes bytes(tensor.getNumElements() * width);
  char *next = bytes.data();
  auto store = [&](uint64_t bits) { std::memcpy(next, &bits, width), next += width; };
  if (auto type = dyn_cast<FloatType>(tensor.elementType))
    llvm::for_each(tensor.reals(), [&](double value) { store(encodeReal(type, value)); });
  else
    llvm::for_each(tensor.integers(), store);
  return bytes;
}

Tensor fromHost(const HostTensor &host) {
  if (host.holderType) {
    Tensor holder = makeHolder(host.holderType, {});
    llvm::transform(host.elements, std::back_inserter(holder.elements), fromHost);
    return holder;
  }
  Tensor tensor = makeTensor(host.type.getElementType(), host.type.getShape());
  if (isa<onnx::StringType>(tensor.elementType))
    tensor.values = host.strings;
  else
    decode(tensor, host.bytes);
  return tensor;
}

HostTensor toHost(const Tensor &tensor) {
  if (tensor.isHolder()) {
    HostTensor holder{{}, {}, {}, tensor.elementType};
    llvm::transform(tensor.elements, std::back_inserter(holder.elements), toHost);
    return holder;
  }
  HostTensor host{RankedTensorType::get(tensor.shape, tensor.elementType), {}, {}};
  if (auto *strings = std::get_if<std::vector<std::string>>(&tensor.values))
    host.strings = *strings;
  else
    host.bytes = encode(tensor);
  return host;
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

/// Fills a tensor from an attribute that keeps its values itself, through MLIR's own accessors.
static void decodeDense(Tensor &tensor, DenseElementsAttr dense) {
  if (auto *strings = std::get_if<std::vector<std::string>>(&tensor.values))
    llvm::transform(dense.getValues<StringRef>(), strings->begin(), [](StringRef value) { return value.str(); });
  else if (auto *reals = std::get_if<std::vector<double>>(&tensor.values))
    llvm::transform(dense.getValues<APFloat>(), reals->begin(), [](const APFloat &value) { return value.convertToDouble(); });
  else
    llvm::transform(dense.getValues<APInt>(), tensor.mutableIntegers().begin(),
                    [&](const APInt &value) { return wrapToType(tensor.elementType, value.getZExtValue()); });
}

Tensor fromElements(ElementsAttr elements) {
  auto type = cast<ShapedType>(elements.getType());
  Tensor tensor = makeTensor(type.getElementType(), type.getShape());
  if (auto dense = dyn_cast<DenseElementsAttr>(elements)) {
    bool hasPlainBytes = !isa<DenseStringElementsAttr>(dense) && !dense.isSplat() && !type.getElementType().isInteger(1);
    hasPlainBytes ? decode(tensor, dense.getRawData()) : decodeDense(tensor, dense);
  } else {
    AsmResourceBlob *blob = cast<DenseResourceElementsAttr>(elements).getRawHandle().getBlob();
    assert(blob && "a constant's blob is gone");
    decode(tensor, blob->getData());
  }
  return tensor;
}

ElementsAttr toElements(const Tensor &tensor, StringRef name) {
  auto type = RankedTensorType::get(tensor.shape, tensor.elementType);
  if (auto *strings = std::get_if<std::vector<std::string>>(&tensor.values))
    return DenseStringElementsAttr::get(type, SmallVector<StringRef>(strings->begin(), strings->end()));
  if (tensor.getNumElements() > maxDenseElements)
    return DenseResourceElementsAttr::get(
        type, name, HeapAsmResourceBlob::allocateAndCopyWithAlign(encode(tensor), /*align=*/64, /*dataIsMutable=*/false));
  if (tensor.elementType.isInteger(1))
    return DenseElementsAttr::get(type, SmallVector<bool>(tensor.integers()));
  return DenseElementsAttr::getFromRawBuffer(type, encode(tensor));
}

} // namespace bn::reference
