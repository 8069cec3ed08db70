// TensorFields.cpp - the fields of a TensorProto that hold its elements.
// SPDX-License-Identifier: Apache-2.0

#include "TensorFields.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace bn::onnx {

using proto::TensorProto;

unsigned getPackedWidth(Type element) {
  if (auto complex = dyn_cast<ComplexType>(element))
    return 2 * complex.getElementType().getIntOrFloatBitWidth();
  return element.isInteger(1) ? 8 : element.getIntOrFloatBitWidth();
}

size_t getElementSize(Type element) { return (getPackedWidth(element) + 7) / 8; }

//===----------------------------------------------------------------------===//
// Elements below 8 bits
//===----------------------------------------------------------------------===//

std::string unpack(ArrayRef<char> packed, unsigned width, int64_t count) {
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

std::string pack(ArrayRef<char> bytes, unsigned width) {
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

std::optional<std::string> readTypedFields(const TensorProto &tensor, Type element) {
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

void clearData(TensorProto &tensor) {
  tensor.clear_float_data();
  tensor.clear_int32_data();
  tensor.clear_string_data();
  tensor.clear_int64_data();
  tensor.clear_raw_data();
  tensor.clear_double_data();
  tensor.clear_uint64_data();
}

bool writeTypedField(ArrayRef<char> bytes, Type element, const TensorProto &like, TensorProto &tensor) {
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

void stripData(TensorProto &tensor) {
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

} // namespace bn::onnx
