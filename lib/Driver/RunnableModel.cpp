// RunnableModel.cpp - what the verbs execute: a model in a file of any format, or a compiled library.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/RunnableModel.h"

#include "JitExecution.h"
#include "Signature.h"
#include "bn/Driver/ExitCode.h"
#include "bn/Driver/ModelFile.h"

using namespace mlir;
using llvm::Expected;

namespace bn::driver {

static Expected<RunnableModel> openLibrary(StringRef path, const ExecutionOptions &options, Session &session) {
  if (options.engine != EngineKind::Jit)
    return makeError(std::errc::invalid_argument, "a library is machine code: expected --engine=jit");
  Expected<std::unique_ptr<Library>> library = Library::open(path, options.threads);
  if (!library)
    return library.takeError();
  Expected<OwningOpRef<ModuleOp>> signature = parseSignature((*library)->getSignature(), session);
  if (!signature)
    return signature.takeError();
  func::FuncOp main = *(*signature)->getOps<func::FuncOp>().begin();
  return RunnableModel{std::move(*signature), main, std::move(*library)};
}

Expected<RunnableModel> loadRunnable(StringRef path, Initializers initializers, const ExecutionOptions &options, Session &session) {
  if (path.ends_with(".so"))
    return openLibrary(path, options, session);
  Expected<OwningOpRef<ModuleOp>> module = loadModel(path, session, initializers);
  if (!module)
    return module.takeError();
  Expected<func::FuncOp> main = getMainGraph(**module);
  if (!main)
    return main.takeError();
  return RunnableModel{std::move(*module), *main, nullptr};
}

Expected<std::unique_ptr<Execution>> prepare(RunnableModel &model, ArrayRef<BoundInput> inputs, const ExecutionOptions &options,
                                             Session &session) {
  if (model.library)
    return executeLibrary(std::move(model.library), model.main);
  return prepare(*model.module, inputs, options, session);
}

} // namespace bn::driver
