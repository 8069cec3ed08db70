// ExternalData.h - contents of tensors in files beside the model.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_ONNX_EXTERNALDATA_H
#define BN_LIB_ONNX_EXTERNALDATA_H

#include "ModelFile.h"

namespace bn::onnx {

/// Maps the files that tensors of the model name, and adds their contents to its blobs. `path` is the model's. Errors: a
/// place outside the model's folder or past the end of its file, or the system's.
llvm::Error readExternalData(ModelFile &file, llvm::StringRef path);

/// Writes the contents that tensors keep in other files and takes them out of the blobs. With `moveAll`, all blobs go to
/// `<path>.data`; otherwise what was external stays where its tensor says. A file that already has these contents is left
/// alone; one that has others is never overwritten: its tensors move into the model.
llvm::Error writeExternalData(ModelFile &file, llvm::StringRef path, bool moveAll);

} // namespace bn::onnx

#endif // BN_LIB_ONNX_EXTERNALDATA_H
