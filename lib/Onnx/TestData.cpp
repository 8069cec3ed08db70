// TestData.cpp - tensors in ONNX's own format: TensorProto files and folders of test data.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Onnx/TestData.h"

#include "ModelFile.h"
#include "TensorConversion.h"

#include "bn/IR/Onnx/Onnx.h"

#include "llvm/Support/MemoryBuffer.h"

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

Expected<HostTensor> readTensor(StringRef path, MLIRContext *context) {
  context->loadDialect<OnnxDialect>(); // the element type of strings
  auto buffer = mapFile(path);
  if (!buffer)
    return addContext(buffer.takeError(), path + ": ");
  proto::TensorProto tensor;
  size_t size = (*buffer)->getBufferSize();
  if (size > std::numeric_limits<int32_t>::max() || !tensor.ParseFromArray((*buffer)->getBufferStart(), static_cast<int>(size)))
    return invalidModel(path + ": expected a tensor");
  auto result = convertTensor(tensor, context);
  if (!result)
    return addContext(result.takeError(), path + ": ");
  return result;
}

} // namespace bn::onnx
