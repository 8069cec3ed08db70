// Engine.cpp - compiled models in this process: the llvm form of a module, made machine code and run.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Runtime/Engine.h"
#include "JitCompiler.h"
#include "Memory.h"
#include "Weights.h"
#include "WorkerPool.h"
#include "bn/IR/Kernel/ModuleAttributes.h"

#include <system_error>

using namespace mlir;
using namespace bn;

struct Engine::State {
  std::unique_ptr<llvm::orc::LLJIT> jit;
  void (*entry)(void **) = nullptr;
  Memory weights, arena;
  std::unique_ptr<WorkerPool> pool;
  size_t inputs = 0, outputs = 0;
  std::vector<void *> arguments; ///< inputs and outputs, then what stays: weights, arena, pool
};

Engine::Engine(std::unique_ptr<State> state) : state(std::move(state)) {}
Engine::~Engine() = default;

/// What the code calls to share a loop; the pool is an argument of the model.
static void parallelFor(void *pool, WorkerPool::Task task, void *context, int64_t chunks) {
  static_cast<WorkerPool *>(pool)->parallelFor(task, context, chunks);
}

static llvm::Expected<int64_t> readNumber(ModuleOp module, StringRef name) {
  if (auto value = module->getAttrOfType<IntegerAttr>(name))
    return value.getInt();
  return llvm::createStringError(std::errc::invalid_argument, "expected a module in llvm form with the attribute '%s'", name.data());
}

llvm::Expected<std::unique_ptr<Engine>> Engine::create(ModuleOp module, const EngineOptions &options) {
  auto state = std::make_unique<State>();
  for (auto [count, name] : {std::pair(&state->inputs, kernel::kInputsAttr), std::pair(&state->outputs, kernel::kOutputsAttr)}) {
    llvm::Expected<int64_t> number = readNumber(module, name);
    if (!number)
      return number.takeError();
    *count = *number;
  }
  for (auto [memory, name] : {std::pair(&state->weights, kernel::kWeightsSizeAttr), std::pair(&state->arena, kernel::kArenaSizeAttr)}) {
    llvm::Expected<int64_t> size = readNumber(module, name);
    if (!size)
      return size.takeError();
    llvm::Expected<Memory> allocated = Memory::allocate(*size);
    if (!allocated)
      return allocated.takeError();
    *memory = std::move(*allocated);
  }
  if (auto table = module->getAttrOfType<ArrayAttr>(kernel::kWeightsAttr))
    if (llvm::Error error = fillWeights(table, state->weights.data()))
      return error;
  unsigned threads = options.threads ? options.threads : std::thread::hardware_concurrency();
  llvm::Expected<std::unique_ptr<llvm::orc::LLJIT>> jit =
      compileModule(module, {{kernel::kParallelForName, reinterpret_cast<void *>(&parallelFor)}}, threads);
  if (!jit)
    return jit.takeError();
  state->jit = std::move(*jit);
  llvm::Expected<llvm::orc::ExecutorAddr> entry = state->jit->lookup(kernel::kEntryName);
  if (!entry)
    return entry.takeError();
  state->entry = entry->toPtr<void (*)(void **)>();
  state->pool = std::make_unique<WorkerPool>(threads);
  state->arguments.resize(state->inputs + state->outputs);
  state->arguments.insert(state->arguments.end(), {state->weights.data(), state->arena.data(), state->pool.get()});
  return std::unique_ptr<Engine>(new Engine(std::move(state)));
}

llvm::Error Engine::run(llvm::ArrayRef<const void *> inputs, llvm::ArrayRef<void *> outputs) {
  if (inputs.size() != state->inputs || outputs.size() != state->outputs)
    return llvm::createStringError(std::errc::invalid_argument, "expected %zu inputs and %zu outputs, got %zu and %zu", state->inputs,
                                   state->outputs, inputs.size(), outputs.size());
  for (auto [i, input] : llvm::enumerate(inputs))
    state->arguments[i] = const_cast<void *>(input); // the code only reads them
  llvm::copy(outputs, state->arguments.begin() + state->inputs);
  state->entry(state->arguments.data());
  return llvm::Error::success();
}
