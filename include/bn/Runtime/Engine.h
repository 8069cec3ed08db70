// Engine.h - compiled models in this process: machine code loaded and run.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_RUNTIME_ENGINE_H
#define BN_RUNTIME_ENGINE_H

#include "bn/Runtime/CompiledModel.h"
#include "bn/Runtime/LaunchTime.h"

namespace bn {

struct EngineOptions {
  unsigned threads = 0; ///< worker threads, the caller included; 0 = one per core
};

/// A loaded model of static shapes. Calls from several threads run one after the other; two engines run side by side.
class Engine {
public:
  /// Loads a compiled model. The weights that were packed for it are in the engine from then on, and nowhere else.
  static llvm::Expected<std::unique_ptr<Engine>> create(CompiledModel model, const EngineOptions &options);

  /// Compiles a module in llvm form and loads it.
  static llvm::Expected<std::unique_ptr<Engine>> create(mlir::ModuleOp llvmForm, const EngineOptions &options);
  ~Engine();

  /// Runs the model. Buffers are row-major in the types of the model's signature, in order; `outputs` are the caller's.
  /// `times` takes the launches, unless it is null. A call takes up to 1 MiB of the caller's stack.
  llvm::Error run(llvm::ArrayRef<const void *> inputs, llvm::ArrayRef<void *> outputs, std::vector<LaunchTime> *times = nullptr);

private:
  struct State;
  explicit Engine(std::unique_ptr<State> state);
  std::unique_ptr<State> state;
};

} // namespace bn

#endif // BN_RUNTIME_ENGINE_H
