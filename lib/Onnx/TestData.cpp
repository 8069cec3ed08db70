// TestData.cpp - values in ONNX's own format: files of one tensor, sequence or optional.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Onnx/TestData.h"

#include "ModelFile.h"
#include "TensorConversion.h"

#include "bn/IR/Onnx/Onnx.h"

#include "llvm/Support/MemoryBuffer.h"
#include "onnx/onnx-data.pb.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::onnx {

/// Whether the message is one of SequenceProto, MapProto and OptionalProto: they share its first field numbers, but not
/// what is in them.
static bool isOtherMessage(const proto::TensorProto &tensor) {
  return tensor.has_segment() || !tensor.GetReflection()->GetUnknownFields(tensor).empty();
}

static Expected<HostTensor> convertTensor(const proto::TensorProto &tensor, MLIRContext *context) {
  if (isOtherMessage(tensor))
    return unsupported("expected a tensor, got a sequence, map or optional");
  auto type = importTensorType(tensor, context);
  if (!type)
    return type.takeError();
  HostTensor result{*type, {}, {}};
  if (isa<StringType>(type->getElementType())) {
    if (tensor.string_data_size() != type->getNumElements())
      return invalidModel("expected " + Twine(type->getNumElements()) + " strings, got " + Twine(tensor.string_data_size()));
    result.strings.assign(tensor.string_data().begin(), tensor.string_data().end());
    return result;
  }
  auto blob = getTensorBytes(tensor, *type, BlobMap());
  if (!blob)
    return blob.takeError();
  result.bytes.assign(blob->bytes.begin(), blob->bytes.end());
  return result;
}

static Expected<HostTensor> convertSequence(const proto::SequenceProto &sequence, MLIRContext *context);

/// A sequence's type does not tell the shapes of its elements, which may differ.
template <typename Elements, typename Convert>
static Expected<HostTensor> makeSequence(const Elements &messages, MLIRContext *context, Convert convert) {
  HostTensor sequence;
  Type elementType = AnyType::get(context);
  for (const auto &message : messages) {
    Expected<HostTensor> element = convert(message, context);
    if (!element)
      return element.takeError();
    elementType = element->type ? Type(UnrankedTensorType::get(element->type.getElementType())) : element->holderType;
    sequence.elements.push_back(std::move(*element));
  }
  sequence.holderType = SequenceType::get(context, elementType);
  return sequence;
}

static Expected<HostTensor> convertSequence(const proto::SequenceProto &sequence, MLIRContext *context) {
  if (sequence.elem_type() == proto::SequenceProto::SEQUENCE)
    return makeSequence(sequence.sequence_values(), context, convertSequence);
  if (sequence.elem_type() != proto::SequenceProto::TENSOR && sequence.elem_type() != proto::SequenceProto::UNDEFINED)
    return unsupported("expected a sequence of tensors");
  return makeSequence(sequence.tensor_values(), context, convertTensor);
}

static Expected<HostTensor> convertOptional(const proto::OptionalProto &optional, OptionalType type) {
  MLIRContext *context = type.getContext();
  HostTensor result;
  result.holderType = type;
  if (!optional.has_tensor_value() && !optional.has_sequence_value())
    return result;
  auto value = optional.has_tensor_value() ? convertTensor(optional.tensor_value(), context)
                                           : convertSequence(optional.sequence_value(), context);
  if (!value)
    return value.takeError();
  result.elements.push_back(std::move(*value));
  return result;
}

/// Maps a file and reads the message in it.
template <typename Message> static llvm::Error readMessage(StringRef path, StringRef what, Message &message) {
  auto buffer = mapFile(path);
  if (!buffer)
    return buffer.takeError();
  size_t size = (*buffer)->getBufferSize();
  if (size > std::numeric_limits<int32_t>::max() || !message.ParseFromArray((*buffer)->getBufferStart(), static_cast<int>(size)))
    return invalidModel("expected " + what);
  return llvm::Error::success();
}

static Expected<HostTensor> readDeclared(StringRef path, Type declared) {
  MLIRContext *context = declared.getContext();
  if (isa<SequenceType>(declared)) {
    proto::SequenceProto sequence;
    if (llvm::Error error = readMessage(path, "a sequence", sequence))
      return error;
    auto result = convertSequence(sequence, context);
    if (result && result->elements.empty()) // its declaration alone tells what it would hold
      result->holderType = declared;
    return result;
  }
  if (auto type = dyn_cast<OptionalType>(declared)) {
    proto::OptionalProto optional;
    if (llvm::Error error = readMessage(path, "an optional", optional))
      return error;
    return convertOptional(optional, type);
  }
  proto::TensorProto tensor;
  if (llvm::Error error = readMessage(path, "a tensor", tensor))
    return error;
  return convertTensor(tensor, context);
}

Expected<HostTensor> readValue(StringRef path, Type declared) {
  auto result = readDeclared(path, declared);
  if (!result)
    return addContext(result.takeError(), path + ": ");
  return result;
}

Expected<HostTensor> readTensor(StringRef path, MLIRContext *context) {
  context->loadDialect<OnnxDialect>(); // the element type of strings
  return readValue(path, AnyType::get(context));
}

} // namespace bn::onnx
