// Execution.h - a model made ready to run, by either engine.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_EXECUTION_H
#define BN_DRIVER_EXECUTION_H

#include "bn/Driver/Inputs.h"
#include "bn/Driver/Options.h"
#include "bn/Driver/Session.h"

namespace bn::driver {

/// A model that runs on inputs of the types it was prepared for.
class Execution {
public:
  virtual ~Execution() = default;
  virtual llvm::Expected<std::vector<HostTensor>> run(llvm::ArrayRef<HostTensor> inputs) = 0;
};

/// Makes a model ready. The JIT compiler rewrites `module`, which must live as long as the execution and is only to be asked for types and
/// names then: weights that it folded may be gone.
llvm::Expected<std::unique_ptr<Execution>> prepare(mlir::ModuleOp module, llvm::ArrayRef<BoundInput> inputs,
                                                   const ExecutionOptions &options, Session &session);

} // namespace bn::driver

#endif // BN_DRIVER_EXECUTION_H
