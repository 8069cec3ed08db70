// Constants.cpp - the elements of constants as plain memory.
// SPDX-License-Identifier: Apache-2.0

#include "Constants.h"

#include "bn/IR/ElementMemory.h"
#include "bn/IR/Kernel/PackedElements.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;

namespace bn::lower {

/// Dense attributes keep their memory themselves, others in a blob.
ArrayRef<char> getMemory(ElementsAttr value) {
  if (auto dense = dyn_cast<DenseElementsAttr>(value))
    return dense.getRawData();
  auto resource = dyn_cast<DenseResourceElementsAttr>(value);
  AsmResourceBlob *blob = resource ? resource.getRawHandle().getBlob() : nullptr;
  return blob ? blob->getData() : ArrayRef<char>();
}

ArrayRef<Stored<float>> getFloats(ElementsAttr value) {
  return value && value.getElementType().isF32() ? getStored<float>(value) : ArrayRef<Stored<float>>();
}

ArrayRef<char> getBytes(ElementsAttr value) {
  return value && value.getElementType().isInteger(8) ? getMemory(value) : ArrayRef<char>();
}

/// Values of so few elements are printed; larger ones are bytes aside.
static constexpr int64_t kSmall = 64;

/// A constant whose bytes, zeros at first, `fill` sets.
static ElementsAttr makeElements(RankedTensorType type, function_ref<void(MutableArrayRef<char>)> fill) {
  size_t size = type.getNumElements() * type.getElementTypeBitWidth() / 8;
  AsmResourceBlob blob = allocateElements(size);
  MutableArrayRef<char> bytes = blob.getMutableData().take_front(size);
  fill(bytes);
  if (type.getNumElements() <= kSmall)
    return DenseElementsAttr::getFromRawBuffer(type, bytes);
  return kernel::makePackedElements(type, std::move(blob));
}

ElementsAttr makeFloats(MLIRContext *context, ArrayRef<int64_t> shape, function_ref<void(MutableArrayRef<float>)> fill) {
  return makeElements(RankedTensorType::get(shape, Float32Type::get(context)), [&](MutableArrayRef<char> bytes) {
    fill(MutableArrayRef<float>(reinterpret_cast<float *>(bytes.data()), bytes.size() / sizeof(float)));
  });
}

ElementsAttr makeBFloats(MLIRContext *context, ArrayRef<int64_t> shape, function_ref<void(MutableArrayRef<uint16_t>)> fill) {
  return makeElements(RankedTensorType::get(shape, BFloat16Type::get(context)), [&](MutableArrayRef<char> bytes) {
    fill(MutableArrayRef<uint16_t>(reinterpret_cast<uint16_t *>(bytes.data()), bytes.size() / sizeof(uint16_t)));
  });
}

ElementsAttr makeIntegers(Type element, ArrayRef<int64_t> shape, function_ref<void(function_ref<void(int64_t, int64_t)>)> fill) {
  static_assert(llvm::endianness::native == llvm::endianness::little, "the low bytes of a number come first");
  size_t width = element.getIntOrFloatBitWidth() / 8;
  return makeElements(RankedTensorType::get(shape, element), [&](MutableArrayRef<char> bytes) {
    fill([&](int64_t place, int64_t value) { std::memcpy(&bytes[place * width], &value, width); });
  });
}

} // namespace bn::lower
