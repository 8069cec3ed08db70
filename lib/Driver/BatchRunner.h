// BatchRunner.h - runs a graph on one batch after the other.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_BATCHRUNNER_H
#define BN_LIB_DRIVER_BATCHRUNNER_H

#include "bn/Driver/Calibrate.h"
#include "bn/Driver/Execution.h"

namespace bn::driver {

/// Runs a graph on batches. Compiled for the shapes of the last batch: most data has one shape.
class BatchRunner {
public:
  BatchRunner(mlir::ModuleOp module, const CalibrateOptions &options, Session &session)
      : module(module), options(options), session(session) {}

  llvm::Expected<std::vector<HostTensor>> run(llvm::ArrayRef<HostTensor> inputs);

private:
  mlir::ModuleOp module;
  const CalibrateOptions &options;
  Session &session;
  std::string shapes;
  mlir::OwningOpRef<mlir::ModuleOp> compiled;
  std::unique_ptr<Execution> execution;
};

} // namespace bn::driver

#endif // BN_LIB_DRIVER_BATCHRUNNER_H
