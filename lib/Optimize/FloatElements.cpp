// FloatElements.cpp - constants of floats as numbers in double, rounded once when they are stored.
// SPDX-License-Identifier: Apache-2.0

#include "FloatElements.h"

#include "FileSize.h"
#include "FloatStorage.h"
#include "bn/IR/ElementMemory.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/STLExtras.h"

#include <cmath>
#include <cstring>

using namespace mlir;

namespace bn {

std::optional<RawElements> getRawElements(ElementsAttr values) {
  if (auto dense = dyn_cast<DenseIntOrFPElementsAttr>(values)) // strings have no bytes in a row
    return RawElements{dense.getRawData(), dense.isSplat()};
  auto resource = dyn_cast<DenseResourceElementsAttr>(values);
  std::optional<int64_t> expected = getNumBytes(cast<RankedTensorType>(values.getType()));
  if (!resource || !resource.getRawHandle().getBlob() || static_cast<int64_t>(resource.getData().size()) != expected)
    return std::nullopt;
  return RawElements{resource.getData()};
}

ElementsAttr makeElements(RankedTensorType type, StringRef name, llvm::function_ref<void(char *)> fill) {
  constexpr int64_t inlineElements = 64;
  size_t size = type.getNumElements() * type.getElementTypeBitWidth() / 8;
  if (type.getNumElements() <= inlineElements) {
    SmallVector<char> bytes(size);
    fill(bytes.data());
    return DenseElementsAttr::getFromRawBuffer(type, bytes);
  }
  AsmResourceBlob blob = allocateElements(size);
  fill(blob.getMutableData().data());
  return DenseResourceElementsAttr::get(type, name, std::move(blob));
}

bool haveEqualNumbers(ElementsAttr one, ElementsAttr other) {
  if (one == other || one.getType() != other.getType())
    return one == other;
  std::optional<RawElements> a = getRawElements(one), b = getRawElements(other);
  return a && b && a->splat == b->splat && a->bytes == b->bytes;
}

std::optional<SmallVector<double>> readReals(ElementsAttr values) {
  if (!isa<FloatType>(values.getElementType()))
    return std::nullopt;
  std::optional<RawElements> raw = getRawElements(values);
  if (!raw)
    return std::nullopt;
  SmallVector<double> reals(values.getNumElements());
  bool known = withStorage(values.getElementType(), [&](auto storage) {
    using Bits = typename decltype(storage)::Bits;
    for (auto [i, real] : llvm::enumerate(reals))
      real = storage.load(loadUnaligned<Bits>(raw->bytes.data(), raw->splat ? 0 : i));
  });
  return known ? std::optional(std::move(reals)) : std::nullopt;
}

Reason checkFit(ArrayRef<double> values, Type type) {
  bool finite = true, fits = true;
  [[maybe_unused]] bool known = withStorage(type, [&](auto storage) {
    for (double value : values) {
      finite &= std::isfinite(value);
      fits &= std::isfinite(static_cast<double>(storage.load(storage.store(value))));
    }
  });
  assert(known && "not a float type");
  return !finite ? Reason::NonFinite : fits ? Reason::None : Reason::Overflow;
}

Reason storeReals(ArrayRef<double> values, RankedTensorType type, StringRef name, ElementsAttr &result) {
  if (Reason why = checkFit(values, type.getElementType()); why != Reason::None)
    return why;
  result = makeElements(type, name, [&](char *out) {
    withStorage(type.getElementType(), [&](auto storage) {
      using Bits = typename decltype(storage)::Bits;
      for (auto [i, value] : llvm::enumerate(values)) {
        Bits bits = storage.store(value);
        std::memcpy(out + i * sizeof(Bits), &bits, sizeof(Bits));
      }
    });
  });
  return Reason::None;
}

} // namespace bn
