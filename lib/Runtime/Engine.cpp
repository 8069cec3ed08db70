// Engine.cpp - compiled models in this process: machine code loaded and run.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Runtime/Engine.h"
#include "ModelSession.h"
#include "Weights.h"
#include "bn/IR/Kernel/ModuleAttributes.h"

#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/TargetSelect.h"

#include <system_error>

using namespace llvm;
using namespace bn;

struct Engine::State {
  std::unique_ptr<orc::LLJIT> jit;
  size_t inputs, outputs;
  std::vector<std::string> checks;
  std::unique_ptr<ModelSession> session;
};

Engine::Engine(std::unique_ptr<State> state) : state(std::move(state)) {}
Engine::~Engine() = default;

/// Loads the objects. They may call the worker pool and the C library.
static Expected<std::unique_ptr<orc::LLJIT>> load(std::vector<std::unique_ptr<MemoryBuffer>> objects) {
  InitializeNativeTarget();
  Expected<std::unique_ptr<orc::LLJIT>> jit = orc::LLJITBuilder().create();
  if (!jit)
    return jit.takeError();
  orc::JITDylib &code = (*jit)->getMainJITDylib();
  auto process = orc::DynamicLibrarySearchGenerator::GetForCurrentProcess((*jit)->getDataLayout().getGlobalPrefix());
  if (!process)
    return process.takeError();
  code.addGenerator(std::move(*process));
  orc::ExecutorSymbolDef parallelFor{orc::ExecutorAddr::fromPtr(&bn_parallel_for), JITSymbolFlags::Exported};
  Error errors = code.define(orc::absoluteSymbols({{(*jit)->mangleAndIntern(kernel::kParallelForName), parallelFor}}));
  for (std::unique_ptr<MemoryBuffer> &object : objects)
    errors = joinErrors(std::move(errors), (*jit)->addObjectFile(std::move(object)));
  if (errors)
    return errors;
  return jit;
}

static Error outOfMemory(size_t size) {
  return createStringError(std::errc::not_enough_memory, "cannot reserve %zu bytes", size);
}

Expected<std::unique_ptr<Engine>> Engine::create(CompiledModel model, const EngineOptions &options) {
  Memory weights = Memory::allocate(model.weightsSize), arena = Memory::allocate(model.arenaSize);
  if (!weights || !arena)
    return outOfMemory(model.weightsSize + model.arenaSize);
  if (Error error = fillWeights(model.weights, weights.data(), /*frees=*/true, model.file))
    return error;
  Expected<std::unique_ptr<orc::LLJIT>> jit = load(std::move(model.objects));
  if (!jit)
    return jit.takeError();
  Expected<orc::ExecutorAddr> entry = (*jit)->lookup(kernel::kEntryName);
  if (!entry)
    return entry.takeError();
  auto session = std::make_unique<ModelSession>(entry->toPtr<ModelSession::Entry>(), model.inputs, model.outputs, !model.checks.empty(),
                                                std::move(weights), std::move(arena), options.threads);
  auto state = std::make_unique<State>(State{std::move(*jit), model.inputs, model.outputs, std::move(model.checks), std::move(session)});
  return std::unique_ptr<Engine>(new Engine(std::move(state)));
}

Expected<std::unique_ptr<Engine>> Engine::create(mlir::ModuleOp llvmForm, const EngineOptions &options) {
  Expected<CompiledModel> model = compileModel(llvmForm, options.threads);
  if (!model)
    return model.takeError();
  return create(std::move(*model), options);
}

Error Engine::run(ArrayRef<const void *> inputs, ArrayRef<void *> outputs, std::vector<LaunchTime> *times) {
  if (inputs.size() != state->inputs || outputs.size() != state->outputs)
    return createStringError(std::errc::invalid_argument, "expected %zu inputs and %zu outputs, got %zu and %zu", state->inputs,
                             state->outputs, inputs.size(), outputs.size());
  if (int64_t failed = state->session->run(inputs.data(), outputs.data(), times))
    return createStringError(std::make_error_code(std::errc::invalid_argument), state->checks[failed - 1]);
  return Error::success();
}
