// Execution.cpp - chooses the engine.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/Execution.h"

#include "JitExecution.h"
#include "ReferenceExecution.h"

using namespace mlir;

namespace bn::driver {

llvm::Expected<std::unique_ptr<Execution>> prepare(ModuleOp module, ArrayRef<BoundInput> inputs, const ExecutionOptions &options,
                                                   Session &session) {
  if (options.engine == EngineKind::Reference)
    return prepareReference(module, session);
  return prepareJit(module, inputs, options, session);
}

} // namespace bn::driver
