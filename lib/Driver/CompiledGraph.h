// CompiledGraph.h - a graph of static shapes as machine code, and its buffers.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_COMPILEDGRAPH_H
#define BN_LIB_DRIVER_COMPILEDGRAPH_H

#include "CodeCache.h"
#include "bn/Driver/Options.h"
#include "bn/Driver/Session.h"
#include "bn/IR/HostTensor.h"
#include "mlir/IR/OwningOpRef.h"

#include <functional>

namespace bn::driver {

class CompiledGraph {
public:
  /// Runs on the buffers of the inputs and of the outputs.
  using Code = std::function<llvm::Error(llvm::ArrayRef<const void *> inputs, llvm::ArrayRef<void *> outputs)>;

  CompiledGraph(Code code, llvm::SmallVector<mlir::RankedTensorType> outputTypes)
      : code(std::move(code)), outputTypes(std::move(outputTypes)) {}
  /// Compiles `module`, graph form with bound shapes. The code is kept in `place`, if there is one, or in the graph's own.
  static llvm::Expected<CompiledGraph> create(mlir::OwningOpRef<mlir::ModuleOp> module, const ExecutionOptions &options, Session &session,
                                              const CodeCache *place = nullptr);
  /// Loads what was compiled.
  static llvm::Expected<CompiledGraph> create(CompiledModel model, const ExecutionOptions &options, Session &session);

  llvm::Expected<std::vector<HostTensor>> run(llvm::ArrayRef<const HostTensor *> inputs);

private:
  Code code;
  llvm::SmallVector<mlir::RankedTensorType> outputTypes;
};

} // namespace bn::driver

#endif // BN_LIB_DRIVER_COMPILEDGRAPH_H
