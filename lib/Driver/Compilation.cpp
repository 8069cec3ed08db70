// Compilation.cpp - a model made machine code for inputs of fixed types.
// SPDX-License-Identifier: Apache-2.0

#include "Compilation.h"

#include "IdleMemory.h"
#include "Stages.h"
#include "bn/Driver/Elements.h"
#include "bn/Driver/ExitCode.h"
#include "llvm/Support/ThreadPool.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::driver {

/// The types of the outputs while the module is in graph form. The code has a buffer for each, so all must be static.
static Expected<SmallVector<RankedTensorType>> getOutputTypes(ModuleOp module) {
  Expected<func::FuncOp> main = getMainGraph(module);
  if (!main)
    return main.takeError();
  SmallVector<RankedTensorType> types;
  for (auto [type, name] : llvm::zip(main->getResultTypes(), getOutputNames(*main))) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || !tensor.hasStaticShape())
      return makeError(std::errc::not_supported,
                       "output '" + name + "' is " + formatType(type) + ": expected a tensor of a shape that does not depend on data");
    types.push_back(tensor);
  }
  return types;
}

namespace {
/// Threads for a context that has none, as long as this lives: in loop form there are many functions, which keep them all busy.
class ContextThreads {
public:
  ContextThreads(MLIRContext *context, unsigned threads) : context(context), pool(llvm::hardware_concurrency(threads)) {
    context->setThreadPool(pool);
  }
  ~ContextThreads() { context->disableMultithreading(); }

private:
  MLIRContext *context;
  llvm::DefaultThreadPool pool;
};
} // namespace

/// Graph form with bound shapes => machine code. Large weights leave memory as soon as they are packed, if there is a `writer`.
static Expected<CompiledModel> compile(ModuleOp module, const ExecutionOptions &options, Session &session, CodeWriter *writer) {
  returnIdleMemory();
  if (Error error = lowerToKernel(module, options, session))
    return error;
  if (writer)
    writer->moveWeights(module);
  std::optional<ContextThreads> threads;
  if (options.threads != 1)
    threads.emplace(session.getContext(), options.threads);
  if (Error error = generateCode(module, options, session))
    return error;
  returnIdleMemory();
  Expected<CompiledModel> model = compileModel(module, options.threads, options.processor);
  returnIdleMemory();
  return model;
}

Expected<CompiledModel> compileGraph(ModuleOp module, const ExecutionOptions &options, Session &session, const CodeCache *place) {
  Expected<SmallVector<RankedTensorType>> outputTypes = getOutputTypes(module);
  if (!outputTypes)
    return outputTypes.takeError();
  std::optional<CodeCache> own;
  if (!place && (own = CodeCache::find(module, {}, options))) {
    if (std::optional<CompiledModel> kept = own->load(session))
      return std::move(*kept);
    place = &*own;
  }
  std::optional<CodeWriter> writer;
  if (place)
    writer.emplace(place->write());
  Expected<CompiledModel> model = compile(module, options, session, writer ? &*writer : nullptr);
  if (!model)
    return model.takeError();
  model->outputTypes = std::move(*outputTypes);
  if (writer)
    writer->store(*model, session);
  return model;
}

Expected<CompiledModel> compileGraph(ModuleOp module, ArrayRef<BoundInput> inputs, const ExecutionOptions &options, Session &session) {
  if (Error error = optimizeGraph(module, {}, session))
    return error;
  if (Error error = bindShapes(module, inputs, session))
    return error;
  return compileGraph(module, options, session);
}

} // namespace bn::driver
