// CodeWriter.cpp - compiled code on its way to a file of the cache.
// SPDX-License-Identifier: Apache-2.0

#include "CodeWriter.h"

#include "bn/IR/ElementMemory.h"
#include "bn/IR/Kernel/Kernel.h"
#include "llvm/Support/CachePruning.h"

using namespace mlir;
using llvm::Error;

namespace bn::driver {

CodeWriter::~CodeWriter() {
  if (file)
    llvm::consumeError(file->discard());
}

/// Opens the file, unless it is open.
Error CodeWriter::create() {
  if (file)
    return Error::success();
  if (std::error_code code = llvm::sys::fs::create_directories(folder))
    return llvm::errorCodeToError(code);
  llvm::Expected<llvm::sys::fs::TempFile> created = llvm::sys::fs::TempFile::create(path + ".tmp-%%%%%%");
  if (!created)
    return created.takeError();
  file = std::move(*created);
  return Error::success();
}

void CodeWriter::moveWeights(ModuleOp kernelForm) {
  if (Error error = create())
    return llvm::consumeError(std::move(error)); // they stay in memory, and store() will say why
  kernelForm.walk([&](kernel::ConstantOp weights) {
    ElementsAttr value = weights.getValue();
    if (places.contains(value))
      return;
    uint64_t place = end;
    end = moveElementsToFile(value, file->FD, place);
    if (end != place)
      places[value] = place;
  });
}

Error CodeWriter::writeCode(const CompiledModel &model, Session &session) {
  if (Error error = create())
    return error;
  llvm::raw_fd_ostream os(file->FD, /*shouldClose=*/false);
  os.seek(end);
  writeCompiledModel(model, places, session.getContext(), os);
  os.flush();
  std::error_code failure = os.error();
  os.clear_error(); // a stream that dies with an error aborts the program
  return failure ? llvm::errorCodeToError(failure) : file->keep(path);
}

void CodeWriter::store(const CompiledModel &model, Session &session) {
  constexpr uint64_t maxBytes = uint64_t(2) << 30;
  if (Error error = writeCode(model, session))
    return void(emitWarning(UnknownLoc::get(session.getContext())) << "compiled code is not kept: " << llvm::toString(std::move(error)));
  file.reset();
  llvm::CachePruningPolicy policy;
  policy.MaxSizeBytes = maxBytes;
  llvm::pruneCache(folder, policy);
}

} // namespace bn::driver
