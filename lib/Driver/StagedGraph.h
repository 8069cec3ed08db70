// StagedGraph.h - runs any graph: compiles what can be compiled, as soon as the values are there that it depends on.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_STAGEDGRAPH_H
#define BN_LIB_DRIVER_STAGEDGRAPH_H

#include "bn/Driver/Options.h"
#include "bn/Driver/Session.h"
#include "bn/IR/HostTensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/IR/TypeRange.h"
#include "llvm/ADT/StringMap.h"

namespace bn::driver {

class Stage;

/// The inputs of a graph whose values decide shapes.
llvm::SmallVector<unsigned> getParameters(mlir::func::FuncOp main);

/// A graph in graph form, shapes open. For every set of input types and of values that decide shapes there is a first
/// stage, made when it is needed and kept.
class StagedGraph {
public:
  StagedGraph(mlir::OwningOpRef<mlir::ModuleOp> graph, const ExecutionOptions &options, Session &session);
  ~StagedGraph();

  /// Compiles for inputs of these types, as far as that can be done without their values.
  llvm::Error prepare(mlir::TypeRange types);
  llvm::Expected<std::vector<HostTensor>> run(llvm::ArrayRef<HostTensor> inputs);

private:
  llvm::Expected<Stage *> getStage(mlir::TypeRange types, llvm::ArrayRef<HostTensor> inputs);

  mlir::OwningOpRef<mlir::ModuleOp> graph;
  llvm::SmallVector<unsigned> parameters; ///< built in as constants
  ExecutionOptions options;
  Session &session;
  llvm::StringMap<std::unique_ptr<Stage>> stages; ///< by types and parameters
};

} // namespace bn::driver

#endif // BN_LIB_DRIVER_STAGEDGRAPH_H
