// Proto.h - ONNX's messages, and the two kinds of error that reading them has.
// SPDX-License-Identifier: Apache-2.0
//
// Inside the namespace bn::onnx, `proto::` means the ONNX library; plain names mean the dialect.

#ifndef BN_LIB_ONNX_PROTO_H
#define BN_LIB_ONNX_PROTO_H

#include "onnx/onnx_pb.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"

#include <memory>

namespace bn::onnx {

namespace proto = ::onnx;

/// Bytes that stay in the file they came from; `owner` keeps the file mapped.
struct Blob {
  llvm::ArrayRef<char> bytes;
  std::shared_ptr<const void> owner;
};

/// Large contents of tensors, kept out of the messages that describe the tensors.
using BlobMap = llvm::DenseMap<const proto::TensorProto *, Blob>;

/// Contents of this many bytes and more stay out of the messages.
inline constexpr size_t minBlobSize = 1024;

/// The file is not valid ONNX.
inline llvm::Error invalidModel(const llvm::Twine &message) {
  return llvm::createStringError(std::make_error_code(std::errc::bad_message), message);
}

/// The file is valid, but bn cannot express it.
inline llvm::Error unsupported(const llvm::Twine &message) {
  return llvm::createStringError(std::make_error_code(std::errc::not_supported), message);
}

/// Names in a damaged file may hold anything; a message stays one line.
inline std::string toOneLine(std::string text) {
  for (char &c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f')
      c = '?';
  return text;
}

/// From this IR version on an initializer need not be a graph input; one that is may be overridden.
constexpr int64_t inputsAreOptional = 4;

/// Puts `prefix` before the message of an error and keeps its code.
inline llvm::Error addContext(llvm::Error error, const llvm::Twine &prefix) {
  std::error_code code;
  std::string text;
  llvm::handleAllErrors(std::move(error), [&](const llvm::ErrorInfoBase &info) {
    code = info.convertToErrorCode();
    text = info.message();
  });
  return llvm::createStringError(code, prefix + toOneLine(std::move(text)));
}

/// The message as bytes; equal messages give equal bytes.
inline std::string serialize(const google::protobuf::MessageLite &message) { return message.SerializePartialAsString(); }

/// Reads a message that bn itself serialized into an attribute.
template <typename Message>
Message deserialize(llvm::StringRef bytes) {
  Message message;
  message.ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size()));
  return message;
}

} // namespace bn::onnx

#endif // BN_LIB_ONNX_PROTO_H
