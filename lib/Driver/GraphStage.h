// GraphStage.h - one stage of a staged graph: what can be run from the values that are there.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_GRAPHSTAGE_H
#define BN_LIB_DRIVER_GRAPHSTAGE_H

#include "CompiledGraph.h"
#include "GraphParts.h"
#include "StagedGraph.h"
#include "bn/Reference/Tensor.h"

namespace bn::driver {

/// A node that the host runs, and its subgraphs as graphs of their own.
struct HostedNode {
  mlir::Operation *op;
  llvm::SmallVector<mlir::Value> captures;
  std::vector<std::unique_ptr<StagedGraph>> bodies; ///< one per region
  std::vector<HostTensor> constants;                ///< by operand, of a node that works on stored values
  std::vector<HostTensor> results = {};             ///< of a node of constants alone, once it has run

  /// Whether every run gives the same.
  bool isConstant() const;
};

/// The values of one run of a stage by slot: the inputs, which belong to the caller, then what the stage computes.
struct RunValues {
  llvm::SmallVector<const HostTensor *> inputs;
  std::vector<HostTensor> computed;

  const HostTensor &operator[](unsigned slot) const { return slot < inputs.size() ? *inputs[slot] : computed[slot - inputs.size()]; }
  /// The value for a new owner; a computed one is moved there.
  HostTensor take(unsigned slot) {
    if (slot < inputs.size())
      return *inputs[slot];
    return std::move(computed[slot - inputs.size()]);
  }
};

/// One cut of a graph with bound shapes.
class Stage {
public:
  /// Cuts the graph and compiles its segment; `inputs` are those of the staged graph that it still takes.
  static llvm::Expected<std::unique_ptr<Stage>> create(mlir::OwningOpRef<mlir::ModuleOp> graph, llvm::SmallVector<unsigned> inputs,
                                                       const ExecutionOptions &options, Session &session);
  /// Runs on the inputs of the staged graph, of which the stage takes what it has no constants for.
  llvm::Expected<std::vector<HostTensor>> run(llvm::ArrayRef<HostTensor> inputs);

private:
  explicit Stage(Session &session) : session(session) {}
  llvm::Error runSegment(RunValues &values);
  llvm::Error runHosted(HostedNode &node, RunValues &values);
  /// Runs the node on stored values; false where it cannot.
  bool runStored(HostedNode &node, RunValues &values);
  llvm::Error interpret(HostedNode &node, RunValues &values);
  mlir::FailureOr<std::vector<reference::Tensor>> runBody(HostedNode &node, mlir::Region &body, llvm::ArrayRef<reference::Tensor> arguments,
                                                          const RunValues &values);
  /// The value in a slot or of a constant; nothing for an absent one.
  std::optional<reference::Tensor> read(mlir::Value value, const RunValues &values) const;

  Session &session;
  mlir::OwningOpRef<mlir::ModuleOp> graph; ///< what the hosted nodes are part of
  llvm::SmallVector<unsigned> inputs;
  GraphParts parts;
  std::optional<CompiledGraph> segment;
  llvm::SmallVector<HostedNode, 0> hosted;
  llvm::DenseMap<mlir::Value, HostTensor> constants; ///< those that are outputs
  std::unique_ptr<StagedGraph> rest;
  /// What went wrong inside of a body, until the node that runs it has failed.
  llvm::Error bodyError = llvm::Error::success();

public:
  ~Stage() { llvm::consumeError(std::move(bodyError)); }
};

} // namespace bn::driver

#endif // BN_LIB_DRIVER_GRAPHSTAGE_H
