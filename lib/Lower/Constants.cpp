// Constants.cpp - the elements of constants as plain memory.
// SPDX-License-Identifier: Apache-2.0

#include "Constants.h"

#include "bn/IR/Kernel/PackedElements.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"

#include <cstring>

using namespace mlir;

namespace bn::lower {

/// The memory behind a constant: dense attributes keep it themselves, others in a blob.
static ArrayRef<char> getMemory(ElementsAttr value) {
  if (auto dense = dyn_cast<DenseElementsAttr>(value))
    return dense.getRawData();
  auto resource = dyn_cast<DenseResourceElementsAttr>(value);
  AsmResourceBlob *blob = resource ? resource.getRawHandle().getBlob() : nullptr;
  return blob ? blob->getData() : ArrayRef<char>();
}

ArrayRef<float> getFloats(ElementsAttr value) {
  if (!value || !value.getElementType().isF32())
    return {};
  ArrayRef<char> bytes = getMemory(value);
  return {reinterpret_cast<const float *>(bytes.data()), bytes.size() / sizeof(float)};
}

ArrayRef<char> getBytes(ElementsAttr value) {
  return value && value.getElementType().isInteger(8) ? getMemory(value) : ArrayRef<char>();
}

/// Values of so few elements are printed; larger ones are bytes aside.
static constexpr int64_t kSmall = 64;

ElementsAttr makeFloats(MLIRContext *context, ArrayRef<int64_t> shape, function_ref<void(MutableArrayRef<float>)> fill) {
  auto type = RankedTensorType::get(shape, Float32Type::get(context));
  size_t count = type.getNumElements();
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(std::max<size_t>(count * sizeof(float), 1), 64, /*dataIsMutable=*/true);
  MutableArrayRef<float> data(reinterpret_cast<float *>(blob.getMutableData().data()), count);
  std::memset(data.data(), 0, count * sizeof(float));
  fill(data);
  if (count <= kSmall)
    return DenseElementsAttr::get(type, ArrayRef<float>(data));
  return kernel::makePackedElements(type, std::move(blob));
}

} // namespace bn::lower
