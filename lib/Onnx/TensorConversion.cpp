// TensorConversion.cpp - TensorProto to ElementsAttr and back.
// SPDX-License-Identifier: Apache-2.0
//
// A TensorProto keeps its elements in `raw_data`, in one of five typed fields, or in another file. bn has one form for all:
// the layout of `raw_data`, with elements below 8 bits unpacked to a byte each.

#include "TensorConversion.h"

#include "TensorFields.h"
#include "TypeConversion.h"

#include "bn/IR/Onnx/Onnx.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/CheckedArithmetic.h"

#include <cstddef>

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::onnx {

using proto::TensorProto;

static Blob makeBlob(std::string bytes) {
  auto owner = std::make_shared<const std::string>(std::move(bytes));
  return {ArrayRef(owner->data(), owner->size()), owner};
}

//===----------------------------------------------------------------------===//
// Import
//===----------------------------------------------------------------------===//

Expected<RankedTensorType> importTensorType(const TensorProto &tensor, MLIRContext *context) {
  Type element = importElementType(tensor.data_type(), context);
  if (!element)
    return unsupported("expected a known element type, got number " + Twine(tensor.data_type()));
  int64_t count = static_cast<int64_t>(isa<StringType>(element) ? sizeof(StringRef) : getElementSize(element));
  for (int64_t dim : tensor.dims()) {
    std::optional<int64_t> product = dim < 0 ? std::nullopt : llvm::checkedMul(count, std::max<int64_t>(dim, 1));
    if (!product)
      return invalidModel("expected dimensions whose product fits 64 bits, got " + Twine(dim) + " among them");
    count = *product;
  }
  return RankedTensorType::get(ArrayRef(tensor.dims().data(), tensor.dims_size()), element);
}

Expected<Blob> getTensorBytes(const TensorProto &tensor, RankedTensorType type, const BlobMap &blobs) {
  Type element = type.getElementType();
  Blob blob;
  if (auto it = blobs.find(&tensor); it != blobs.end())
    blob = it->second;
  else if (tensor.has_raw_data())
    blob = makeBlob(tensor.raw_data());
  else if (auto typed = readTypedFields(tensor, element))
    blob = makeBlob(std::move(*typed));
  else
    blob = makeBlob({});
  unsigned width = getPackedWidth(element);
  int64_t count = type.getNumElements();
  bool entryPerElement = width == 6 && tensor.int32_data_size() && !tensor.has_raw_data();
  if (width < 8 && !entryPerElement) {
    if (blob.bytes.size() != count / 8 * width + llvm::divideCeil(count % 8 * width, 8))
      return invalidModel("expected data for " + Twine(count) + " elements, got " + Twine(blob.bytes.size()) + " bytes");
    return makeBlob(unpack(blob.bytes, width, count));
  }
  if (blob.bytes.size() != count * getElementSize(element))
    return invalidModel("expected " + Twine(count * getElementSize(element)) + " bytes of data, got " + Twine(blob.bytes.size()));
  return blob;
}

ElementsAttr makeElements(RankedTensorType type, Blob blob, StringRef name) {
  if (type.getNumElements() <= maxDenseElements) {
    if (!type.getElementType().isInteger(1))
      return DenseElementsAttr::getFromRawBuffer(type, blob.bytes);
    SmallVector<bool> values = llvm::map_to_vector(blob.bytes, [](char byte) { return byte != 0; });
    return DenseElementsAttr::get(type, ArrayRef<bool>(values));
  }
  // What all allocated memory has: a larger alignment would be chance, and bytecode, which tells it, different each time.
  constexpr uintptr_t common = alignof(std::max_align_t);
  auto address = reinterpret_cast<uintptr_t>(blob.bytes.data()) | common;
  AsmResourceBlob resource(blob.bytes, /*dataAlignment=*/address & -address,
                           [owner = blob.owner](void *, size_t, size_t) mutable { owner.reset(); }, /*dataIsMutable=*/false);
  return DenseResourceElementsAttr::get(type, name.empty() ? "tensor" : name, std::move(resource));
}

Expected<ElementsAttr> importTensor(const TensorProto &tensor, const BlobMap &blobs, MLIRContext *context) {
  auto type = importTensorType(tensor, context);
  if (!type)
    return type.takeError();
  if (!isa<StringType>(type->getElementType())) {
    auto blob = getTensorBytes(tensor, *type, blobs);
    if (!blob)
      return blob.takeError();
    return makeElements(*type, std::move(*blob), tensor.name());
  }
  if (tensor.string_data_size() != type->getNumElements())
    return invalidModel("expected " + Twine(type->getNumElements()) + " strings, got " + Twine(tensor.string_data_size()));
  SmallVector<StringRef> strings(tensor.string_data().begin(), tensor.string_data().end());
  return DenseElementsAttr::get(*type, strings);
}

//===----------------------------------------------------------------------===//
// Export
//===----------------------------------------------------------------------===//

Expected<Blob> getElementBytes(ElementsAttr value) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob)
      return unsupported("the data of resource '" + resource.getRawHandle().getKey() + "' are missing");
    return Blob{blob->getData(), nullptr};
  }
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense)
    return unsupported("expected dense elements");
  std::string bytes;
  if (dense.getElementType().isInteger(1)) {
    for (bool element : dense.getValues<bool>())
      bytes.push_back(element);
    return makeBlob(std::move(bytes));
  }
  ArrayRef<char> raw = dense.getRawData();
  for (int64_t i = 0, copies = dense.isSplat() ? dense.getNumElements() : 1; i < copies; ++i)
    bytes.append(raw.begin(), raw.end());
  return makeBlob(std::move(bytes));
}

/// Whether the residue is the message itself: the data it holds are the value.
static bool holdsValue(const TensorProto &residue, ElementsAttr value) {
  auto dense = dyn_cast<DenseElementsAttr>(value);
  auto type = importTensorType(residue, value.getContext());
  if (!type || *type != value.getType() || residue.data_location() == TensorProto::EXTERNAL) {
    consumeError(type.takeError());
    return false;
  }
  if (dense && isa<StringType>(type->getElementType()))
    return llvm::equal(residue.string_data(), dense.getValues<StringRef>());
  auto stored = getTensorBytes(residue, *type, BlobMap());
  auto wanted = getElementBytes(value);
  bool result = stored && wanted && stored->bytes == wanted->bytes;
  consumeError(stored.takeError());
  consumeError(wanted.takeError());
  return result;
}

Error exportTensor(ElementsAttr value, const TensorProto *residue, TensorProto &tensor, BlobMap &blobs) {
  Type element = value.getElementType();
  if (residue)
    tensor = *residue;
  if (residue && holdsValue(*residue, value))
    return Error::success();
  clearData(tensor);
  tensor.set_data_type(exportElementType(element));
  if (tensor.data_type() == TensorProto::UNDEFINED)
    return unsupported("ONNX has no element type for the constant");
  tensor.clear_dims();
  for (int64_t dim : value.getShapedType().getShape())
    tensor.add_dims(dim);
  if (isa<StringType>(element)) {
    for (StringRef string : cast<DenseElementsAttr>(value).getValues<StringRef>())
      tensor.add_string_data(string.str());
    return Error::success();
  }
  auto blob = getElementBytes(value);
  if (!blob)
    return blob.takeError();
  bool entryPerElement = residue && residue->int32_data_size() && getPackedWidth(element) == 6;
  if (getPackedWidth(element) < 8 && !entryPerElement)
    blob = makeBlob(pack(blob->bytes, getPackedWidth(element)));
  if (residue && writeTypedField(blob->bytes, element, *residue, tensor))
    return Error::success();
  if (blob->bytes.size() >= minBlobSize || tensor.data_location() == TensorProto::EXTERNAL)
    blobs[&tensor] = std::move(*blob);
  else if (!blob->bytes.empty() || (residue && residue->has_raw_data()))
    tensor.set_raw_data(blob->bytes.data(), blob->bytes.size());
  return Error::success();
}

std::optional<TensorProto> getTensorResidue(const TensorProto &original, ElementsAttr value) {
  // Contents that are blobs on both sides are not compared: the value refers to those of the original.
  auto restoresOriginal = [&](const TensorProto *residue) {
    BlobMap blobs;
    TensorProto exported;
    if (!residue && original.has_name())
      exported.set_name(original.name());
    Error error = exportTensor(value, residue, exported, blobs);
    bool failed = static_cast<bool>(error);
    consumeError(std::move(error));
    return !failed && serialize(exported) == serialize(original);
  };
  if (restoresOriginal(nullptr))
    return std::nullopt;
  TensorProto stripped = original;
  stripData(stripped);
  if (original.has_raw_data() && original.raw_data().empty())
    stripped.set_raw_data("");
  return restoresOriginal(&stripped) ? stripped : original;
}

} // namespace bn::onnx
