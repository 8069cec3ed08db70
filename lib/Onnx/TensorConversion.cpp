// TensorConversion.cpp - TensorProto to ElementsAttr and back.
// SPDX-License-Identifier: Apache-2.0
//
// A TensorProto keeps its elements in `raw_data`, in one of five typed fields, or in another file. bn has one form for all:
// the layout of `raw_data`, with elements below 8 bits unpacked to a byte each.

#include "TensorConversion.h"

#include "TypeConversion.h"

#include "bn/IR/Onnx/Onnx.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::onnx {

using proto::TensorProto;

/// Bits of one element in `raw_data`.
static unsigned getPackedWidth(Type element) {
  if (auto complex = dyn_cast<ComplexType>(element))
    return 2 * complex.getElementType().getIntOrFloatBitWidth();
  return element.isInteger(1) ? 8 : element.getIntOrFloatBitWidth();
}

/// Bytes of one element in memory.
static size_t getElementSize(Type element) { return (getPackedWidth(element) + 7) / 8; }

static Blob makeBlob(std::string bytes) {
  auto owner = std::make_shared<const std::string>(std::move(bytes));
  return {ArrayRef(owner->data(), owner->size()), owner};
}

//===----------------------------------------------------------------------===//
// Elements below 8 bits
//===----------------------------------------------------------------------===//

/// Spreads elements of `width` bits, lowest bits first, to a byte each.
static std::string unpack(ArrayRef<char> packed, unsigned width, int64_t count) {
  std::string bytes(count, 0);
  for (int64_t i = 0; i < count; ++i) {
    size_t bit = i * width, byte = bit / 8;
    unsigned word = static_cast<unsigned char>(packed[byte]);
    if (byte + 1 < packed.size())
      word |= static_cast<unsigned char>(packed[byte + 1]) << 8;
    bytes[i] = static_cast<char>(word >> bit % 8 & ((1u << width) - 1));
  }
  return bytes;
}

static std::string pack(ArrayRef<char> bytes, unsigned width) {
  std::string packed((bytes.size() * width + 7) / 8, 0);
  for (auto [i, element] : llvm::enumerate(bytes)) {
    size_t bit = i * width;
    unsigned word = (static_cast<unsigned char>(element) & ((1u << width) - 1)) << bit % 8;
    packed[bit / 8] |= static_cast<char>(word);
    if (word >> 8)
      packed[bit / 8 + 1] |= static_cast<char>(word >> 8);
  }
  return packed;
}

//===----------------------------------------------------------------------===//
// Typed fields
//===----------------------------------------------------------------------===//

/// The bytes of `fields`, each entry cut to `size` bytes.
template <typename Stored, typename Field>
static std::string readField(const Field &field) {
  std::string bytes;
  bytes.reserve(field.size() * sizeof(Stored));
  for (auto entry : field) {
    auto stored = static_cast<Stored>(entry);
    bytes.append(reinterpret_cast<const char *>(&stored), sizeof(Stored));
  }
  return bytes;
}

/// The entries that `readField` reads as `bytes`.
template <typename Stored, typename Field>
static void writeField(ArrayRef<char> bytes, Field &field) {
  field.Reserve(static_cast<int>(bytes.size() / sizeof(Stored)));
  for (size_t i = 0; i + sizeof(Stored) <= bytes.size(); i += sizeof(Stored)) {
    Stored stored;
    std::memcpy(&stored, bytes.data() + i, sizeof(Stored));
    field.Add(stored);
  }
}

/// The content of the typed field in use, in the layout of `raw_data`; nothing where none is.
static std::optional<std::string> readTypedFields(const TensorProto &tensor, Type element) {
  if (tensor.float_data_size())
    return readField<float>(tensor.float_data());
  if (tensor.double_data_size())
    return readField<double>(tensor.double_data());
  if (tensor.int64_data_size())
    return readField<int64_t>(tensor.int64_data());
  if (tensor.uint64_data_size())
    return getElementSize(element) == 4 ? readField<uint32_t>(tensor.uint64_data()) : readField<uint64_t>(tensor.uint64_data());
  if (!tensor.int32_data_size())
    return std::nullopt;
  switch (getElementSize(element)) {
  case 1:
    return readField<uint8_t>(tensor.int32_data());
  case 2:
    return readField<uint16_t>(tensor.int32_data());
  default:
    return readField<int32_t>(tensor.int32_data());
  }
}

static void clearData(TensorProto &tensor) {
  tensor.clear_float_data();
  tensor.clear_int32_data();
  tensor.clear_string_data();
  tensor.clear_int64_data();
  tensor.clear_raw_data();
  tensor.clear_double_data();
  tensor.clear_uint64_data();
}

/// Writes `bytes`, in the layout of `raw_data`, to the field that `like` uses; false where that is no typed one.
static bool writeTypedField(ArrayRef<char> bytes, Type element, const TensorProto &like, TensorProto &tensor) {
  size_t size = getElementSize(element);
  if (like.float_data_size())
    writeField<float>(bytes, *tensor.mutable_float_data());
  else if (like.double_data_size())
    writeField<double>(bytes, *tensor.mutable_double_data());
  else if (like.int64_data_size())
    writeField<int64_t>(bytes, *tensor.mutable_int64_data());
  else if (like.uint64_data_size() && size == 4)
    writeField<uint32_t>(bytes, *tensor.mutable_uint64_data());
  else if (like.uint64_data_size())
    writeField<uint64_t>(bytes, *tensor.mutable_uint64_data());
  else if (like.int32_data_size() && size == 1 && element.isInteger(8) && !element.isUnsignedInteger())
    writeField<int8_t>(bytes, *tensor.mutable_int32_data());
  else if (like.int32_data_size() && size == 1)
    writeField<uint8_t>(bytes, *tensor.mutable_int32_data());
  else if (like.int32_data_size() && size == 2 && element.isSignlessInteger())
    writeField<int16_t>(bytes, *tensor.mutable_int32_data());
  else if (like.int32_data_size() && size == 2)
    writeField<uint16_t>(bytes, *tensor.mutable_int32_data());
  else if (like.int32_data_size())
    writeField<int32_t>(bytes, *tensor.mutable_int32_data());
  else
    return false;
  return true;
}

/// Leaves one zero in the typed field in use, and no data otherwise.
static void stripData(TensorProto &tensor) {
  TensorProto marks;
  if (tensor.float_data_size())
    marks.add_float_data(0);
  if (tensor.double_data_size())
    marks.add_double_data(0);
  if (tensor.int64_data_size())
    marks.add_int64_data(0);
  if (tensor.uint64_data_size())
    marks.add_uint64_data(0);
  if (tensor.int32_data_size())
    marks.add_int32_data(0);
  clearData(tensor);
  tensor.MergeFrom(marks);
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
  constexpr uintptr_t cacheLine = 64;
  auto address = reinterpret_cast<uintptr_t>(blob.bytes.data()) | cacheLine;
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
