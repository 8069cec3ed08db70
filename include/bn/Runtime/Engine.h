// Engine.h - compiled models in this process: the llvm form of a module, made machine code and run.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_RUNTIME_ENGINE_H
#define BN_RUNTIME_ENGINE_H

#include "bn/IR/HostTensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

#include <memory>

namespace bn {

struct EngineOptions {
  unsigned threads = 0; ///< worker threads, the caller included; 0 = one per core
};

/// A compiled model of static shapes. Not safe for two calls at once.
class Engine {
public:
  /// Compiles a module in llvm form (see Pipelines.h); weights are taken from the module.
  static llvm::Expected<std::unique_ptr<Engine>> create(mlir::ModuleOp llvmForm, const EngineOptions &options);
  ~Engine();

  /// Runs the model. Buffers are row-major in the types of the model's signature, in order; `outputs` are the caller's.
  llvm::Error run(llvm::ArrayRef<const void *> inputs, llvm::ArrayRef<void *> outputs);

private:
  struct State;
  explicit Engine(std::unique_ptr<State> state);
  std::unique_ptr<State> state;
};

} // namespace bn

#endif // BN_RUNTIME_ENGINE_H
