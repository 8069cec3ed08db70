// NpyWrite.cpp - writes tensors as .npy files.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/Elements.h"
#include "bn/Driver/ExitCode.h"
#include "bn/Driver/Npy.h"
#include "bn/Driver/OutputFile.h"
#include "bn/IR/Onnx/Onnx.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/Endian.h"

using namespace mlir;

namespace bn::driver {

/// Whether NumPy lacks this type of floats, so that float32 stands in.
static bool isWidened(Type number) { return isa<FloatType>(number) && !number.isF16() && !number.isF32() && !number.isF64(); }

/// The longest string in UTF-32 code points, at least 1.
static size_t getMaxLength(ArrayRef<std::string> strings) {
  size_t length = 1;
  for (const std::string &text : strings)
    length = std::max<size_t>(length, llvm::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
  return length;
}

static std::string getDescr(const HostTensor &tensor) {
  if (isa<onnx::StringType>(tensor.type.getElementType()))
    return "<U" + std::to_string(getMaxLength(tensor.strings));
  Type number = getNumberType(tensor);
  if (isa<ComplexType>(tensor.type.getElementType()))
    return "<c" + std::to_string(2 * getNumberSize(number));
  if (isa<FloatType>(number))
    return "<f" + std::to_string(isWidened(number) ? 4 : getNumberSize(number));
  if (number.isInteger(1))
    return "|b1";
  size_t size = getNumberSize(number);
  return (size == 1 ? "|" : "<") + std::string(number.isUnsignedInteger() ? "u" : "i") + std::to_string(size);
}

/// Magic, version, and the dictionary padded so that the elements begin at a multiple of 64.
static std::string makeHeader(const HostTensor &tensor) {
  std::string dictionary = "{'descr': '" + getDescr(tensor) + "', 'fortran_order': False, 'shape': (";
  for (int64_t dim : tensor.type.getShape())
    dictionary += std::to_string(dim) + ", ";
  dictionary += "), }";
  constexpr size_t prefix = 10, alignment = 64;
  dictionary.append(alignment - 1 - (prefix + dictionary.size()) % alignment, ' ');
  dictionary += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(dictionary.size() & 0xFF);
  header += static_cast<char>(dictionary.size() >> 8);
  return header + dictionary;
}

static void writeStrings(raw_ostream &os, ArrayRef<std::string> strings) {
  size_t length = getMaxLength(strings);
  for (const std::string &text : strings) {
    std::vector<llvm::UTF32> points(length, 0);
    auto *from = reinterpret_cast<const llvm::UTF8 *>(text.data());
    llvm::UTF32 *to = points.data();
    llvm::ConvertUTF8toUTF32(&from, from + text.size(), &to, to + length, llvm::lenientConversion);
    os.write(reinterpret_cast<const char *>(points.data()), points.size() * 4);
  }
}

void writeNpy(raw_ostream &os, const HostTensor &tensor) {
  os << makeHeader(tensor);
  if (isa<onnx::StringType>(tensor.type.getElementType()))
    return writeStrings(os, tensor.strings);
  if (!isWidened(getNumberType(tensor))) {
    os.write(tensor.bytes.data(), tensor.bytes.size());
    return;
  }
  for (int64_t i = 0, e = getNumNumbers(tensor); i < e; ++i) {
    float value = static_cast<float>(getReal(tensor, i));
    os.write(reinterpret_cast<const char *>(&value), sizeof value);
  }
}

llvm::Error writeNpy(StringRef path, const HostTensor &tensor) {
  return writeFile(path, [&](raw_ostream &os) { writeNpy(os, tensor); });
}

} // namespace bn::driver
