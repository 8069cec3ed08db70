// NpyRead.cpp - reads tensors from NumPy's .npy files.
// SPDX-License-Identifier: Apache-2.0
//
// The format: magic, version, length of the header, the header (a Python dictionary), the elements.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

#include "bn/Driver/Elements.h"
#include "bn/Driver/ExitCode.h"
#include "bn/Driver/Npy.h"
#include "bn/IR/Onnx/Onnx.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::driver {

namespace {
struct Header {
  char byteOrder = '<', kind = 0;
  size_t elementSize = 0; ///< bytes
  bool fortranOrder = false;
  SmallVector<int64_t> shape;
};
} // namespace

static Error invalid(const Twine &what) { return makeError(std::errc::bad_message, "not a valid .npy file: " + what); }

/// The text after 'key': in the header's dictionary.
static StringRef findValue(StringRef header, StringRef key) {
  for (char quote : {'\'', '"'}) {
    std::string quoted = (Twine(quote) + key + Twine(quote)).str();
    if (size_t at = header.find(quoted); at != StringRef::npos)
      return header.drop_front(at + quoted.size()).ltrim(" :");
  }
  return {};
}

static Expected<Header> parseHeader(StringRef text) {
  Header header;
  StringRef descr = findValue(text, "descr"), shape = findValue(text, "shape");
  if (descr.size() < 4 || (descr.front() != '\'' && descr.front() != '"'))
    return invalid("expected 'descr' to name one type of elements");
  descr = descr.drop_front().take_until([](char c) { return c == '\'' || c == '"'; });
  if (StringRef("<>|=").contains(descr.front()))
    header.byteOrder = descr.front(), descr = descr.drop_front();
  header.kind = descr.empty() ? 0 : descr.front();
  if (descr.drop_front(descr.empty() ? 0 : 1).getAsInteger(10, header.elementSize))
    return makeError(std::errc::not_supported, "elements of NumPy's type '" + descr + "'");
  if (header.kind == 'U') // the size is one in code points
    header.elementSize *= 4;
  header.fortranOrder = findValue(text, "fortran_order").starts_with("True");
  if (!shape.consume_front("("))
    return invalid("expected 'shape' to be a tuple");
  for (StringRef dim : llvm::split(shape.take_until([](char c) { return c == ')'; }), ',')) {
    int64_t size;
    if (dim.trim().empty())
      continue;
    if (dim.trim().getAsInteger(10, size) || size < 0)
      return invalid("expected dimensions, got '" + dim.trim() + "'");
    header.shape.push_back(size);
  }
  return header;
}

/// The MLIR type of the elements, or null.
static Type getElementType(const Header &header, MLIRContext *context) {
  Builder builder(context);
  unsigned bits = header.elementSize * 8;
  bool word = bits == 8 || bits == 16 || bits == 32 || bits == 64;
  switch (header.kind) {
  case 'f':
    return bits == 16   ? Type(builder.getF16Type())
           : bits == 32 ? Type(builder.getF32Type())
           : bits == 64 ? Type(builder.getF64Type())
                        : Type();
  case 'i':
    return word ? Type(builder.getIntegerType(bits)) : Type();
  case 'u':
    return word ? Type(builder.getIntegerType(bits, false)) : Type();
  case 'b':
    return bits == 8 ? Type(builder.getI1Type()) : Type();
  case 'c':
    return bits == 64 ? Type(ComplexType::get(builder.getF32Type())) : bits == 128 ? Type(ComplexType::get(builder.getF64Type())) : Type();
  case 'U':
  case 'S':
    return onnx::StringType::get(context);
  default:
    return {};
  }
}

/// Where the element with this row-major index is in a column-major file.
static int64_t getColumnMajorIndex(int64_t index, ArrayRef<int64_t> shape) {
  int64_t result = 0, stride = 1;
  SmallVector<int64_t> position(shape.size());
  for (size_t i = shape.size(); i-- > 0; index /= shape[i])
    position[i] = index % shape[i];
  for (auto [at, dim] : llvm::zip(position, shape))
    result += at * stride, stride *= dim;
  return result;
}

static std::string decodeString(const char *bytes, const Header &header) {
  if (header.kind == 'S')
    return StringRef(bytes, header.elementSize).rtrim('\0').str();
  std::string text;
  for (size_t i = 0; i < header.elementSize; i += 4) {
    char utf8[UNI_MAX_UTF8_BYTES_PER_CODE_POINT], *end = utf8;
    uint32_t point = header.byteOrder == '>' ? llvm::support::endian::read32be(bytes + i) : llvm::support::endian::read32le(bytes + i);
    if (point == 0)
      break;
    if (llvm::ConvertCodePointToUTF8(point, end))
      text.append(utf8, end);
  }
  return text;
}

/// Copies the elements in row-major, little-endian order.
static void copyElements(StringRef data, const Header &header, HostTensor &tensor) {
  size_t number = header.kind == 'c' ? header.elementSize / 2 : header.elementSize;
  bool swap = header.byteOrder == '>' && header.kind != 'U' && header.kind != 'S' && number > 1;
  int64_t count = tensor.type.getNumElements();
  if (!swap && !header.fortranOrder && !tensor.bytes.empty()) {
    std::copy(data.begin(), data.begin() + tensor.bytes.size(), tensor.bytes.begin());
    return;
  }
  for (int64_t i = 0; i < count; ++i) {
    const char *from = data.data() + (header.fortranOrder ? getColumnMajorIndex(i, header.shape) : i) * header.elementSize;
    if (header.kind == 'U' || header.kind == 'S') {
      tensor.strings[i] = decodeString(from, header);
      continue;
    }
    char *to = tensor.bytes.data() + i * header.elementSize;
    std::copy(from, from + header.elementSize, to);
    for (size_t part = 0; swap && part < header.elementSize; part += number)
      std::reverse(to + part, to + part + number);
  }
}

Expected<HostTensor> parseNpy(StringRef file, MLIRContext *context) {
  if (!file.consume_front("\x93NUMPY") || file.size() < 6)
    return invalid("expected it to begin with NumPy's magic number");
  size_t lengthSize = file[0] == 1 ? 2 : 4;
  size_t length = lengthSize == 2 ? llvm::support::endian::read16le(file.data() + 2) : llvm::support::endian::read32le(file.data() + 2);
  file = file.drop_front(2 + lengthSize);
  if (file.size() < length)
    return invalid("it ends within its header");
  Expected<Header> header = parseHeader(file.take_front(length));
  if (!header)
    return header.takeError();
  Type elementType = getElementType(*header, context);
  if (!elementType)
    return makeError(std::errc::not_supported, "elements of NumPy's type '" + Twine(header->kind) + Twine(header->elementSize) + "'");
  // The file must hold what the header promises before anything of that size is made.
  StringRef data = file.drop_front(length);
  std::optional<int64_t> bytes = header->elementSize;
  for (int64_t dim : header->shape)
    bytes = bytes ? llvm::checkedMul(*bytes, dim) : std::nullopt;
  if (!bytes || data.size() < static_cast<size_t>(*bytes))
    return invalid("expected " + (bytes ? Twine(*bytes) : Twine("more")) + " bytes of elements, got " + Twine(data.size()));
  Expected<HostTensor> tensor = makeTensor(RankedTensorType::get(header->shape, elementType));
  if (tensor)
    copyElements(data, *header, *tensor);
  return tensor;
}

Expected<HostTensor> readNpy(StringRef path, MLIRContext *context) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return makeFileError("read", path, buffer.getError());
  Expected<HostTensor> tensor = parseNpy((*buffer)->getBuffer(), context);
  if (!tensor)
    return addContext(tensor.takeError(), "'" + path + "'");
  return tensor;
}

} // namespace bn::driver
