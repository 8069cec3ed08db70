// BatchFolder.cpp - reads a folder of inputs, a batch at a time.
// SPDX-License-Identifier: Apache-2.0

#include "BatchFolder.h"

#include "bn/Driver/ExitCode.h"
#include "bn/Driver/Inputs.h"
#include "bn/Driver/Npy.h"
#include "bn/Driver/TensorSpec.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::driver {

Expected<BatchFolder> BatchFolder::open(StringRef directory, func::FuncOp main, int64_t batch) {
  BatchFolder folder;
  folder.inputs = getInputNames(main);
  folder.types.assign(main.getArgumentTypes().begin(), main.getArgumentTypes().end());
  folder.batch = batch;
  folder.context = main.getContext();
  std::error_code failure;
  for (llvm::sys::fs::directory_iterator entry(directory, failure), end; !failure && entry != end; entry.increment(failure))
    if (StringRef ending = llvm::sys::path::extension(entry->path()); ending == ".npy" || ending == ".npz" || ending == ".pb")
      folder.files.push_back(entry->path());
  if (failure)
    return makeFileError("read", directory, failure);
  if (folder.files.empty())
    return makeError(std::errc::invalid_argument, "'" + directory + "' has no .npy, .npz or .pb file");
  llvm::sort(folder.files); // the order in which a file system lists them is its own
  return folder;
}

Expected<std::vector<HostTensor>> BatchFolder::readFile(StringRef path) const {
  bool isArchive = path.ends_with(".npz");
  if (!isArchive && inputs.size() != 1)
    return makeError(std::errc::invalid_argument,
                     "'" + path + "' holds one tensor, but the model has " + Twine(inputs.size()) + " inputs: expected .npz files");
  std::vector<HostTensor> tensors;
  for (auto [name, type] : llvm::zip_equal(inputs, types)) {
    Expected<HostTensor> tensor = isArchive ? readNpz(path, name, context) : readTensorSpec(("@" + path).str(), context);
    if (!tensor)
      return tensor.takeError();
    auto declared = dyn_cast<TensorType>(type);
    tensors.push_back(declared ? adaptElementType(std::move(*tensor), declared.getElementType()) : std::move(*tensor));
  }
  return tensors;
}

/// Samples `begin` to `end` of a tensor: its first axis is the slowest.
static HostTensor slice(const HostTensor &tensor, int64_t begin, int64_t end) {
  SmallVector<int64_t> shape(tensor.type.getShape());
  size_t sample = tensor.bytes.size() / shape[0];
  shape[0] = end - begin;
  HostTensor part{tensor.type.clone(shape), {}, {}};
  part.bytes.assign(tensor.bytes.begin() + begin * sample, tensor.bytes.begin() + end * sample);
  return part;
}

Error BatchFolder::visitParts(ArrayRef<HostTensor> tensors, llvm::function_ref<Error(ArrayRef<HostTensor>)> visit) const {
  auto countSamples = [](const HostTensor &tensor) { return tensor.type.getRank() ? tensor.type.getDimSize(0) : 0; };
  int64_t samples = tensors.empty() ? 0 : countSamples(tensors[0]);
  bool divides = llvm::all_of(tensors, [&](const HostTensor &tensor) { return countSamples(tensor) == samples && tensor.strings.empty(); });
  if (batch == 0 || samples <= batch || !divides)
    return visit(tensors);
  for (int64_t begin = 0; begin < samples; begin += batch) {
    std::vector<HostTensor> part;
    for (const HostTensor &tensor : tensors)
      part.push_back(slice(tensor, begin, std::min(begin + batch, samples)));
    if (Error error = visit(part))
      return error;
  }
  return Error::success();
}

Error BatchFolder::forEachBatch(llvm::function_ref<Error(ArrayRef<HostTensor>, size_t)> visit) const {
  for (auto [i, path] : llvm::enumerate(files)) {
    Expected<std::vector<HostTensor>> tensors = readFile(path);
    if (!tensors)
      return tensors.takeError();
    if (Error error = visitParts(*tensors, [&, i = i](ArrayRef<HostTensor> part) { return visit(part, i); }))
      return addContext(std::move(error), "'" + path + "'");
  }
  return Error::success();
}

} // namespace bn::driver
