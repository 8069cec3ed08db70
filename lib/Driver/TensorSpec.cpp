// TensorSpec.cpp - tensors as the command line spells them.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/TensorSpec.h"

#include "bn/Driver/Elements.h"
#include "bn/Driver/ExitCode.h"
#include "bn/Driver/Npy.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Onnx/TestData.h"
#include "mlir/AsmParser/AsmParser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using llvm::Expected;

namespace bn::driver {

static llvm::Error usage(const Twine &message) { return makeError(std::errc::invalid_argument, message); }

Expected<NamedSpec> parseNamed(StringRef option, StringRef text, ArrayRef<std::string> names, StringRef what) {
  auto [name, value] = text.split('=');
  if (name.empty() || name.size() == text.size())
    return usage("expected " + option + " NAME=VALUE, got '" + text + "'");
  size_t index = llvm::find(names, name) - names.begin();
  if (index < names.size() || (!name.getAsInteger(10, index) && index < names.size()))
    return NamedSpec{index, value};
  if (names.empty())
    return usage("the model has no " + what + " '" + name + "', it has none");
  return usage("the model has no " + what + " '" + name + "', it has '" + llvm::join(names, "', '") + "'");
}

Expected<SmallVector<int64_t>> parseShape(StringRef text) {
  SmallVector<int64_t> shape;
  if (text.empty())
    return shape;
  for (StringRef part : llvm::split(text, 'x')) {
    int64_t dim;
    if (part.getAsInteger(10, dim) || dim < 0)
      return usage("expected a shape such as 1x3x224x224, got '" + text + "'");
    shape.push_back(dim);
  }
  return shape;
}

/// The type that "2x2xf32" spells, or null. Beside MLIR's names of element types: bool, uN, string.
static RankedTensorType parseTensorType(StringRef text, MLIRContext *context) {
  size_t dims = 0; // the element type begins after the last "<digits>x"
  for (size_t at; (at = text.find('x', dims)) != StringRef::npos && at > dims && llvm::all_of(text.slice(dims, at), llvm::isDigit);)
    dims = at + 1;
  StringRef element = text.drop_front(dims);
  std::string name = llvm::StringSwitch<std::string>(element)
                         .Case("bool", "i1")
                         .Case("string", "!onnx.string")
                         .Cases({"u8", "u16", "u32", "u64"}, ("ui" + element.drop_front(element.empty() ? 0 : 1)).str())
                         .Default(element.str());
  ScopedDiagnosticHandler silence(context, [](Diagnostic &) { return success(); });
  std::string spelled = ("tensor<" + text.take_front(dims) + name + ">").str();
  auto type = dyn_cast_or_null<RankedTensorType>(mlir::parseType(spelled, context));
  return type && type.hasStaticShape() && (getByteSize(type) || isa<onnx::StringType>(type.getElementType())) ? type : RankedTensorType();
}

static bool parseNumber(StringRef text, HostTensor &tensor, int64_t index) {
  Type number = getNumberType(tensor);
  if (number.isInteger(1) && (text == "true" || text == "false")) {
    setInteger(tensor, index, text == "true");
    return true;
  }
  if (isa<IntegerType>(number)) {
    int64_t value;
    uint64_t bits;
    bool parsed = number.isUnsignedInteger() ? !text.getAsInteger(10, bits) : !text.getAsInteger(10, value);
    unsigned width = number.getIntOrFloatBitWidth();
    if (!parsed || (number.isUnsignedInteger() || width == 1 ? !llvm::isUIntN(width, number.isUnsignedInteger() ? bits : value)
                                                             : !llvm::isIntN(width, value)))
      return false;
    setInteger(tensor, index, number.isUnsignedInteger() ? static_cast<int64_t>(bits) : value);
    return true;
  }
  double value;
  if (text.getAsDouble(value))
    return false;
  setReal(tensor, index, value);
  return true;
}

/// Fills a tensor from "1,2,3"; one element fills all of it.
static llvm::Error parseElements(StringRef text, HostTensor &tensor) {
  SmallVector<StringRef> parts;
  if (!text.empty())
    text.split(parts, ',');
  bool strings = isa<onnx::StringType>(tensor.type.getElementType());
  size_t count = strings ? tensor.strings.size() : getNumNumbers(tensor);
  if (parts.size() != count && parts.size() != 1)
    return usage("expected " + Twine(count) + " elements for " + formatType(tensor.type) + ", got " + Twine(parts.size()));
  for (size_t i = 0; i < count; ++i) {
    StringRef part = parts[parts.size() == 1 ? 0 : i];
    if (strings)
      tensor.strings[i] = part.str();
    else if (!parseNumber(part.trim(), tensor, i))
      return usage("expected an element of " + formatType(getNumberType(tensor)) + ", got '" + part + "'");
  }
  return llvm::Error::success();
}

static llvm::Error readRaw(StringRef path, HostTensor &tensor) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return makeFileError("read", path, buffer.getError());
  StringRef bytes = (*buffer)->getBuffer();
  if (bytes.size() != tensor.bytes.size())
    return usage("expected '" + path + "' to have " + Twine(tensor.bytes.size()) + " bytes for " + formatType(tensor.type) + ", got " +
                 Twine(bytes.size()));
  std::copy(bytes.begin(), bytes.end(), tensor.bytes.begin());
  return llvm::Error::success();
}

static Expected<HostTensor> readTensorFile(StringRef path, MLIRContext *context) {
  if (path.ends_with(".npy"))
    return readNpy(path, context);
  if (path.ends_with(".pb"))
    return onnx::readTensor(path, context);
  if (size_t at = path.rfind(".npz:"); at != StringRef::npos)
    return readNpz(path.take_front(at + 4), path.drop_front(at + 5), context);
  return usage("expected a file FILE.npy, FILE.npz:KEY or FILE.pb, got '" + path + "'; a raw file needs its type: 2x3xf32=@" + path);
}

Expected<HostTensor> readTensorSpec(StringRef spec, MLIRContext *context) {
  if (spec.consume_front("@"))
    return readTensorFile(spec, context);
  auto [typeText, data] = spec.split('=');
  RankedTensorType type = parseTensorType(typeText, context);
  if (!type || typeText.size() == spec.size())
    return usage("expected @FILE or TYPE=ELEMENTS such as 2x2xf32=1,2,3,4, got '" + spec + "'");
  Expected<HostTensor> tensor = makeTensor(type);
  if (!tensor)
    return tensor;
  if (llvm::Error error = data.consume_front("@") ? readRaw(data, *tensor) : parseElements(data, *tensor))
    return error;
  return tensor;
}

Expected<HostTensor> readValueSpec(StringRef spec, Type declared) {
  if (!isa<onnx::SequenceType, onnx::OptionalType>(declared))
    return readTensorSpec(spec, declared.getContext());
  if (!spec.consume_front("@") || !spec.ends_with(".pb"))
    return usage("expected @FILE.pb for " + formatType(declared) + ", got '" + spec + "'");
  return onnx::readValue(spec, declared);
}

HostTensor adaptElementType(HostTensor tensor, Type wanted) {
  Type has = tensor.type.getElementType();
  auto narrow = [](Type type) { return isa<FloatType>(type) && !type.isF16() && !type.isF32() && !type.isF64(); };
  if (wanted.isBF16() && has.isUnsignedInteger(16)) { // bfloat16 by its bits, as NumPy users and old ONNX files store it
    tensor.type = RankedTensorType::get(tensor.type.getShape(), wanted);
    return tensor;
  }
  bool floats = has.isF32() && narrow(wanted);
  bool integers = has.isInteger(8) && isa<IntegerType>(wanted) && wanted.getIntOrFloatBitWidth() < 8;
  if (!floats && !integers)
    return tensor;
  HostTensor adapted{RankedTensorType::get(tensor.type.getShape(), wanted), HostBytes(tensor.type.getNumElements()), {}};
  adapted.bytes.resize(*getByteSize(adapted.type));
  for (int64_t i = 0, e = getNumNumbers(tensor); i < e; ++i)
    setReal(adapted, i, getReal(tensor, i));
  return adapted;
}

} // namespace bn::driver
