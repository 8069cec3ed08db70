// ModelFile.h - a model file as a message, its weights left where they are.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_ONNX_MODELFILE_H
#define BN_LIB_ONNX_MODELFILE_H

#include "Proto.h"

#include <vector>

namespace llvm {
class MemoryBuffer;
} // namespace llvm

namespace bn::onnx {

/// A model as read: `blobs` holds the large contents that `model` leaves out, some of them in `mapped` files.
struct ModelFile {
  proto::ModelProto model;
  BlobMap blobs;
  std::vector<std::shared_ptr<llvm::MemoryBuffer>> mapped;
};

/// Maps a file that is to be read as a whole. Errors: the system's.
llvm::Expected<std::shared_ptr<llvm::MemoryBuffer>> mapFile(llvm::StringRef path);

/// Notes with the model that contents of it lie in the buffer, if that is a mapped file.
void noteMapped(const std::shared_ptr<llvm::MemoryBuffer> &buffer, ModelFile &file);

/// Reads a `.onnx` or, by its ending, a `.onnxtxt` file.
llvm::Expected<std::unique_ptr<ModelFile>> readModelFile(llvm::StringRef path);

/// Reads the binary form from bytes that `owner` keeps alive.
llvm::Error parseModel(llvm::ArrayRef<char> bytes, const std::shared_ptr<const void> &owner, ModelFile &file);

/// Reads ONNX's text form.
llvm::Error parseTextModel(llvm::StringRef text, ModelFile &file);

/// Writes the binary form, contents of `blobs` in their places. Takes the model apart while doing so. Errors:
/// `std::errc::not_supported` where the model is larger than protobuf allows, or the system's.
llvm::Error writeModelFile(ModelFile &file, llvm::StringRef path);

} // namespace bn::onnx

#endif // BN_LIB_ONNX_MODELFILE_H
